"""How often those leave of whom no model is asked, learned at past cutoffs and judged at a later one."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ml.learning.judging import judge_rates
from ml.logs.feature_columns import FeatureTable
from ml.logs.labels import find_lapsed
from ml.logs.rates import learn_first_buyers, learn_rates, rates_since, tenure_of
from ml.tests.purchase_logs import DAYS, PLAIN, START, make_events, write_events

CUTOFF = START + timedelta(days=DAYS - 100)


def once(days, labels):
    return FeatureTable(pd.DataFrame({"tenure_days": days}), np.array(labels))


OFTEN = FeatureTable(pd.DataFrame({"tenure_days": [50] * 10}), np.array([0, 1] * 5))


def test_each_first_buyer_gets_the_rate_of_the_band_that_was_learned_from():
    rng = np.random.default_rng(3)
    days, cutoff = np.array([0, 29, 30, 89, 90, 179, 180, 364, 365, 2000] * 30), datetime(2024, 6, 1, 12)
    left = (rng.random(len(days)) < np.where(days < 90, 0.1, 0.8)).astype(int)
    once = FeatureTable(pd.DataFrame({"tenure_days": days}), left)
    often = FeatureTable(pd.DataFrame({"tenure_days": [50] * 10}), np.array([0, 1] * 5))

    table = learn_first_buyers([once], often)

    first = [cutoff - timedelta(days=int(day), hours=5) for day in days]
    many = rates_since(table, pa.array(first).to_numpy(zero_copy_only=False), cutoff)
    assert many.tolist() == [float(rates_since(table, one, cutoff)) for one in first]
    overall = (left.sum() + 0.5) / (len(days) + 1)
    for low, high in ((0, 30), (30, 90), (90, 180), (180, 365), (365, 9999)):
        chosen = (days >= low) & (days < high)
        assert many[chosen] == pytest.approx((left[chosen].sum() + 20 * overall) / (chosen.sum() + 20))


def test_the_latest_cutoff_decides_where_it_has_customers_enough():
    earlier, later = once([10] * 400, [1] * 320 + [0] * 80), once([10] * 400, [1] * 200 + [0] * 200)

    rate = learn_first_buyers([earlier, later], OFTEN)["rates"][0]

    assert 0.5 < rate < 0.53


def test_that_all_of_them_left_so_far_is_no_certainty():
    rates = learn_rates([np.array([400] * 300)], [np.ones(300, dtype=int)], common=0.9)["rates"]

    assert max(rates) == pytest.approx(1 - 1 / 320)


def test_with_nobody_at_the_latest_cutoff_those_of_earlier_ones_stand_in():
    earlier, nobody = once([10] * 400, [1] * 320 + [0] * 80), once([], [])

    rates = learn_first_buyers([earlier, nobody], OFTEN)["rates"]

    # Not the half of those who buy often.
    assert rates == pytest.approx([0.8] * 5, abs=0.01)


def test_rates_are_judged_on_others_by_level_ranking_and_band():
    table = {"bands": [30], "rates": [0.3, 0.8], "customers": 99}
    days, labels = np.array([5] * 100 + [40] * 100), np.array([1] * 40 + [0] * 60 + [1] * 75 + [0] * 25)

    found = judge_rates(table, days, labels)

    assert found["rows"] == 200
    assert (found["mean_probability"], found["churn_rate"]) == (pytest.approx(0.55), pytest.approx(0.575))
    assert found["auc"]["low"] < found["auc"]["value"] < found["auc"]["high"]
    assert found["bands"] == [
        {"from_days": 0, "until_days": 30, "rows": 100, "churned": 40, "mean_probability": 0.3},
        {"from_days": 30, "until_days": None, "rows": 100, "churned": 75, "mean_probability": 0.8},
    ]


def test_nobody_and_few_get_no_figures_that_would_be_of_nobody():
    table = {"bands": [30], "rates": [0.3, 0.8], "customers": 99}

    nobody = judge_rates(table, np.array([], dtype=int), np.array([], dtype=int))
    few = judge_rates(table, np.array([5, 40]), np.array([0, 1]))

    assert nobody == {"rows": 0, "mean_probability": None, "churn_rate": None, "auc": None, "bands": []}
    assert few["auc"] is None and few["churn_rate"] == 0.5


def test_who_had_lapsed_is_found_with_what_came_after(tmp_path):
    events, log = make_events(customers=300), tmp_path / "log.parquet"
    write_events(log, events, columns=PLAIN)
    begins, ends = CUTOFF + timedelta(days=7), CUTOFF + timedelta(days=67)
    bought = {}
    for event in events:
        if event["event_type"] == "purchase":
            bought.setdefault(event["customer_id"], []).append(event["event_at"])

    days, left = find_lapsed(log, as_of=CUTOFF, horizon_days=60, gap_days=7, active_window_days=30)

    expected = []
    for instants in bought.values():
        latest = max((at for at in instants if at < CUTOFF), default=None)
        if latest and latest < CUTOFF - timedelta(days=30):
            expected.append(((CUTOFF - latest).days, int(not any(begins <= at < ends for at in instants))))
    assert sorted(zip(days.tolist(), left.tolist(), strict=True)) == sorted(expected)
    assert 0 < sum(left) < len(left)


def test_the_lapsed_of_a_young_log_get_what_is_usual():
    nobody = np.array([], dtype=int)

    assert learn_rates([nobody], [nobody], common=0.9)["rates"] == pytest.approx([0.9] * 5)
    assert tenure_of(once([3], [1])).tolist() == [3]
