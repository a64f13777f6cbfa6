"""What changed between two results of the same customers, and what became of those named last time.

Files in, plain JSON and a CSV out; runs in a child, without Django.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from ml.logs.features.duck import write_literal
from ml.logs.features.logs import quote
from predictions.engines.kinds import BOUGHT, CALMER, CHANGES, NEW, SILENT, STILL
from predictions.engines.log_csv import LogCsv
from predictions.engines.results import CHANGE, CUSTOMER, PLACE, PROBABILITY, draft_of, publish
from tabular.source.danger import harmless_array


def compare_results(
    previous: dict,
    *,
    table: str | Path,
    threshold: float,
    events: str | Path,
    as_of: datetime,
    days_missing: int = 0,
    target: Path,
    written: dict | None = None,
    connection: duckdb.DuckDBPyConnection,
) -> dict:
    """Compare two tables by customer, write who is named in either of them, and mark the later table.

    Parameters
    ----------
    previous
        Of the result before: ``table``, ``as_of`` (ISO), ``threshold``, ``definition`` (with ``horizon_days``
        and ``gap_days``; None where leaving is not defined by silence), ``knew_until`` (up to when its model
        had learned what happened, where that is later than its ``as_of``), ``promised`` (how many of those
        named were expected to leave; None where nobody added that up), ``model`` (which version made it).
    table, threshold
        Of the later result; the table gets a column that says what became of each of its customers.
    events
        What the later result was made from: it tells who bought in between.
    as_of
        Of the later result.
    days_missing
        Days between the two that no log has: what was bought on them nobody knows.
    written
        ``delimiter`` and ``decimal`` of the log, as `LogCsv` takes them.

    Returns
    -------
    dict
        ``kinds`` (customers by kind), ``scored`` (how many of them are in the later table), ``named_before``,
        ``named_now``, ``first_seen`` (of the new: who was not scored last time), ``since``, ``knew_until``
        and ``model`` of the result before, and ``outcome`` (see `_outcome`).
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
        _write(connection, target, written or {})
        _mark(connection, Path(table))
        outcome = _outcome(connection, previous, events, before, as_of, days_missing)
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
    }


def _who_bought(events, when):
    return (
        f"SELECT DISTINCT customer_id FROM read_parquet({quote(events)}) "
        f"WHERE event_type = 'purchase' AND {when}"
    )


def _pairs(previous, table, threshold):
    def one(path, bound):
        cells = f"{CUSTOMER} AS customer_id, {PROBABILITY} AS p, p >= {bound!r} AS named"
        return f"SELECT {cells} FROM read_parquet({quote(path)})"

    return (
        "CREATE TEMP TABLE pairs AS SELECT customer_id, b.p AS before, n.p AS now, "
        "coalesce(b.named, false) AS was_named, coalesce(n.named, false) AS is_named "
        f"FROM ({one(previous['table'], float(previous['threshold']))}) AS b "
        f"FULL JOIN ({one(table, float(threshold))}) AS n USING (customer_id)"
    )


def _changes():
    bought = "customer_id IN (SELECT customer_id FROM buyers)"
    return (
        f"SELECT *, CASE WHEN is_named AND was_named THEN '{STILL}' WHEN is_named THEN '{NEW}' "
        f"WHEN {bought} THEN '{BOUGHT}' WHEN now IS NOT NULL THEN '{CALMER}' ELSE '{SILENT}' END AS change "
        "FROM pairs WHERE was_named OR is_named"
    )


def _outcome(connection, previous, events, before, as_of, days_missing):
    """Tell what became of those named last time: whether the time in which they were to leave is over, and
    how many bought nothing in it, beside all who were scored.

    None where leaving is not defined by silence, where days in between are not known, or where the model had
    learned what happened then: it would be graded on what it was told.
    """
    definition = previous["definition"]
    if definition is None or days_missing or previous["knew_until"]:
        return None
    start = before + timedelta(days=definition["gap_days"])
    end = start + timedelta(days=definition["horizon_days"])
    within = f"event_at >= {write_literal(start)} AND event_at < {write_literal(end)}"
    bought = f"customer_id IN ({_who_bought(events, within)})"
    [(named, left, scored, all_left, expected)] = connection.execute(
        f"SELECT count(*) FILTER (was_named), count(*) FILTER (was_named AND NOT {bought}), count(*), "
        f"count(*) FILTER (NOT {bought}), sum(before) FROM pairs WHERE before IS NOT NULL"
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


def _write(connection, target, written):
    order = ", ".join(f"change = '{kind}' DESC" for kind in CHANGES)
    found = connection.sql(
        f"SELECT customer_id, change, before AS probability_before, now AS probability_now FROM changes "
        f"ORDER BY {order}, now DESC NULLS LAST, customer_id"
    ).to_arrow_reader(50_000)
    with LogCsv(target, found.schema, **written) as writer:
        for batch in found:
            ids = harmless_array(batch["customer_id"], numbers_too=True)
            writer.write(pa.RecordBatch.from_arrays([ids, *batch.columns[1:]], schema=batch.schema))
