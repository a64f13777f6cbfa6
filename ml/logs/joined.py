"""Several logs of the same customers as one, and one log as a model learned to read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ml.logs.features.duck import write_literal
from ml.logs.features.logs import SQL_TYPES, open_log, quote


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

    Parameters
    ----------
    target : Path
        The Parquet file to write.
    logs : sequence of Path
        Canonical events.
    columns : sequence of str
        Canonical columns; see `missing_columns`.
    has_time : bool
        Whether the model learned from instants with times of day.
    folder : Path
        Takes what does not fit into memory.
    memory_limit : str
        Such as ``"1GB"``.
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
    starts = [span_of(connection, f"({open_log(path).select()})")[0] for path in logs]
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


def span_of(connection, source: str) -> tuple[datetime, datetime]:
    """Return the first instant of events and midnight after the last."""
    [(first, last)] = connection.execute(f"SELECT min(event_at), max(event_at) FROM {source}").fetchall()
    return first, datetime(last.year, last.month, last.day) + timedelta(days=1)
