"""Who buys, how much and what: customers, transactions and products of a log."""

from __future__ import annotations

import math

FREQUENCY_BINS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, None))
# Days between a customer's first and latest purchase.
LIFETIME_BINS = ((0, 0), (1, 30), (31, 90), (91, 180), (181, 365), (366, 730), (731, None))
DIVERSITY_BINS = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, None))
AMOUNT_BINS = 20
# The histogram of amounts ends here; its last bin takes the rest, or one large order would flatten it.
AMOUNT_SHARE = 0.98
TOP = 10


def describe_customers(log):
    """Count customers, how often and how long they buy, and how many are new each month."""
    found = log.row(
        "SELECT count(*) AS buyers, avg(purchases) AS purchases_mean, median(purchases) AS purchases_median,"
        " count(*) FILTER (purchases = 1) AS new_customers, count(*) FILTER (purchases > 1) AS "
        "returning_customers,"
        " avg(latest_day - first_day) AS lifetime_mean, median(latest_day - first_day) AS lifetime_median"
        " FROM customers"
    )
    everybody = log.row("SELECT count(DISTINCT customer_id) AS n FROM events")["n"]
    top = log.row(
        "SELECT sum(amount) FILTER (place <= ceil(n / 10.0)) / nullif(sum(amount), 0) AS share FROM"
        " (SELECT amount, row_number() OVER (ORDER BY amount DESC) AS place, count(*) OVER () AS n FROM "
        "customers)"
    )["share"]
    lifetimes = log.rows(
        "SELECT latest_day - first_day AS value, count(*) AS n FROM customers GROUP BY value"
    )
    months = log.rows(
        "SELECT month, count(*) FILTER (month = first_month) AS new,"
        " count(*) FILTER (month > first_month) AS returning FROM"
        " (SELECT DISTINCT customer_id, date_trunc('month', day) AS month,"
        "  date_trunc('month', first_day) AS first_month FROM buying_days JOIN customers USING (customer_id))"
        " GROUP BY month ORDER BY month"
    )
    return {
        **found,
        **({"top_tenth_revenue_share": top} if log.has_amounts else {}),
        "customers": everybody,
        "without_purchase": everybody - found["buyers"],
        "new_share": found["new_customers"] / found["buyers"] if found["buyers"] else None,
        "returning_per_new": found["returning_customers"] / found["new_customers"]
        if found["new_customers"]
        else None,
        "lifetime_days": _binned(lifetimes, LIFETIME_BINS),
        "months": [{**row, "month": f"{row['month']:%Y-%m}"} for row in months],
    }


def describe_transactions(log):
    """Count purchases and, where amounts are known, money; and how they are distributed."""
    found = log.row("SELECT count(*) AS purchases, coalesce(sum(lines), 0)::BIGINT AS lines FROM purchases")
    kinds = log.rows(
        "SELECT event_type, count(*) AS events, count(amount) AS with_amount, coalesce(sum(amount), 0) AS "
        "amount FROM events GROUP BY event_type ORDER BY events DESC, event_type"
    )
    frequency = log.rows("SELECT purchases AS value, count(*) AS n FROM customers GROUP BY value")
    if not log.has_amounts:
        kinds = [{name: kind[name] for name in ("event_type", "events")} for kind in kinds]
    return {
        **found,
        **(_describe_money(log, kinds) if log.has_amounts else {}),
        "returns": sum(kind["events"] for kind in kinds if kind["event_type"] == "return"),
        "has_orders": log.has("order_id"),
        "event_types": kinds,
        "frequency": _binned(frequency, FREQUENCY_BINS),
    }


def _describe_money(log, kinds):
    found = log.row(
        "SELECT count(*) AS purchases, coalesce(sum(amount), 0) AS revenue, avg(amount) AS"
        " average_order_value, min(amount) AS minimum, max(amount) AS maximum, median(amount) AS median,"
        " quantile_cont(amount, 0.25) AS q1, quantile_cont(amount, 0.75) AS q3,"
        " stddev_samp(amount) AS deviation FROM purchases"
    )
    returned = sum(kind["amount"] for kind in kinds if kind["event_type"] == "return")
    return {
        **found,
        "returned": returned,
        "net_revenue": found["revenue"] - abs(returned),
        "amounts": _amounts(log, found),
    }


def describe_products(log):
    """Count products and categories, what sells best and how many different ones a customer buys."""
    name = "product" if log.has("product") else "category" if log.has("category") else None
    if name is None:
        return None
    counts = {
        f"{column}s" if column == "product" else "categories": (
            log.row(f"SELECT count(DISTINCT {column}) AS n FROM events WHERE event_type = 'purchase'")["n"]
            if log.has(column)
            else None
        )
        for column in ("product", "category")
    }
    units = "sum(quantity)" if log.has("quantity") else "count(*)"
    revenue, best = (", coalesce(sum(amount), 0) AS revenue", "revenue") if log.has_amounts else ("", "units")
    top = log.rows(
        f"SELECT {name} AS name, {units} AS units{revenue},"
        f" count(DISTINCT customer_id) AS customers FROM events WHERE event_type = 'purchase' AND {name} IS "
        f"NOT NULL GROUP BY {name} ORDER BY {best} DESC, name LIMIT {TOP}"
    )
    diversity = log.rows(
        f"SELECT value, count(*) AS n FROM (SELECT count(DISTINCT {name}) AS value FROM events"
        f" WHERE event_type = 'purchase' AND {name} IS NOT NULL GROUP BY customer_id) GROUP BY value"
    )
    people = sum(row["n"] for row in diversity)
    if log.has_amounts:
        total = log.row("SELECT sum(amount) AS n FROM purchases")["n"]
        top = [{**row, "revenue_share": row["revenue"] / total if total else None} for row in top]
    return {
        **counts,
        "named_by": name,
        "has_quantity": log.has("quantity"),
        "top": top,
        "per_customer_mean": sum(row["value"] * row["n"] for row in diversity) / people if people else None,
        "per_customer": _binned(diversity, DIVERSITY_BINS),
    }


def _amounts(log, found):
    """Return the histogram of purchase amounts: round bins up to the 98th percentile, then the rest."""
    if not found["purchases"] or found["minimum"] is None:
        return []
    low = found["minimum"]
    high = log.row(f"SELECT quantile_cont(amount, {AMOUNT_SHARE}) AS n FROM purchases")["n"]
    if high <= low:
        return [{"start": low, "end": found["maximum"], "count": found["purchases"]}]
    width = _round_width((high - low) / AMOUNT_BINS)
    first, after = math.floor(low / width), math.floor(high / width) + 1
    counts = {
        row["bin"]: row["n"]
        for row in log.rows(
            "SELECT least(floor(amount / $width), $after)::BIGINT AS bin, count(*) AS n FROM purchases "
            "WHERE amount IS NOT NULL GROUP BY bin",
            width=width,
            after=after,
        )
    }
    bins = [
        {"start": _tidy(number * width), "end": _tidy((number + 1) * width), "count": counts.get(number, 0)}
        for number in range(first, after)
    ]
    rest = {"start": _tidy(after * width), "end": None, "count": counts.get(after, 0)}
    return [*bins, rest] if rest["count"] else bins


def _round_width(rough):
    """Return the next larger of 1, 2, 5, 10, 20, 50… (or their hundredths)."""
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough)


def _tidy(number):
    """Take back what adding up binary fractions left: 0.30000000000000004."""
    return float(f"{number:.10g}")


def _binned(rows, bins):
    """Sum counts of whole numbers into bins with both ends included; the last one is open."""
    return [
        {
            "start": start,
            "end": end,
            "count": sum(
                row["n"] for row in rows if row["value"] >= start and (end is None or row["value"] <= end)
            ),
        }
        for start, end in bins
    ]
