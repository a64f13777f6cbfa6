"""A small log of purchases with every oddity, and the features of a customer worked out by plain loops."""

import math
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import pstdev

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2023, 1, 1)
DAYS = 420
TYPES = {
    "customer_id": pa.string(), "event_at": pa.timestamp("us"), "amount": pa.float64(),
    "event_type": pa.string(), "order_id": pa.string(), "product": pa.string(), "category": pa.string(),
    "quantity": pa.float64(), "discount": pa.float64(), "label": pa.int8(),
}  # fmt: skip
PLAIN = ("customer_id", "event_at", "amount", "event_type")
FULL = tuple(name for name in TYPES if name != "label")


def make_events(*, customers=60, seed=5):
    """Orders of several rows, logins, returns, customers who bought once, rows without product or order."""
    rng = np.random.default_rng(seed)
    events = []
    for number in range(customers):
        customer, orders = f"C{number:03d}", int(rng.integers(1, 25)) if number % 10 else 1
        for order in range(orders):
            at = START + timedelta(seconds=int(rng.integers(0, DAYS * 86_400)))
            for _ in range(int(rng.integers(1, 4))):
                events.append(_purchase(rng, customer, at, f"{customer}-{order}"))
        for _ in range(int(rng.integers(0, 6))):
            at = START + timedelta(seconds=int(rng.integers(0, DAYS * 86_400)))
            kind = "login" if rng.random() < 0.5 else "return"
            event = dict.fromkeys(TYPES) | {"customer_id": customer, "event_at": at, "event_type": kind}
            events.append(event | {"amount": -10.0 if kind == "return" else None})
    return [events[place] for place in rng.permutation(len(events))]


def _purchase(rng, customer, at, order):
    return {
        "customer_id": customer,
        "event_at": at,
        "amount": round(float(rng.gamma(2, 17)), 2),
        "event_type": "purchase",
        "order_id": None if rng.random() < 0.05 else order,
        "product": None if rng.random() < 0.05 else f"P{rng.integers(0, 9)}",
        "category": None if rng.random() < 0.05 else ("coffee", "tea", "Äpfel")[rng.integers(0, 3)],
        "quantity": None if rng.random() < 0.05 else float(rng.integers(1, 5)),
        "discount": None if rng.random() < 0.05 else float(rng.integers(0, 2)) / 10,
        "label": None,
    }


def write_events(path, events, *, columns=FULL, has_time=True):
    arrays = {name: pa.array([event.get(name) for event in events], type=TYPES[name]) for name in columns}
    table = pa.table(arrays).replace_schema_metadata({"has_time": "true" if has_time else "false"})
    pq.write_table(table, path)
    return path


def read_rows(path):
    return {row.pop("customer_id"): row for row in pq.read_table(path).to_pylist()}


def events_of(events, customer, *, columns=FULL):
    return [
        {name: event.get(name) for name in columns if name != "customer_id"}
        for event in events
        if event["customer_id"] == customer
    ]


def work_out(events, *, as_of, columns=FULL):
    """The features of all sets for one customer's events, as the catalogue words them."""
    known = [event for event in events if event["event_at"] < as_of]
    orders, returns = (
        _orders([event for event in known if event["event_type"] == kind], columns)
        for kind in ("purchase", "return")
    )
    others = [event["event_at"] for event in known if event["event_type"] not in ("purchase", "return")]
    found = _work_out_rfm(orders, others, as_of)
    if orders:
        found |= _work_out_retail(orders, as_of) | _work_out_windows(orders, returns, as_of)
    return found


def _orders(rows, columns):
    grouped = defaultdict(list)
    for number, row in enumerate(rows):
        if "order_id" not in columns:
            grouped[number].append(row)
        else:
            grouped[row["order_id"] or row["event_at"]].append(row)
    return sorted(grouped.values(), key=_at)


def _at(order):
    return min(row["event_at"] for row in order)


def _ago(at, as_of):
    return (as_of.date() - at.date()).days


def _work_out_rfm(orders, others, as_of):
    bought = [_ago(_at(order), as_of) for order in orders]
    active = bought + [_ago(at, as_of) for at in others]
    paid = [sum(row["amount"] for row in order) for order in orders]
    recent = [amount for amount, ago in zip(paid, bought, strict=True) if ago <= 90]
    lively = sum(ago <= 30 for ago in active)
    counts = Counter(active)
    days = range(1, 31)
    slope = np.polyfit([-day for day in days], [counts[day] for day in days], 1)[0]
    slope += counts[0] * 15.5 / sum((day - 15.5) ** 2 for day in days)
    recency, frequency = 100 / (1 + min(active) / 30), 100 * len(recent) / (len(recent) + 6)
    return {
        "recency_score": recency,
        "frequency_score": frequency,
        "monetary_score": min(100, 20 * math.log10(1 + sum(recent))),
        "engagement_score": 0.4 * recency + 0.3 * frequency + 0.3 * 100 * lively / (lively + 10),
        "tenure_days": max(active),
        "activity_trend": slope,
        "avg_transaction_value": sum(paid) / len(paid) if paid else 0,
        "days_between_transactions": (
            (max(active) - min(active)) / (len(active) - 1) if len(active) > 1 else active[0]
        ),
    }


def _work_out_retail(orders, as_of):
    rows = [row for order in orders for row in order]
    instants = [_at(order) for order in orders]
    ago, n = [_ago(at, as_of) for at in instants], len(orders)
    paid = sum(row["amount"] for row in rows)
    gaps = [(later.date() - earlier.date()).days for earlier, later in pairwise(instants)]
    months = [sum((30 * k or -1) < day <= 30 * (k + 1) for day in ago) for k in range(6)]
    quantities = [row["quantity"] for row in rows if row["quantity"] is not None]
    categories = Counter(row["category"] for row in rows if row["category"] is not None)
    products = defaultdict(set)
    for row in rows:
        if row["product"] is not None:
            products[row["product"]].add(row["event_at"].date())
    quarters = Counter((at.month + 2) // 3 for at in instants)
    pace = 30 * n / max(30, ago[0])
    regular = n >= 3 and sum(gaps) > 0
    return {
        "days_since_last_purchase": ago[-1],
        "total_purchase_count": n,
        "average_order_value": paid / n,
        "total_lifetime_spend": paid,
        "days_since_first_purchase": ago[0],
        "purchase_velocity": pace,
        "avg_days_between_purchases": sum(gaps) / (n - 1) if n > 1 else ago[0],
        "trend_last_3_months": np.polyfit(range(3), months[2::-1], 1)[0],
        "trend_last_6_months": np.polyfit(range(6), months[::-1], 1)[0],
        "number_of_product_categories": len(categories),
        "favorite_category": min(categories, key=lambda name: (-categories[name], name), default=None),
        "percent_repeat_products": (
            100 * sum(len(days) > 1 for days in products.values()) / len(products) if products else None
        ),
        "weekend_purchase_ratio": sum(at.weekday() >= 5 for at in instants) / n,
        "evening_purchase_ratio": sum(at.hour >= 18 for at in instants) / n,
        "months_active": len({(at.year, at.month) for at in instants}),
        "longest_gap_between_purchases": max(gaps, default=ago[0]),
        "consistency_score": 100 / (1 + pstdev(gaps) / (sum(gaps) / len(gaps))) if regular else 0,
        "seasonality_preference": f"Q{min(quarters, key=lambda quarter: (-quarters[quarter], quarter))}",
        "customer_lifetime_value_estimate": (
            paid / n * pace * 365 / 30 * ((ago[0] - ago[-1]) / ago[0] if ago[0] else 1) ** (n - 1)
        ),
        "average_items_per_transaction": sum(quantities) / n if quantities else None,
        "discount_usage_rate": sum(any((row["discount"] or 0) > 0 for row in order) for order in orders) / n,
    }


def _work_out_windows(orders, returns, as_of):
    ago = [_ago(_at(order), as_of) for order in orders]
    paid = [sum(row["amount"] for row in order) for order in orders]
    days = sorted(set(ago), reverse=True)
    gaps = [earlier - later for earlier, later in pairwise(days)]
    lately = [amount for amount, day in zip(paid, ago, strict=True) if day <= 90]
    before = [amount for amount, day in zip(paid, ago, strict=True) if 90 < day <= 180]
    latest = [amount for amount, day in zip(paid, ago, strict=True) if day == days[-1]]
    return {
        "purchases_last_30_days": sum(day <= 30 for day in ago),
        "purchases_last_90_days": len(lately),
        "purchases_previous_90_days": len(before),
        "spend_last_30_days": sum(amount for amount, day in zip(paid, ago, strict=True) if day <= 30),
        "spend_last_90_days": sum(lately),
        "spend_previous_90_days": sum(before),
        "spend_change_90_days": (
            (sum(lately) - sum(before)) / sum(lately + before) if lately or before else None
        ),
        "smallest_order_value": min(paid),
        "largest_order_value": max(paid),
        "latest_order_score": _against(sum(latest) / len(latest), sum(paid) / len(paid)),
        "latest_gap_days": gaps[-1] if gaps else None,
        "latest_gap_score": _against(gaps[-1], sum(gaps) / len(gaps)) if gaps else None,
        "overdue_score": _against(days[-1], sum(gaps) / len(gaps)) if gaps else None,
        "returns_per_purchase": len(returns) / len(orders),
    }


def _against(value, usual):
    return 100 * value / (value + usual)
