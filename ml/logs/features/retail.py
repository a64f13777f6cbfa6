"""The features of retail_v1 as one Ibis expression, in parts that retail_v2 is made of too."""

from __future__ import annotations

import ibis

from ml.logs.features.terms import (
    EVENING,
    MICROS,
    PURCHASE,
    days_before,
    group_orders,
    ratio,
    take,
    to_micros,
)

MONTH, YEAR = 30.0, 365.0
MONTHS = 6


def build_retail(events, *, as_of, has_time):
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
        Every feature that the columns allow but percentile_rank_by_spend, and `spend_micros` instead of it
        where the log says what was paid.
    """
    rows = events.filter(events.event_at < ibis.literal(as_of), events.event_type == PURCHASE)
    purchases = list_purchases(rows)
    counted = count_purchases(purchases, has_time=has_time, as_of=as_of)
    days = purchases.select("customer_id", day=purchases.event_at.date()).distinct()
    table = fill_spend(counted.join(measure_gaps(days), "customer_id"))
    return join_products(table.select("customer_id", "months_active", **describe(table)), rows)


def list_purchases(rows):
    """Return one row per purchase: when, what was paid and, where the log says so, items and a discount.

    Parameters
    ----------
    rows : ibis.expr.types.Table
        Events of type purchase before the cutoff.

    Returns
    -------
    ibis.expr.types.Table
        customer_id and event_at; micros, items and discounted where there are such columns.
    """
    measures = {}
    if "amount" in rows.columns:
        measures["micros"] = to_micros(rows.amount)
    if "quantity" in rows.columns:
        measures["items"] = to_micros(rows.quantity)
    if "discount" in rows.columns:
        measures["discounted"] = take(rows.discount > 0, 1)
    if "order_id" not in rows.columns:
        return rows.select("customer_id", "event_at", **measures)
    sums = {
        name: (cells.max() if name == "discounted" else cells.sum()).cast("int64")
        for name, cells in measures.items()
    }
    return group_orders(rows, **sums)


def count_purchases(purchases, *, has_time, as_of, **more):
    """Return one row per customer: everything that needs no look at the neighbouring purchase.

    Parameters
    ----------
    purchases : ibis.expr.types.Table
        From `list_purchases`.
    has_time : bool
    as_of : datetime
    **more : ibis.expr.types.Scalar or ibis.Deferred
        Further aggregates, by name; they may use `micros` and `ago`, the days since the purchase.

    Returns
    -------
    ibis.expr.types.Table
    """
    day = purchases.event_at.date()
    cells = {"quarter": day.quarter(), "weekend": day.day_of_week.index() >= 5}
    if has_time:
        cells["evening"] = purchases.event_at.hour() >= EVENING
    t = purchases.mutate(ago=days_before(as_of, day), **cells).drop("event_at")
    sums = {
        name: t[name].sum().cast("int64") for name in ("micros", "items", "discounted") if name in t.columns
    }
    if has_time:
        sums["evenings"] = t.count(where=t.evening)
    quarters = {f"quarter_{number}": t.count(where=t.quarter == number) for number in (1, 2, 3, 4)}
    months = {
        f"month_{number}": t.count(where=(t.ago <= 30 * (number + 1)) & (t.ago > (30 * number or -1)))
        for number in range(MONTHS)
    }
    return t.group_by("customer_id").agg(
        latest=t.ago.min().cast("int64"),
        first=t.ago.max().cast("int64"),
        purchases=t.count(),
        weekends=t.count(where=t.weekend),
        **sums,
        **quarters,
        **months,
        **more,
    )


def measure_gaps(days, *, beside=None, **more):
    """Return one row per customer: what the days with a purchase say beside the one before.

    Sorting days is cheaper than sorting purchases, and sorting nothing but days cheaper still; nothing has
    to be kept in lists.

    Parameters
    ----------
    days : ibis.expr.types.Table
        customer_id and day, each day of a customer once.
    beside : dict of str to ibis.expr.types.Column, optional
        Further columns that look at neighbouring days.
    **more : ibis.expr.types.Scalar or ibis.Deferred
        Further aggregates, by name; they may use `day`, `gap` (days since the one before, empty for the
        first), what else `days` has, and what is beside it.

    Returns
    -------
    ibis.expr.types.Table
    """
    # In one step with what is beside it: the days are sorted once.
    previous = days.day.lag().over(group_by="customer_id", order_by=days.day)
    days = days.mutate(previous=previous, **(beside or {}))
    gap = days.day.delta(days.previous, unit="day").cast("int64")
    days = days.mutate(gap=gap, same=days.day.truncate("M") == days.previous.truncate("M"))
    return days.group_by("customer_id").agg(
        longest=days.gap.max(),
        squares=(days.gap * days.gap).sum().cast("int64"),
        months_active=ibis.cases((days.same, 0), else_=1).sum().cast("int64"),
        **more,
    )


def fill_spend(table):
    """Return the table with 0 where nothing is known of what a customer of a log with amounts paid.

    Parameters
    ----------
    table : ibis.expr.types.Table

    Returns
    -------
    ibis.expr.types.Table
    """
    return table.mutate(micros=table.micros.fill_null(0)) if "micros" in table.columns else table


def describe(t):
    """Return the features that follow from counts, gaps and amounts, by name.

    Parameters
    ----------
    t : ibis.expr.types.Table
        `count_purchases` joined with `measure_gaps`.

    Returns
    -------
    dict of str to ibis.expr.types.Column
    """
    open_gap = t.latest.cast("float64")
    span, pairs = t.first - t.latest, t.purchases - 1
    mean_gap = ratio(span, pairs)
    # n^2 times the variance, from integers: nothing is lost where gaps are large and alike.
    spread = (pairs * t.squares - span * span).cast("float64").sqrt()
    regular = (t.purchases >= 3) & (span > 0)
    pace = MONTH * t.purchases.cast("float64") / ibis.greatest(t.first, 30).cast("float64")
    # Terms of the least-squares slope over six months, the newest being number 0.
    steps = sum((5 - 2 * number) * t[f"month_{number}"] for number in range(MONTHS))
    best = ibis.greatest(t.quarter_1, t.quarter_2, t.quarter_3, t.quarter_4)
    features = {
        "days_since_last_purchase": t.latest,
        "total_purchase_count": t.purchases,
        "days_since_first_purchase": t.first,
        "purchase_velocity": pace,
        "avg_days_between_purchases": mean_gap.fill_null(open_gap),
        "trend_last_3_months": (t.month_0 - t.month_2).cast("float64") / 2.0,
        "trend_last_6_months": steps.cast("float64") / 35.0,
        "weekend_purchase_ratio": ratio(t.weekends, t.purchases),
        "longest_gap_between_purchases": ibis.cases(
            (t.purchases == 1, t.latest), else_=t.longest.fill_null(0)
        ),
        "consistency_score": ibis.cases((regular, 100.0 / (1.0 + spread / span.cast("float64"))), else_=0.0),
        "seasonality_preference": ibis.cases(
            (t.quarter_1 == best, "Q1"), (t.quarter_2 == best, "Q2"), (t.quarter_3 == best, "Q3"), else_="Q4"
        ),
    }
    if "micros" in t.columns:
        features |= _describe_money(t, pace)
    if "items" in t.columns:
        features["average_items_per_transaction"] = ratio(t["items"], t.purchases) / MICROS
    if "discounted" in t.columns:
        features["discount_usage_rate"] = ratio(t.discounted, t.purchases)
    if "evenings" in t.columns:
        features["evening_purchase_ratio"] = ratio(t.evenings, t.purchases)
    return features


def _describe_money(t, pace):
    """Return the features that speak of money, and what customers are ranked by."""
    value = ratio(t.micros, t.purchases) / MICROS
    kept = ratio(t.first - t.latest, t.first).fill_null(1.0).pow((t.purchases - 1).cast("float64"))
    return {
        "average_order_value": value,
        "total_lifetime_spend": t.micros.cast("float64") / MICROS,
        "customer_lifetime_value_estimate": value * pace * (YEAR / MONTH) * kept,
        "spend_micros": t.micros,
    }


def join_products(table, rows):
    """Return a table of customers with what their rows say about categories and products, where they do.

    Parameters
    ----------
    table : ibis.expr.types.Table
    rows : ibis.expr.types.Table
        Events of type purchase before the cutoff.

    Returns
    -------
    ibis.expr.types.Table
    """
    if "category" in rows.columns:
        table = table.left_join(_choose_category(rows), "customer_id").drop("customer_id_right")
        table = table.mutate(number_of_product_categories=table.number_of_product_categories.fill_null(0))
    if "product" in rows.columns:
        table = table.left_join(_count_products(rows), "customer_id").drop("customer_id_right")
    return table


def _choose_category(rows):
    """Number of categories and the favourite one.

    The smallest text of (a large number less the count, category) belongs to the category with the highest
    count and, among level ones, to the first by its characters: one aggregate that every engine orders alike.
    """
    most = 10**12
    named = rows.filter(rows.category.notnull()).group_by("customer_id", "category").agg(lines=ibis._.count())
    key = (most + most - 1 - named.lines).cast("string") + named.category
    chosen = (
        named.mutate(key=key)
        .group_by("customer_id")
        .agg(number_of_product_categories=ibis._.count(), smallest=ibis._.key.min())
    )
    return chosen.mutate(favorite_category=chosen.smallest.substr(13)).drop("smallest")


def _count_products(rows):
    day = rows.event_at.date()
    named = rows.filter(rows["product"].notnull()).mutate(day=day)
    named = named.group_by("customer_id", "product").agg(first=named.day.min(), latest=named.day.max())
    counted = named.group_by("customer_id").agg(
        products=named.count(), repeated=take(named.first < named.latest, 1).sum()
    )
    return counted.select(
        "customer_id", percent_repeat_products=100.0 * ratio(counted.repeated, counted.products)
    )
