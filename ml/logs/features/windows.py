"""The features of retail_v2 as one Ibis expression: those of retail_v1, and windows and lags beside them."""

from __future__ import annotations

import ibis
from ibis import _

from ml.logs.features.retail import (
    count_purchases,
    describe,
    fill_spend,
    join_products,
    list_purchases,
    measure_gaps,
)
from ml.logs.features.terms import MICROS, PURCHASE, RETURN, group_orders, ratio

# Days before the cutoff at which windows end.
MONTH, QUARTER, HALF = 30, 90, 180


def build_retail_with_windows(events, *, as_of, has_time):
    """Return one row per customer with a purchase before the cutoff.

    Parameters
    ----------
    events : ibis.expr.types.Table
        Canonical events.
    as_of : datetime
    has_time : bool

    Returns
    -------
    ibis.expr.types.Table
        As `ml.logs.features.retail.build_retail`, with the windows and lags.
    """
    known = events.filter(events.event_at < ibis.literal(as_of))
    rows = known.filter(known.event_type == PURCHASE)
    purchases = list_purchases(rows)
    counted = count_purchases(
        purchases,
        has_time=has_time,
        as_of=as_of,
        **(_sum_up_money() if "amount" in rows.columns else {}),
    )
    table = counted.join(_measure_days(purchases), "customer_id")
    table = table.left_join(_count_returns(known), "customer_id").drop("customer_id_right")
    table = fill_spend(table)
    features = describe(table) | _describe_windows(table)
    return join_products(table.select("customer_id", "months_active", **features), rows)


def _sum_up_money():
    return {
        "smallest": _.micros.min(),
        "largest": _.micros.max(),
        "spend_month": _spend(_.ago <= MONTH),
        "spend_quarter": _spend(_.ago <= QUARTER),
        "spend_before": _spend((_.ago > QUARTER) & (_.ago <= HALF)),
    }


def _spend(when):
    return _.micros.sum(where=when).fill_null(0).cast("int64")


def _measure_days(purchases):
    """One row per customer: gaps, and the latest buying day beside the one before.

    A customer has a day only once: there are no ties for the latest one.
    """
    paid = {"paid": _.micros.sum().cast("int64")} if "micros" in purchases.columns else {}
    days = purchases.group_by("customer_id", day=purchases.event_at.date()).agg(bought=_.count(), **paid)
    # Looking for the day after is quicker than an aggregate that sorts, as DuckDB is given an argmax.
    following = days.day.lead().over(group_by="customer_id", order_by=days.day)
    return measure_gaps(
        days,
        beside={"is_latest": following.isnull()},
        buying_days=_.count(),
        **{
            f"latest_{name}": _[name].sum(where=_.is_latest).cast("int64")
            for name in ("gap", "bought", *paid)
        },
    )


def _count_returns(known):
    rows = known.filter(known.event_type == RETURN)
    returns = group_orders(rows) if "order_id" in rows.columns else rows
    return returns.group_by("customer_id").agg(returns=_.count())


def _describe_windows(t):
    counts = [t[f"month_{number}"] for number in range(6)]
    # The mean gap is span / pairs: both sides of a comparison with it are taken times pairs, as integers.
    span, pairs = t.first - t.latest, t.buying_days - 1
    features = {
        "purchases_last_30_days": counts[0],
        "purchases_last_90_days": counts[0] + counts[1] + counts[2],
        "purchases_previous_90_days": counts[3] + counts[4] + counts[5],
        "latest_gap_days": t.latest_gap,
        "latest_gap_score": _against(t.latest_gap * pairs, span),
        "overdue_score": _against(t.latest * pairs, span),
        "returns_per_purchase": ratio(t.returns.fill_null(0), t.purchases),
    }
    return features | _describe_money(t) if "micros" in t.columns else features


def _describe_money(t):
    before, change = t.spend_before, t.spend_quarter - t.spend_before
    return {
        "spend_last_30_days": t.spend_month.cast("float64") / MICROS,
        "spend_last_90_days": t.spend_quarter.cast("float64") / MICROS,
        "spend_previous_90_days": before.cast("float64") / MICROS,
        "spend_change_90_days": ratio(change, t.spend_quarter + before),
        "smallest_order_value": t.smallest.cast("float64") / MICROS,
        "largest_order_value": t.largest.cast("float64") / MICROS,
        "latest_order_score": _against(ratio(t.latest_paid, t.latest_bought), ratio(t.micros, t.purchases)),
    }


def _against(value, usual):
    """50 where the value is the usual one; a customer far from it is no reason for a score without bounds."""
    return 100.0 * ratio(value, value + usual)
