import datetime as dt

import numpy as np
import pytest

from ml.logs.churn_definition import describe_gaps, find_elbow, impact_by_days, suggest_threshold
from ml.tests.purchases import event, write_log, write_rows


@pytest.fixture
def log(tmp_path):
    """Write a log from events and return its path."""
    return lambda events: write_log(tmp_path / "events.parquet", events)


def suggest(path):
    return suggest_threshold(describe_gaps(path))


# --- Gaps ------------------------------------------------------------------------------------------------


def test_gaps_are_counted_between_buying_days_and_days_count_once(log):
    gaps = describe_gaps(
        log(
            [event("a", 0.3), event("a", 0.6), event("a", 10), event("a", 40), event("b", 5), event("b", 5.5)]
        )
    )

    assert (gaps["gaps"], gaps["mean"], gaps["quantiles"]["50"]) == (2, 20.0, 10)
    assert (gaps["customers"], gaps["repeat_customers"], gaps["buyers_again"]) == (2, 1, 2)
    assert gaps["longer_than"][9:11] == [1.0, 0.5]
    assert sum(group["count"] for group in gaps["histogram"]) == 2


def test_returns_and_logins_are_no_purchases(log):
    gaps = describe_gaps(log([event("a", 0), event("a", 10, -5, "return"), event("a", 20, None, "login")]))

    assert gaps["gaps"] == 0


def test_the_lines_of_an_order_are_one_purchase(log):
    lines = [event("a", 0, order_id="1"), event("a", 0.5, order_id="1"), event("a", 9, order_id="2")]

    assert describe_gaps(log(lines))["gaps"] == 1


def test_the_elbow_of_exponential_gaps_is_where_theory_puts_it():
    # S(d) = exp(-d / m) up to D: the largest distance to the chord is at m ln(D / m (1 - exp(-D / m))^-1).
    mean, longest = 40, 184
    curve = np.exp(-np.arange(longest + 1) / mean)

    expected = mean * np.log(longest / mean / (1 - np.exp(-longest / mean)))

    assert find_elbow(curve) == pytest.approx(expected, abs=1)


def test_equal_gaps_bend_at_their_length(log):
    assert describe_gaps(log([event(c, 30 * n) for c in "abc" for n in range(12)]))["elbow_days"] == 30


# --- Suggestion ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("every", "days"), [(7, 30), (50, 50), (300, 180)])
def test_suggests_the_elbow_within_the_slider(log, every, days):
    suggestion = suggest(log([event(str(c), every * n + c % 3) for c in range(30) for n in range(12)]))

    assert suggestion["works"]
    assert suggestion["days"] == days
    assert f"within {suggestion['elbow_days']} days" in suggestion["reason"]
    # Of equal gaps all are longer or none is.
    assert f" of the gaps {'are' if every > days else 'is'} longer" in suggestion["reason"]
    assert "%" not in suggestion["reason"]
    assert (f"{days} days is the" in suggestion["reason"]) == (days in (30, 180))


def test_a_threshold_fits_twice_into_the_log(log):
    suggestion = suggest(log([event(str(c), day) for c in range(30) for day in (0, 60, 100)]))

    assert suggestion["days"] == 50
    assert "spans 101 days" in suggestion["reason"]


def test_few_gaps_are_called_a_rough_guess(log):
    suggestion = suggest(
        log([event("a", day) for day in (0, 50, 100, 150)])
        and log([event(c, day) for c in "ab" for day in (0, 50, 100, 150)])
    )

    assert suggestion["works"] and not suggestion["reliable"]
    assert "only 6 gaps" in suggestion["problems"][0]


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([], "no purchases"),
        ([event("a", day) for day in (0, 20, 40)] + [event("b", 1)], "too short: it spans 41 days"),
        ([event("a", day) for day in range(0, 300, 20)], "by one customer"),
        ([event(str(c), 3 * c) for c in range(100)], "every customer bought exactly once"),
        ([event(str(c), 3 * c + part) for c in range(100) for part in (0, 0.5)], "on one day only"),
    ],
)
def test_says_where_it_cannot_work(log, events, sentence):
    suggestion = suggest(log(events))

    assert not suggestion["works"]
    assert suggestion["days"] is None
    assert any(sentence in problem for problem in suggestion["problems"])


# --- Impact ----------------------------------------------------------------------------------------------


def at(impact, days):
    return next(row for row in impact if row["days"] == days)


def test_counts_churned_scorable_and_lapsed_at_the_latest_complete_cutoff(log):
    # The log ends on day 100 (its latest event is of day 99), so the cutoff of 40 days is day 60.
    impact = impact_by_days(
        log(
            [
                *(event("stays", day) for day in (0, 50, 99)),
                *(event("leaves", day) for day in (0, 20, 59)),
                event("left long ago", 19),
                event("just inside", 20),
                event("came at the cutoff", 60),
            ]
        )
    )

    found = at(impact, 40)
    assert found["as_of"] == "2024-03-01"
    assert (found["scorable"], found["churned"], found["lapsed"]) == (3, 2, 1)
    assert found["churn_rate"] == pytest.approx(2 / 3)


def test_the_gap_is_free_time_and_the_window_is_of_its_own(log):
    events = [event("a", 40), event("a", 65), event("b", 40), event("b", 99), event("c", 10)]

    without = at(impact_by_days(log(events), active_window_days=30), 40)
    with_gap = at(impact_by_days(log(events), gap_days=10, active_window_days=30), 30)

    assert (without["scorable"], without["churned"]) == (2, 0)
    # The purchase of day 65 falls into the gap [60, 70): neither a reason to be active nor a return.
    assert with_gap["as_of"] == "2024-03-01"
    assert (with_gap["scorable"], with_gap["churned"], with_gap["lapsed"]) == (2, 1, 1)


def test_currently_lapsed_is_the_rule_of_thumb_and_no_churn_rate(log):
    found = at(impact_by_days(log([event("a", 0), event("b", 60), event("b", 99), event("c", 69)])), 30)

    # Quiet for 100, 1 and 31 days at the end of day 99.
    assert (found["currently_lapsed"], found["currently_scorable"]) == (2, 1)
    assert found["currently_lapsed_rate"] == pytest.approx(2 / 3)


def test_says_whether_the_log_reaches_back_far_enough(log):
    impact = impact_by_days(log([event(c, day) for c in "ab" for day in range(0, 200, 10)]))

    assert at(impact, 95)["fits"] and not at(impact, 96)["fits"]
    assert at(impact, 180)["scorable"] == 2


def test_agrees_with_counting_customer_by_customer(log):
    rng = np.random.default_rng(7)
    bought = {str(c): np.unique(rng.integers(0, 400, rng.integers(1, 12))) for c in range(300)}
    path = log([event(customer, int(day)) for customer, days in bought.items() for day in days])
    end = max(days.max() for days in bought.values()) + 1

    for gap, window in ((0, None), (14, 90)):
        for row in impact_by_days(path, gap_days=gap, active_window_days=window)[::29]:
            start = end - row["days"]
            cutoff, reach = start - gap, window or row["days"]
            active = [d for d in bought.values() if ((d >= cutoff - reach) & (d < cutoff)).any()]
            known = sum((d < cutoff).any() for d in bought.values())

            assert row["scorable"] == len(active)
            assert row["churned"] == sum(not (d >= start).any() for d in active)
            assert row["lapsed"] == known - len(active)


def test_as_of_hides_what_came_later(log):
    path = log([event("a", 0), event("a", 30), event("a", 900)])

    assert describe_gaps(path, as_of=dt.datetime(2024, 6, 1))["gaps"] == 1


@pytest.mark.parametrize(
    "wrong", [{"days": [30, 32]}, {"days": [0, 1]}, {"gap_days": -1}, {"active_window_days": 0}]
)
def test_refuses_lengths_that_make_no_sense(log, wrong):
    with pytest.raises(ValueError, match=r"must|is"):
        impact_by_days(log([event("a", 0)]), **wrong)


# --- Real logs -------------------------------------------------------------------------------------------


def test_online_retail_at_ninety_days_has_the_known_churn_rate(shared, tmp_path):
    path = write_rows(
        shared / "data" / "online_retail_invoices.csv",
        tmp_path / "events.parquet",
        "SELECT cust::VARCHAR AS customer_id, date::TIMESTAMP AS event_at, amount::DOUBLE AS amount, "
        "'purchase' AS event_type, \"order\"::VARCHAR AS order_id FROM '{path}'",
    )

    found = at(impact_by_days(path, active_window_days=180), 90)

    # 0.381 is what the README of the shared data names for these customers.
    assert found["churn_rate"] == pytest.approx(0.381, abs=0.001)
    assert 45 <= suggest(path)["days"] <= 90


def test_cdnow_suggests_a_usual_threshold_and_says_that_half_buy_once(shared, tmp_path):
    path = write_rows(
        shared / "data" / "cdnow_sample_transactions.csv",
        tmp_path / "events.parquet",
        "SELECT cust::VARCHAR AS customer_id, date::TIMESTAMP AS event_at, amount::DOUBLE AS amount, "
        "'purchase' AS event_type FROM '{path}'",
    )

    suggestion = suggest(path)

    assert 45 <= suggestion["days"] <= 90
    assert "bought on one day only" in suggestion["problems"][0]
