"""Every example of the catalogue's windows, worked out by hand there, comes out so here."""

from datetime import date, timedelta

import pytest

from ml.logs.features.catalogue import FEATURE_SETS, TRAITS, list_features
from ml.logs.features.single import compute_one
from ml.logs.features.window_definitions import WINDOWS

AS_OF = date(2023, 3, 21)
ON_1_5_AND_11_MARCH = {20: 7, 16: 7, 10: 7}
# What was paid how many days ago, and what the example of the catalogue then says.
EXAMPLES = {
    "purchases_last_30_days": ({3: 7, 30: 7, 31: 7}, 2),
    "purchases_last_90_days": ({3: 7, 90: 7, 91: 7}, 2),
    "purchases_previous_90_days": ({90: 7, 91: 7, 180: 7, 181: 7}, 2),
    "spend_last_30_days": ({3: 10, 31: 20}, 10),
    "spend_last_90_days": ({3: 10, 90: 20}, 30),
    "spend_previous_90_days": ({90: 10, 91: 20}, 20),
    "spend_change_90_days": ({90: 10, 91: 30}, -0.5),
    "smallest_order_value": ({3: 10, 40: 30}, 10),
    "largest_order_value": ({3: 10, 40: 30}, 30),
    "latest_order_score": ({1: 60, 10: 30, 20: 30}, 60),
    "latest_gap_days": (ON_1_5_AND_11_MARCH, 6),
    "latest_gap_score": (ON_1_5_AND_11_MARCH, 600 / 11),
    "overdue_score": (ON_1_5_AND_11_MARCH, 1000 / 15),
    "returns_per_purchase": ({5: 7, 10: -7, 15: 7, 20: 7, 25: 7}, 0.25),
}


def compute(paid, orders=None):
    events = [
        {
            "event_at": AS_OF - timedelta(days=ago),
            "amount": amount,
            "event_type": "purchase" if amount >= 0 else "return",
        }
        for ago, amount in paid
    ]
    for event, order in zip(events, orders or [], strict=bool(orders)):
        event["order_id"] = order
    return compute_one(events, as_of=AS_OF, feature_set="retail_v2")


def test_every_window_has_an_example_here():
    assert list(EXAMPLES) == [feature.name for feature in WINDOWS]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_hold(name):
    paid, expected = EXAMPLES[name]

    assert compute(paid.items())[name] == pytest.approx(expected)


def test_a_single_purchase_has_windows_and_no_gap():
    found = compute([(200, 12.5)])

    assert {name: found[name] for name in EXAMPLES} == {
        "purchases_last_30_days": 0, "purchases_last_90_days": 0, "purchases_previous_90_days": 0,
        "spend_last_30_days": 0.0, "spend_last_90_days": 0.0, "spend_previous_90_days": 0.0,
        "spend_change_90_days": None, "smallest_order_value": 12.5, "largest_order_value": 12.5,
        "latest_order_score": 50.0, "latest_gap_days": None, "latest_gap_score": None, "overdue_score": None,
        "returns_per_purchase": 0.0,
    }  # fmt: skip


def test_purchases_of_one_day_are_no_gap_and_none_of_them_is_the_latest():
    found, turned = (compute(paid) for paid in ([(4, 10), (4, 30), (9, 20)], [(9, 20), (4, 30), (4, 10)]))

    assert found == turned
    assert (found["latest_gap_days"], found["latest_gap_score"]) == (5, 50.0)
    assert found["overdue_score"] == pytest.approx(400 / 9)
    assert found["latest_order_score"] == 50.0


def test_rows_of_one_order_that_came_back_are_one_return():
    paid = [(30, 8), (20, 8), (10, -3), (10, -5)]

    assert compute(paid)["returns_per_purchase"] == 1.0
    assert compute(paid, ["A", "B", "C", "C"])["returns_per_purchase"] == 0.5
    assert compute(paid, ["A", "B", None, None])["returns_per_purchase"] == 0.5


def test_nothing_paid_has_no_usual_order():
    found = compute([(3, 0), (9, 0)])

    assert found["latest_order_score"] is None and found["spend_change_90_days"] is None
    assert found["smallest_order_value"] == 0.0


def test_every_set_says_what_is_true_of_it():
    assert list(TRAITS) == list(FEATURE_SETS)
    for name in FEATURE_SETS:
        defined = [feature.name for feature in list_features(name)]
        assert len(set(defined)) == len(defined)
