"""Which events a log is scored from: its own, and those of the logs that it goes on from. Knows no Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ml.logs.features.duck import write_literal
from ml.logs.features.logs import SQL_TYPES, open_log, quote

CONTAINS, CONTINUES, NEITHER = "contains", "continues", "neither"
# Shops correct late what they sold; below this share of rows found again, it is another log.
SAME_FROM = 0.9
# By these a row of one log is found again in another.
IDENTITY = "customer_id, event_at, amount, event_type"


class NothingNewer(ValueError):
    """The later log ends no later than the one before; the message says so to whoever sent it."""


@dataclass(frozen=True)
class Overlap:
    """How a log stands to what was known before it, by counts.

    Parameters
    ----------
    relation
        It contains what was known, continues it, or neither.
    rows_before, customers_before
        What was known.
    rows_in_span, rows_found
        Rows of before that lie in the days of the log, and how many of them it has as well.
    customers_found
        Customers of before who are in the log.
    days_missing
        Whole days between the end of what was known and the beginning of the log.
    """

    relation: str
    rows_before: int
    customers_before: int
    rows_in_span: int
    rows_found: int
    customers_found: int
    days_missing: int

    def to_dict(self) -> dict:
        return vars(self) | {}


def compare_logs(events: Path, earlier: Sequence[Path], *, folder: Path, memory_limit: str) -> Overlap:
    """Tell how the log `events` stands to `earlier`, the logs of the result before, the oldest first.

    Raises
    ------
    NothingNewer
        It ends no later than they do.
    """
    with connect(folder, memory_limit) as connection:
        connection.execute(f"CREATE VIEW later AS SELECT {IDENTITY} FROM ({open_log(events).select()})")
        connection.execute(f"CREATE VIEW known AS {union_of(earlier, IDENTITY, connection)}")
        begins, ends = _span(connection, "later")
        known_from, known_to = _span(connection, "known")
        if ends <= known_to:
            raise NothingNewer(
                f"The log ends on {ends:%Y-%m-%d}, and the one before on {known_to:%Y-%m-%d}: it has nothing "
                "newer. Send an export that was made later."
            )
        rows, customers = _ask(connection, "SELECT count(*), count(DISTINCT customer_id) FROM known")
        there = f"SELECT * FROM known WHERE event_at >= {write_literal(begins)}"
        (in_span,) = _ask(connection, f"SELECT count(*) FROM ({there})")
        (found,) = _ask(connection, f"SELECT count(*) FROM ({there} INTERSECT ALL SELECT * FROM later)")
        again = "SELECT customer_id FROM later INTERSECT SELECT customer_id FROM known"
        (known_again,) = _ask(connection, f"SELECT count(*) FROM ({again})")
    missing = max(timedelta(0), begins.replace(hour=0, minute=0, second=0, microsecond=0) - known_to).days
    return Overlap(
        relation=_relation(begins, known_from, in_span, found, known_again),
        rows_before=rows,
        customers_before=customers,
        rows_in_span=in_span,
        rows_found=found,
        customers_found=known_again,
        days_missing=missing,
    )


def _relation(begins, known_from, in_span, found, customers_found):
    is_same = found >= SAME_FROM * in_span if in_span else customers_found > 0
    if not is_same:
        return NEITHER
    return CONTAINS if begins <= known_from else CONTINUES


def write_joined(
    target: Path,
    *,
    logs: Sequence[Path],
    columns: Sequence[str],
    has_time: bool,
    folder: Path,
    memory_limit: str,
) -> None:
    """Write the events of `logs`, the oldest first, in the columns that a model learned from.

    Each log counts up to where the next one begins: days that two of them have are taken from the later.
    Learned columns alone, so that features are computed as for one customer whose purchases are sent.
    """
    metadata = f"KV_METADATA {{has_time: '{str(has_time).lower()}'}}"
    with connect(folder, memory_limit) as connection:
        source = union_of(logs, ", ".join(columns), connection)
        connection.execute(
            f"COPY ({source}) TO {quote(target)} (FORMAT parquet, COMPRESSION lz4, {metadata})"
        )


def missing_columns(logs: Sequence[Path], columns: Sequence[str]) -> list[str]:
    """Return which of the learned `columns` a log lacks, so that its features would be made of nothing."""
    there = set(SQL_TYPES).intersection(*(open_log(path).columns for path in logs))
    return [name for name in columns if name not in there and name != "label"]


def union_of(logs: Sequence[Path], cells: str, connection) -> str:
    """Return the SQL of all events of `logs`, each up to where a later one begins."""
    starts = [_span(connection, f"({open_log(path).select()})")[0] for path in logs]
    parts = []
    for place, path in enumerate(logs):
        until = min(starts[place + 1 :], default=None)
        before = f" WHERE event_at < {write_literal(until)}" if until else ""
        log = open_log(path)
        source = log.select()
        if "label" not in log.columns:
            # It is no part of what is computed; a later export may lack it.
            source = f"SELECT *, NULL::TINYINT AS label FROM ({source})"
        parts.append(f"SELECT {cells} FROM ({source}){before}")
    return " UNION ALL ".join(parts)


def connect(folder: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """Return a connection that spills into `folder` rather than go over its memory."""
    return duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
    )


def _span(connection, source) -> tuple[datetime, datetime]:
    """Return the first instant of events and midnight after the last."""
    first, last = _ask(connection, f"SELECT min(event_at), max(event_at) FROM {source}")
    return first, datetime(last.year, last.month, last.day) + timedelta(days=1)


def _ask(connection, sql) -> tuple:
    [row] = connection.execute(sql).fetchall()
    return row
