"""What the expressions of all sets of features are built from: names, units, and sums of integers."""

from __future__ import annotations

import ibis

EVENTS = "events"
KINDS = {
    "customer_id": "string",
    "event_at": "timestamp",
    "amount": "float64",
    "event_type": "string",
    "order_id": "string",
    "product": "string",
    "category": "string",
    "quantity": "float64",
    "discount": "float64",
    "label": "int8",
}
PURCHASE, RETURN = "purchase", "return"
MICROS = 1_000_000
EVENING = 18


def open_events(columns):
    """Return the table `events`, unbound.

    Parameters
    ----------
    columns : collection of str
        Canonical columns that it has.

    Returns
    -------
    ibis.expr.types.Table
    """
    return ibis.table({name: kind for name, kind in KINDS.items() if name in columns}, name=EVENTS)


def days_before(as_of, days):
    """Return how many calendar days before the day of `as_of` each day lies.

    Parameters
    ----------
    as_of : datetime
    days : ibis.expr.types.DateColumn

    Returns
    -------
    ibis.expr.types.IntegerColumn
    """
    return ibis.literal(as_of).date().delta(days, unit="day").cast("int32")


def to_micros(numbers):
    """Return numbers counted in millionths.

    Parameters
    ----------
    numbers : ibis.expr.types.FloatingColumn

    Returns
    -------
    ibis.expr.types.IntegerColumn
    """
    # Half a millionth up: rounding to a number of digits takes DuckDB twice as long.
    return (numbers * MICROS + 0.5).floor().cast("int64")


def take(condition, value):
    """Return `value` where the condition holds and 0 elsewhere.

    Parameters
    ----------
    condition : ibis.expr.types.BooleanColumn
    value : ibis.expr.types.IntegerColumn or int

    Returns
    -------
    ibis.expr.types.IntegerColumn
    """
    return ibis.cases((condition, value), else_=0)


def ratio(part, whole):
    """Return part / whole as a double, empty where the whole is 0.

    Parameters
    ----------
    part, whole : ibis.expr.types.NumericColumn

    Returns
    -------
    ibis.expr.types.FloatingColumn
    """
    return part.cast("float64") / whole.nullif(0).cast("float64")


def group_orders(rows, **sums):
    """Return one row per purchase from rows that carry `order_id`.

    Rows of one order of one customer become one, at its first instant. Rows without an order, at the same
    instant, count as one purchase too.

    Parameters
    ----------
    rows : ibis.expr.types.Table
        With customer_id, order_id and event_at.
    **sums : ibis.expr.types.Scalar
        Further aggregates, by name.

    Returns
    -------
    ibis.expr.types.Table
    """
    alone = ibis.cases((rows.order_id.isnull(), rows.event_at.date()))
    grouped = rows.mutate(alone_at=alone).group_by("customer_id", "order_id", "alone_at")
    return grouped.agg(event_at=rows.event_at.min(), **sums).drop("order_id", "alone_at")
