"""The eight scores of recency, frequency and monetary value, as Ibis expressions."""

from __future__ import annotations

import ibis

from ml.logs.features.terms import MICROS, PURCHASE, RETURN, days_before, group_orders, ratio, to_micros


def build_rfm(events, *, as_of, has_time):
    """Aggregate activities to the eight features of S2, to which times of day do not matter.

    Parameters
    ----------
    events : ibis.expr.types.Table
        From `ml.logs.features.terms.open_events`.
    as_of : datetime
        The cutoff, by the clock of the log (no zone).
    has_time : bool
        Taken for the sake of the other sets.

    Returns
    -------
    ibis.expr.types.Table
    """
    rows = _list_activities(events, as_of)
    ago, bought = rows.days_ago, rows.bought
    recent = ago <= 90
    paid = {}
    if "micros" in rows.columns:
        paid = {
            "micros": rows.micros.sum(where=bought).fill_null(0),
            "recent_micros": rows.micros.sum(where=bought & recent).fill_null(0),
        }
    base = rows.group_by("customer_id").agg(
        latest=ago.min(),
        tenure_days=ago.max().cast("int64"),
        activities=rows.count(),
        purchases=rows.count(where=bought),
        recent_purchases=rows.count(where=bought & recent),
        recent_activities=rows.count(where=ago <= 30),
        recent_days=ago.sum(where=ago <= 30).fill_null(0),
        **paid,
    )
    scored = base.mutate(
        recency_score=100.0 / (1.0 + base.latest.cast("float64") / 30.0),
        frequency_score=100.0 * ratio(base.recent_purchases, base.recent_purchases + 6),
        # The slope of counts c_k over 30 days is sum((15.5 - k) c_k) / 2247.5.
        activity_trend=(31 * base.recent_activities - 2 * base.recent_days).cast("float64") / 4495.0,
        days_between_transactions=ratio(base.tenure_days - base.latest, base.activities - 1).fill_null(
            base.latest.cast("float64")
        ),
        **_describe_money(base),
    )
    liveliness = 100.0 * ratio(base.recent_activities, base.recent_activities + 10)
    return scored.mutate(
        engagement_score=0.4 * scored.recency_score + 0.3 * scored.frequency_score + 0.3 * liveliness
    )


def _describe_money(base):
    """Return the features that speak of money; none of a log that does not say what was paid."""
    if "micros" not in base.columns:
        return {}
    paid = ibis.greatest(base.recent_micros, 0).cast("float64") / MICROS
    return {
        "monetary_score": ibis.least((1.0 + paid).log10() * 20.0, 100.0),
        "avg_transaction_value": ratio(base.micros, base.purchases).fill_null(0.0) / MICROS,
    }


def _list_activities(events, as_of):
    """One row per activity: how long ago, whether it was a purchase, and, where known, what was paid."""
    rows = events.filter(events.event_at < ibis.literal(as_of), events.event_type != RETURN)
    bought, knows_amounts = rows.event_type == PURCHASE, "amount" in events.columns
    if "order_id" not in events.columns:
        return rows.select(
            "customer_id",
            days_ago=days_before(as_of, rows.event_at.date()),
            bought=bought,
            **({"micros": to_micros(rows.amount)} if knows_amounts else {}),
        )
    orders, others = rows.filter(bought), rows.filter(~bought)
    sums = {"micros": to_micros(orders.amount).sum().cast("int64")} if knows_amounts else {}
    orders = group_orders(orders, **sums)
    return ibis.union(
        orders.select(
            "customer_id",
            *sums,
            days_ago=days_before(as_of, orders.event_at.date()),
            bought=ibis.literal(True),
        ),
        others.select(
            "customer_id",
            **{name: ibis.literal(0, type="int64") for name in sums},
            days_ago=days_before(as_of, others.event_at.date()),
            bought=ibis.literal(False),
        ),
    )
