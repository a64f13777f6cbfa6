"""The features of one customer, for the answer to a request: the expressions of the batch over a few rows."""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from datetime import date, datetime
from functools import lru_cache

from ml.logs.features.catalogue import PERCENTILE, TRAITS, list_absent, list_features
from ml.logs.features.logs import OPTIONAL, REQUIRED, SQL_TYPES, to_cutoff

_connections = threading.local()


def compute_one(events, *, as_of, feature_set, columns=None, has_time=None, cuts=None):
    """Return the features of one customer, bit for bit those of the batch for the same events.

    Parameters
    ----------
    events : list of dict
        Keys are canonical columns: event_at (an instant, a date, or either as ISO text), amount where what
        was paid is known, event_type (purchase by default) and what else the log has. Events at or after
        `as_of` are left aside.
    as_of : datetime or date
    feature_set : str
        One of the catalogue.
    columns : collection of str, optional
        Canonical columns of the log that the model learned from (`FeatureReport.columns`), so that the same
        features are absent. Those of the events by default.
    has_time : bool, optional
        Whether that log knew times of day. By default whether an event is not at midnight.
    cuts : sequence of int, optional
        `FeatureReport.cuts`, the percentiles of the others' spend; without them percentile_rank_by_spend is
        absent.

    Returns
    -------
    dict of str to float, int, str or None
        In the catalogue's order; None where the customer's own events do not define a feature.

    Raises
    ------
    ValueError
        An event is broken, or none is before the cutoff (for sets of purchases: no purchase).

    Examples
    --------
    >>> events = [{"event_at": "2024-01-15", "amount": 150.5}, {"event_at": "2024-01-20", "amount": 200}]
    >>> found = compute_one(events, as_of=date(2024, 1, 30), feature_set="rfm_v2")
    >>> found["recency_score"], found["tenure_days"], found["avg_transaction_value"]
    (75.0, 15, 175.25)
    """
    import pyarrow as pa

    from ml.logs.features.duck import compile_features
    from ml.logs.features.terms import EVENTS

    wanted = list_features(feature_set)
    rows = [_read_event(event, number) for number, event in enumerate(events, start=1)]
    there = set().union(*rows) if columns is None else set(columns)
    _refuse_holes(rows, there)
    names = tuple(name for name in SQL_TYPES if name in there or name in (*REQUIRED, "event_type"))
    if has_time is None:
        has_time = any(row["event_at"].time() != datetime.min.time() for row in rows)
    table = pa.table({name: pa.array([row.get(name) for row in rows], type=_types()[name]) for name in names})
    sql = compile_features(feature_set, names, has_time, "CAST($as_of AS TIMESTAMP)")
    connection = _connect()
    connection.register(EVENTS, table)
    try:
        result = connection.execute(sql, {"as_of": to_cutoff(as_of)})
        header = [column[0] for column in result.description]
        found = result.fetchall()
    finally:
        connection.unregister(EVENTS)
    if not found:
        kind = "purchase" if TRAITS[feature_set].purchases_only else "event"
        raise ValueError(f"The customer has no {kind} before {to_cutoff(as_of):%Y-%m-%d %H:%M}.")
    values = dict(zip(header, found[0], strict=True))
    if cuts is not None and "spend_micros" in values:
        values[PERCENTILE] = bisect_right(cuts, values["spend_micros"])
    absent = list_absent(feature_set, names, has_time=has_time, has_population=cuts is not None)
    return {feature.name: values[feature.name] for feature in wanted if feature.name not in absent}


def _connect():
    import duckdb

    if not hasattr(_connections, "connection"):
        # A few rows are no work for several threads.
        _connections.connection = duckdb.connect(config={"threads": 1})
    return _connections.connection


@lru_cache
def _types():
    import pyarrow as pa

    kinds = {
        "VARCHAR": pa.string(),
        "DOUBLE": pa.float64(),
        "TINYINT": pa.int8(),
        "TIMESTAMP": pa.timestamp("us"),
    }
    return {name: kinds[kind] for name, kind in SQL_TYPES.items()}


def _read_event(event, number):
    row = {name: event[name] for name in OPTIONAL if event.get(name) is not None}
    row["customer_id"] = "one"
    row["event_type"] = row.get("event_type") or "purchase"
    row["event_at"] = _read_instant(event.get("event_at"), number)
    for name in ("amount", "quantity", "discount"):
        if name in row:
            row[name] = _read_number(row[name], name, number)
    return row


def _refuse_holes(rows, columns):
    """Refuse purchases without an amount, unless none of the log that was learned from has one."""
    if "amount" not in columns:
        return
    for number, row in enumerate(rows, start=1):
        if row["event_type"] == "purchase" and "amount" not in row:
            raise ValueError(f"Event {number} is a purchase without an amount.")


def _read_instant(value, number):
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"Event {number}: event_at {value!r} is no date such as 2024-01-15.") from None
    if not isinstance(value, date):
        raise ValueError(f"Event {number}: event_at must be a date or an instant, got {value!r}.")
    return to_cutoff(value)


def _read_number(value, name, number):
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    # Sums are counted in millionths by integers of 64 bits.
    if not abs(found) < 9e12:
        raise ValueError(f"Event {number}: {name} must be a number below 9,000,000,000,000, got {value!r}.")
    return found
