# ruff: noqa: F811  (fixtures of another module)
"""Days of a log with nothing or next to nothing: missing, closed, or behind a date that is mistyped."""

import datetime as dt

import numpy as np
import pytest

from ml.logs.profile.dates import write_date
from ml.logs.profile.silence import Days, find_doubt, silences_of
from ml.tests.purchases import event
from ml.tests.test_log_profile import day_of, fault, profile, steady  # noqa: F401


def test_days_that_are_missing_are_said(profile):
    kept = [one for one in steady() if not 150 <= day_of(one) < 175]

    found = profile(kept)

    assert found["silence"]["days"] == 27
    assert fault(found, "silent-days")["reason"] == found["silence"]["sentence"]
    assert "27 days, the log has no row where about 1" in found["silence"]["sentence"]


@pytest.mark.parametrize("stray", [-400, 900])
def test_one_date_far_from_all_others_is_said(profile, stray):
    found = profile([*steady(), event("C-001", stray, 20)])["silence"]

    assert found["days"] > 300
    assert found["at_end"] is (stray > 0)
    assert ("the log has one row where" in found["sentence"]) is (stray > 0)


def test_an_earlier_closure_does_not_hide_what_comes_later(profile):
    kept = [one for one in steady() if not 60 <= day_of(one) < 120]

    found = profile([*kept, event("C-001", 500, -5, "return")])["silence"]

    assert found["rows"] == 1 and found["at_end"]


def strays(events):
    """A few dates behind the end, fewer than seven days apart, of rows that are no purchases."""
    end = max(map(day_of, events))
    return [*events, *(event("C-001", end + days, -5, "return") for days in (5, 10, 15, 20, 26))]


def thinned(events):
    """The log without six of seven rows of its last month."""
    end = max(map(day_of, events))
    return [one for number, one in enumerate(events) if day_of(one) < end - 31 or number % 7 == 0]


@pytest.mark.parametrize("customers", [30, 400])
@pytest.mark.parametrize(("harmed", "days"), [(strays, 26), (thinned, 32)])
def test_an_end_of_few_rows_is_said_with_the_last_complete_day(profile, harmed, days, customers):
    found = profile(harmed(steady(customers)))

    silence = found["silence"]
    assert silence["at_end"] and silence["days"] == pytest.approx(days, abs=6)
    assert 0 < silence["rows"] < silence["expected"] / 4
    assert fault(found, "silent-days")["title"].startswith(
        f"The last {silence['days']} days of the log have "
    )
    complete = dt.date.fromisoformat(silence["first"]) - dt.timedelta(days=1)
    assert silence["sentence"].endswith(f"so that the log ends on {write_date(complete)}.")


def test_a_trade_that_declines_or_rests_each_winter_is_no_thin_end(profile):
    year = enumerate(steady(400, months=24))
    declining = [one for number, one in year if number * 37 % 100 < 100 - day_of(one) // 8]
    resting = [one for one in steady(400, months=25) if day_of(one) % 365 < 330 and day_of(one) < 695]

    assert profile(declining)["silence"] is None
    assert not profile([*resting, event("C-001", 720, 5)])["silence"]["at_end"]


def test_a_trade_that_comes_to_its_end_by_itself_is_no_thin_end():
    day = np.arange(400)

    for seed in range(20):
        counts = np.random.default_rng([seed, 17]).poisson(40 * (1 - day / 400))
        with_rows = np.flatnonzero(counts)
        assert not any(each["at_end"] for each in silences_of(Days(738_000 + with_rows, counts[with_rows])))


def test_what_is_paid_once_a_month_leaves_no_days_out(profile):
    assert (
        profile([event(f"C-{one}", 30 * month, 20) for one in range(60) for month in range(12)])["silence"]
        is None
    )


def test_what_is_billed_each_quarter_beside_a_few_others_leaves_no_days_out(profile):
    billed = [event(f"C-{one}", 91 * quarter + one % 5, 20) for one in range(200) for quarter in range(8)]
    others = [event(f"C-{number}", 5 * number, 20) for number in range(146)]

    assert profile([*billed, *others])["silences"] == []


def test_closed_days_and_those_of_long_ago_are_in_no_doubt(profile):
    closed = [one for one in steady() if not 60 <= day_of(one) < 120]

    found = profile(closed)

    days = [(found["silence"]["first"], found["silence"]["last"])]
    assert profile(closed, closed=days)["silence"] is None
    assert (
        find_doubt(found["silences"], since=dt.date.fromisoformat(days[0][1]) + dt.timedelta(days=1)) is None
    )

    within = find_doubt(found["silences"], closed=days, since=dt.date.fromisoformat(days[0][0]))
    # They explain the gap, and count as silence of everybody all the same.
    assert within["sentence"].startswith("Nothing was open from ") and "62 days" in within["sentence"]


@pytest.mark.parametrize("missing", [range(150, 175), range(330, 400)])
def test_logins_do_not_hide_that_purchases_are_missing(profile, missing):
    kept = [one for one in steady() if day_of(one) not in missing]
    logins = [event(f"C-{one}", day, None, "login") for day in range(355) for one in range(12)]

    found = profile([*kept, *logins])["silence"]

    assert found["of"] == "purchase" and found["at_end"] is (missing.start == 330)
    assert f"the log has no purchase where about {found['expected']:,.0f}" in found["sentence"]
    assert profile([*steady(), *logins])["silence"] is None


def test_weekends_and_a_slow_shop_are_no_silence(profile):
    weekdays = [one for one in steady(customers=400) if day_of(one) % 7 < 5]
    slow = [event(f"C-{number}", 12 * number, 20) for number in range(60)]

    assert profile(weekdays)["silence"] is None
    assert profile(slow)["silence"] is None
