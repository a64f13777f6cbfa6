"""The features as Ibis expressions: written once, run on DuckDB and on Spark.

Every sum is a sum of integers: amounts and quantities are counted in millionths, time in days. Such a sum is
the same in whatever order an engine adds it up, so that one customer alone gets bit for bit what a batch
gives. Divisions, powers and logarithms come last, once per customer, on those integers.
"""

from __future__ import annotations

from functools import reduce

import ibis

from ml.logs.features.catalogue import PERCENTILE, list_absent, list_features, ranks_customers

EVENTS, PARTS = "events", "parts"
FEATURE_KINDS = {"integer": "int64", "float": "float64", "category": "string"}
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


def build_features(feature_set, *, columns, has_time, as_of):
    """Return the features of every customer with an event before the cutoff, as an unbound expression.

    Parameters
    ----------
    feature_set : str
        One of the catalogue. Those of purchases have a row only for customers with one: they speak of
        nothing else.
    columns : collection of str
        Canonical columns that the table `events` has.
    has_time : bool
        Whether its instants carry times of day.
    as_of : datetime
        The cutoff, by the clock of the log (no zone).

    Returns
    -------
    ibis.expr.types.Table
        customer_id first, then the features of the set that the columns allow, in the catalogue's order and
        types. Where the set ranks customers among each other, the column `spend_micros` stands in place of
        the rank: ranking needs all of them, so it is done in `finish_features`.

    Raises
    ------
    ValueError
        There is no such set.
    """
    kinds = {feature.name: FEATURE_KINDS[feature.dtype] for feature in list_features(feature_set)}
    absent = list_absent(feature_set, columns, has_time=has_time, has_population=False)
    cells = {name: kind for name, kind in kinds.items() if name not in absent}
    events = open_events(columns)
    table = _find_builder(feature_set)(events, as_of=as_of, has_time=has_time)
    if ranks_customers(feature_set):
        cells["spend_micros"] = "int64"
    return table.select("customer_id", **{name: table[name].cast(kind) for name, kind in cells.items()})


def _find_builder(feature_set):
    # Imported here: they are written with what stands below.
    from ml.logs.features.retail import build_retail
    from ml.logs.features.windows import build_retail_with_windows

    return {
        "rfm_v2": _build_rfm,
        "retail_v1": build_retail,
        "retail_v2": build_retail_with_windows,
    }[feature_set]


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


def finish_features(feature_set, *, names, cuts=None):
    """Return the features of all customers from those of each bucket, in the order of the customers.

    Parameters
    ----------
    feature_set : str
    names : sequence of str
        Features of the set that the log allows.
    cuts : sequence of int, optional
        Percentiles of the spend of all customers, in millionths.

    Returns
    -------
    ibis.expr.types.Table
        Of the unbound table `parts`, each feature in the type of the catalogue.
    """
    kinds = {feature.name: FEATURE_KINDS[feature.dtype] for feature in list_features(feature_set)}
    there = {name: kinds[name] for name in names if name != PERCENTILE}
    if cuts is not None:
        there["spend_micros"] = "int64"
    parts = ibis.table({"customer_id": "string"} | there, name=PARTS)
    cells = {
        name: (rank(parts.spend_micros, cuts) if name == PERCENTILE else parts[name]).cast(kinds[name])
        for name in names
    }
    return parts.select("customer_id", **cells).order_by("customer_id")


def rank(spend, cuts):
    """Return how many of the cuts a column of spends reaches.

    Parameters
    ----------
    spend : ibis.expr.types.IntegerColumn
    cuts : sequence of int

    Returns
    -------
    ibis.expr.types.IntegerColumn
    """
    reached = [(spend >= ibis.literal(int(cut), type="int64")).cast("int64") for cut in cuts]
    return reduce(lambda total, one: total + one, reached)


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


def _list_activities(events, as_of):
    """One row per activity: how long ago, whether it was a purchase, and what was paid."""
    rows = events.filter(events.event_at < ibis.literal(as_of), events.event_type != RETURN)
    bought = rows.event_type == PURCHASE
    if "order_id" not in events.columns:
        return rows.select(
            "customer_id",
            days_ago=days_before(as_of, rows.event_at.date()),
            bought=bought,
            micros=to_micros(rows.amount),
        )
    orders = rows.filter(bought)
    orders = group_orders(orders, micros=to_micros(orders.amount).sum().cast("int64"))
    others = rows.filter(~bought)
    return ibis.union(
        orders.select(
            "customer_id",
            "micros",
            days_ago=days_before(as_of, orders.event_at.date()),
            bought=ibis.literal(True),
        ),
        others.select(
            "customer_id",
            micros=ibis.literal(0, type="int64"),
            days_ago=days_before(as_of, others.event_at.date()),
            bought=ibis.literal(False),
        ),
    )


def _build_rfm(events, *, as_of, has_time):
    """Aggregate activities to the eight features of S2, to which times of day do not matter."""
    rows = _list_activities(events, as_of)
    ago, bought = rows.days_ago, rows.bought
    recent = ago <= 90
    base = rows.group_by("customer_id").agg(
        latest=ago.min(),
        tenure_days=ago.max().cast("int64"),
        activities=rows.count(),
        purchases=rows.count(where=bought),
        micros=rows.micros.sum(where=bought).fill_null(0),
        recent_purchases=rows.count(where=bought & recent),
        recent_micros=rows.micros.sum(where=bought & recent).fill_null(0),
        recent_activities=rows.count(where=ago <= 30),
        recent_days=ago.sum(where=ago <= 30).fill_null(0),
    )
    paid = ibis.greatest(base.recent_micros, 0).cast("float64") / MICROS
    scored = base.mutate(
        recency_score=100.0 / (1.0 + base.latest.cast("float64") / 30.0),
        frequency_score=100.0 * ratio(base.recent_purchases, base.recent_purchases + 6),
        monetary_score=ibis.least((1.0 + paid).log10() * 20.0, 100.0),
        # The slope of counts c_k over 30 days is sum((15.5 - k) c_k) / 2247.5.
        activity_trend=(31 * base.recent_activities - 2 * base.recent_days).cast("float64") / 4495.0,
        avg_transaction_value=ratio(base.micros, base.purchases).fill_null(0.0) / MICROS,
        days_between_transactions=ratio(base.tenure_days - base.latest, base.activities - 1).fill_null(
            base.latest.cast("float64")
        ),
    )
    liveliness = 100.0 * ratio(base.recent_activities, base.recent_activities + 10)
    return scored.mutate(
        engagement_score=0.4 * scored.recency_score + 0.3 * scored.frequency_score + 0.3 * liveliness
    )
