"""A log that does not say what was paid has no feature of money: absent, and not zero."""

from datetime import datetime

import pytest

from ml.logs.features.catalogue import FEATURE_SETS, list_features
from ml.logs.features.engine import compute_features, compute_one
from ml.logs.leak_guard import check_features
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
