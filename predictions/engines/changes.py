"""What changed between two results of the same customers, and what became of those named last time.

Files in, plain JSON and a CSV out; runs in a child, without Django.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv

from ml.logs.features.duck import write_literal
from ml.logs.features.logs import quote
from predictions.engines.kinds import BOUGHT, CALMER, CHANGES, NEW, SILENT, STILL
from predictions.engines.results import CHANGE, CUSTOMER, PLACE, PROBABILITY, draft_of, publish
from tabular.snapshots.write import fixed_decimals
from tabular.source.danger import harmless_array

CHANCES = ("probability_before", "probability_now")
COLUMNS = ("customer_id", "change", *CHANCES)


def compare_results(
    previous: dict,
    *,
    table: str | Path,
    threshold: float,
    events: str | Path,
    as_of: datetime,
    missing: Sequence[date] = (),
    lists_before: Sequence[dict] = (),
    target: Path,
    connection: duckdb.DuckDBPyConnection,
) -> dict:
    """Compare two tables by customer, write who is named in either of them, and mark the later table.

    Parameters
    ----------
    previous
        Of the result before: ``table``, ``as_of`` (ISO), ``threshold``, ``definition`` (with ``horizon_days``
        and ``gap_days``; None where leaving is not defined by silence), ``knew_until`` (up to when its model
        had learned what happened, where that is later than its ``as_of``), ``promised`` (how many of those
        named were expected to leave; None where nobody added that up), ``model`` and ``by`` (which version
        made it, and its name).
    table, threshold
        Of the later result; the table gets a column that says what became of each of its customers.
    events
        What the later result was made from: it tells who bought in between.
    as_of
        Of the later result.
    missing
        Days that no log has: what was bought on them nobody knows.
    lists_before
        The results that the one before goes on from, like `previous`, the latest first.

    Returns
    -------
    dict
        ``kinds`` (customers by kind), ``scored`` (how many of them are in the later table), ``named_before``,
        ``named_now``, ``first_seen`` (of the new: who was not scored last time), ``since``, ``knew_until``
        and ``model`` of the result before, and ``outcome`` (see `_outcome`); ``finished``, the same of each
        list before that whose time is over, with ``as_of``, ``model`` and ``by``.
    """
    before = datetime.fromisoformat(previous["as_of"])
    with connection:
        connection.execute(_pairs(previous, table, threshold))
        bought = f"event_at >= {write_literal(before)} AND event_at < {write_literal(as_of)}"
        connection.execute(f"CREATE TEMP VIEW buyers AS {_who_bought(events, bought)}")
        connection.execute(f"CREATE TEMP TABLE changes AS {_changes()}")
        counted = "SELECT change, count(*) FROM changes {} GROUP BY change"
        kinds = dict(connection.execute(counted.format("")).fetchall())
        scored = dict(connection.execute(counted.format("WHERE now IS NOT NULL")).fetchall())
        [(first_seen, named_before, named_now)] = connection.execute(
            f"SELECT count(*) FILTER (change = '{NEW}' AND before IS NULL), count(*) FILTER (was_named), "
            "count(*) FILTER (is_named) FROM changes"
        ).fetchall()
        _write(connection, target)
        _mark(connection, Path(table))
        asked = (_outcome(connection, one, events, as_of, missing) for one in (previous, *lists_before))
        outcome, *others = asked
    return {
        "kinds": {kind: kinds.get(kind, 0) for kind in CHANGES},
        "scored": {kind: scored.get(kind, 0) for kind in CHANGES},
        "first_seen": first_seen,
        "named_before": named_before,
        "named_now": named_now,
        "since": before.isoformat(),
        "knew_until": previous["knew_until"],
        "model": previous["model"],
        "outcome": outcome,
        "finished": [
            found | {name: one[name] for name in ("as_of", "model", "by")}
            for one, found in zip(lists_before, others, strict=True)
            if found and found["is_over"]
        ],
    }


def _who_bought(events, when):
    return (
        f"SELECT DISTINCT customer_id FROM read_parquet({quote(events)}) "
        f"WHERE event_type = 'purchase' AND {when}"
    )


def _scored(table, threshold):
    cells = f"{CUSTOMER} AS customer_id, {PROBABILITY} AS p, p >= {float(threshold)!r} AS named"
    return f"SELECT {cells} FROM read_parquet({quote(table)})"


def _pairs(previous, table, threshold):
    return (
        "CREATE TEMP TABLE pairs AS SELECT customer_id, b.p AS before, n.p AS now, "
        "coalesce(b.named, false) AS was_named, coalesce(n.named, false) AS is_named "
        f"FROM ({_scored(previous['table'], previous['threshold'])}) AS b "
        f"FULL JOIN ({_scored(table, threshold)}) AS n USING (customer_id)"
    )


def _changes():
    bought = "customer_id IN (SELECT customer_id FROM buyers)"
    return (
        f"SELECT *, CASE WHEN is_named AND was_named THEN '{STILL}' WHEN is_named THEN '{NEW}' "
        f"WHEN {bought} THEN '{BOUGHT}' WHEN now IS NOT NULL THEN '{CALMER}' ELSE '{SILENT}' END AS change "
        "FROM pairs WHERE was_named OR is_named"
    )


def _outcome(connection, previous, events, as_of, missing):
    """Tell what became of those named by a list: whether the time in which they were to leave is over, and
    how many bought nothing in it, beside all who were scored.

    None where leaving is not defined by silence, where days of that time are not known, or where the model
    had learned what happened then: it would be graded on what it was told.
    """
    definition = previous["definition"]
    if definition is None or previous["knew_until"]:
        return None
    start = datetime.fromisoformat(previous["as_of"]) + timedelta(days=definition["gap_days"])
    end = start + timedelta(days=definition["horizon_days"])
    if any(start.date() <= day < end.date() for day in missing):
        return None
    within = f"event_at >= {write_literal(start)} AND event_at < {write_literal(end)}"
    bought = f"customer_id IN ({_who_bought(events, within)})"
    [(named, left, scored, all_left, expected)] = connection.execute(
        f"SELECT count(*) FILTER (named), count(*) FILTER (named AND NOT {bought}), count(*), "
        f"count(*) FILTER (NOT {bought}), sum(p) FROM ({_scored(previous['table'], previous['threshold'])})"
    ).fetchall()
    return {
        "is_over": as_of >= end,
        "ends": end.isoformat(),
        "days_passed": max(0, (min(as_of, end) - start).days),
        "horizon_days": definition["horizon_days"],
        "named": named,
        "promised": previous["promised"],
        "named_without_purchase": left,
        "scored": scored,
        "scored_without_purchase": all_left,
        # Of all who were scored.
        "expected": expected,
    }


def _mark(connection, table):
    """Put into the table of the later result what became of each of its customers, in the same order."""
    marked = draft_of(table)
    connection.execute(
        f"COPY (SELECT t.* EXCLUDE ({PLACE}), coalesce(c.change, '') AS {CHANGE} "
        f"FROM read_parquet({quote(table)}, {PLACE} = true) AS t "
        f"LEFT JOIN changes AS c ON c.customer_id = t.{CUSTOMER} ORDER BY t.{PLACE}) "
        f"TO {quote(marked)} (FORMAT parquet, COMPRESSION lz4)"
    )
    publish(marked, table)


def _write(connection, target):
    order = ", ".join(f"change = '{kind}' DESC" for kind in CHANGES)
    found = connection.sql(
        f"SELECT customer_id, change, before AS {CHANCES[0]}, now AS {CHANCES[1]} FROM changes "
        f"ORDER BY {order}, now DESC NULLS LAST, customer_id"
    ).to_arrow_reader(50_000)
    with pacsv.CSVWriter(target, pa.schema([(name, pa.string()) for name in COLUMNS])) as writer:
        for batch in found:
            ids = harmless_array(batch["customer_id"], numbers_too=True)
            chances = [fixed_decimals(batch[name]) for name in CHANCES]
            writer.write(pa.RecordBatch.from_arrays([ids, batch["change"], *chances], names=COLUMNS))
