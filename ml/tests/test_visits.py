"""A log that does not say what was paid has no feature of money: absent, and not zero."""

import re
from datetime import datetime

import pytest

from ml.logs.features.catalogue import FEATURE_SETS, list_features
from ml.logs.features.engine import compute_features, compute_one
from ml.logs.leak_guard import check_features
from ml.logs.profile import profile_events
from ml.logs.visits import say_visits
from ml.tests.purchase_logs import FULL, events_of, make_events, read_rows, write_events

AS_OF = datetime(2023, 12, 1)
SETS = tuple(FEATURE_SETS)
VISITS = ("customer_id", "event_at", "event_type")
ORDERS = tuple(name for name in FULL if name != "amount")
OF_MONEY = {
    "rfm_v2": {"monetary_score", "avg_transaction_value"},
    "retail_v1": {
        "average_order_value", "total_lifetime_spend", "percentile_rank_by_spend",
        "customer_lifetime_value_estimate",
    },
}  # fmt: skip
OF_MONEY["retail_v2"] = OF_MONEY["retail_v1"] | {
    "spend_last_30_days", "spend_last_90_days", "spend_previous_90_days", "spend_change_90_days",
    "smallest_order_value", "largest_order_value", "latest_order_score",
}  # fmt: skip


@pytest.fixture(scope="module")
def events():
    return make_events()


def compute(tmp_path, events, feature_set, columns, **options):
    log = write_events(tmp_path / "events.parquet", events, columns=columns)
    target = tmp_path / "features.parquet"
    return compute_features(log, as_of=AS_OF, feature_set=feature_set, target=target, **options), target


@pytest.mark.parametrize("columns", [VISITS, ORDERS], ids=["visits", "orders"])
@pytest.mark.parametrize("feature_set", SETS)
def test_what_speaks_of_money_is_absent_and_the_rest_is_what_it_was(events, tmp_path, feature_set, columns):
    with_amounts, found = compute(tmp_path, events, feature_set, (*columns, "amount"))
    before = read_rows(found)

    report, target = compute(tmp_path, events, feature_set, columns)

    gone = set(report.absent) - set(with_amounts.absent)
    assert gone == OF_MONEY[feature_set]
    assert all(report.absent[name] == "The log has no column amount." for name in gone)
    assert report.cuts is None and report.rows == len(before)
    kept = [feature.name for feature in list_features(feature_set) if feature.name not in report.absent]
    assert list(report.features) == kept
    assert read_rows(target) == {
        customer: {name: row[name] for name in kept} for customer, row in before.items()
    }


@pytest.mark.parametrize("feature_set", SETS)
def test_buckets_one_customer_and_the_leak_guard_agree(events, tmp_path, feature_set):
    report, whole = compute(tmp_path, events, feature_set, VISITS)
    rows = read_rows(whole)

    compute(tmp_path, events, feature_set, VISITS, buckets=7)

    assert read_rows(whole) == rows
    for customer, row in list(rows.items())[:9]:
        alone = compute_one(
            events_of(events, customer, columns=VISITS), as_of=AS_OF, feature_set=feature_set,
            columns=report.columns, has_time=report.has_time, cuts=report.cuts,
        )  # fmt: skip
        assert alone == row, customer
    guard = check_features(tmp_path / "events.parquet", as_of=AS_OF, feature_set=feature_set)
    assert set(guard.features) >= set(report.features)


def test_one_visitor_needs_no_amounts_and_a_buyer_needs_all():
    visits = [{"event_at": "2024-01-15"}, {"event_at": "2024-01-20"}]
    bought = [{"event_at": "2024-01-15", "amount": 9}, {"event_at": "2024-01-20"}]

    found = compute_one(visits, as_of=datetime(2024, 1, 30), feature_set="rfm_v2")

    assert (found["recency_score"], found["tenure_days"]) == (75.0, 15)
    assert not found.keys() & OF_MONEY["rfm_v2"]
    # A version that learned from visits is not asked what was paid.
    assert found == compute_one(bought, as_of=datetime(2024, 1, 30), feature_set="rfm_v2", columns=VISITS)
    with pytest.raises(ValueError, match="Event 2 is a purchase without an amount"):
        compute_one(bought, as_of=datetime(2024, 1, 30), feature_set="rfm_v2")


OF_SHOPS = re.compile(
    r"\b(purchas\w*|buy\w*|bought|paid|pay\w*|spen[dt]\w*|amounts?|revenue|money|price\w*|receipts?|sells?"
    r"|retailers?|in retail)\b",
    re.I,
)
SUMS = {
    "revenue", "returned", "net_revenue", "amounts", "average_order_value",
    "top_tenth_revenue_share", "revenue_share", "zero_amounts", "negative_amounts", "negative_purchases",
    "filler_amounts", "decimal_slips", "amount", "with_amount",
}  # fmt: skip


def walk(found, name=""):
    """Yield each name and each value of a profile."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from walk(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from walk(value, name)
    yield name, found


@pytest.mark.parametrize(
    ("said", "of_visits"),
    [
        ("They have bought nothing for 56 days.", "They have not come for 56 days."),
        ("Leaving means to buy nothing for 56 days.", "Leaving means not to come for 56 days."),
        ("Who buys nothing has left; many bought nothing.", "Who does not come has left; many did not come."),
        ("Products that were bought again", "Products that were chosen again"),
    ],
)
def test_a_sentence_about_visits_is_good_english(said, of_visits):
    assert say_visits(said) == of_visits


REPORTS = {
    "clean": {},
    "poor": {"rows_in": 900, "rejected": 90, "duplicates": 80, "missing_ids": 30, "label_conflicts": 4},
}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("customers", [1, 60])
@pytest.mark.parametrize("has_time", [True, False])
def test_no_sentence_and_no_figure_of_a_profile_speaks_of_money(tmp_path, report, customers, has_time):
    events = make_events(customers=customers)
    if not has_time:
        events = [
            event | {"event_at": event["event_at"].replace(hour=0, minute=0, second=0)} for event in events
        ]
    log = write_events(tmp_path / "events.parquet", events, columns=VISITS, has_time=has_time)

    profile = profile_events(log, report=report)

    assert SUMS.isdisjoint(name for name, value in walk(profile) if value is not None)
    assert profile["outliers"] is None and profile["consistency"]["currency"] is None
    said = [value for name, value in walk(profile) if isinstance(value, str) and " " in value]
    assert len(said) > 15
    assert not [sentence for sentence in said if OF_SHOPS.search(sentence)]


def test_a_log_of_orders_without_amounts_is_still_one_of_purchases(events, tmp_path):
    log = write_events(tmp_path / "events.parquet", events, columns=ORDERS)

    profile = profile_events(log, report={})

    assert SUMS.isdisjoint(name for name, value in walk(profile) if value is not None)
    assert profile["products"]["top"][0].keys() == {"name", "units", "customers"}
    assert profile["churn"]["terms"]["horizon"].startswith("Horizon: a customer who was active and buys")


def test_two_visits_of_a_day_are_nothing_odd_and_of_a_moment_they_are(tmp_path):
    at = datetime(2024, 5, 1, 9)
    events = [
        {"customer_id": "A", "event_at": moment, "event_type": "purchase"}
        for moment in (at, at, at.replace(hour=17))
    ]

    found = profile_events(write_events(tmp_path / "log.parquet", events, columns=VISITS), report={})[
        "duplicates"
    ]

    assert found["transactions"] == 1
    assert found["examples"] == [{"customer_id": "A", "times": 2, "day": "2024-05-01 09:00:00"}]
