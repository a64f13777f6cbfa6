import json

import numpy as np
import pytest

from ml.evaluation.comparison import (
    bootstrap_metrics,
    changed_sides,
    compare_versions,
    feature_shift,
    rows_that_change,
    state_verdict,
    untouched,
)
from ml.evaluation.metrics import evaluate
from ml.evaluation.resampling import METRICS, Case
from ml.serving.scoring import Scorer


def customers(rows, seed=0, noise=0.0):
    """Outcomes, the chances they were drawn with, and the same chances blurred."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1.3, 1.3, rows)
    chances = 1 / (1 + np.exp(-log_odds))
    blurred = 1 / (1 + np.exp(-(log_odds + rng.normal(0, noise, rows))))
    return (rng.random(rows) < chances).astype(int), chances, blurred


def test_a_resample_is_measured_as_the_published_figures_are():
    churned, chances, _ = customers(300)
    chances = chances.round(1)  # many ties
    counts = np.random.default_rng(1).multinomial(300, np.full(300, 1 / 300)).astype(float)
    drawn = np.repeat(np.arange(300), counts.astype(int))

    found = Case(churned, chances, 0.3).measure(counts[None])[0]

    expected = evaluate(churned[drawn], chances[drawn], 0.3)
    flat = expected["weighted"] | expected["churners"] | {key: expected[key] for key in ("brier", "log_loss")}
    np.testing.assert_allclose(found, [flat[metric.name] for metric in METRICS], rtol=1e-12)


def test_intervals_surround_the_published_figures():
    churned, chances, _ = customers(1_409)

    found = bootstrap_metrics(churned, chances)

    published = evaluate(churned, chances)
    for name, interval in found.weighted.items():
        assert interval.value == pytest.approx(published["weighted"][name], abs=1e-12)
        assert interval.low < interval.value < interval.high
    for name, interval in found.churners.items():
        assert interval.value == pytest.approx(published["churners"][name], abs=1e-12)
    assert found.probabilities["brier"].value == pytest.approx(published["brier"], abs=1e-12)
    assert (found.customers, found.churned) == (1_409, churned.sum())


@pytest.mark.parametrize(
    ("rounds", "least", "most"), [(100, 88, 100), pytest.param(2_000, 1_865, 1_935, marks=pytest.mark.prove)]
)
def test_intervals_hold_the_truth_about_as_often_as_they_promise(rounds, least, most):
    _, chances, _ = customers(200_000, seed=99)
    expected_brier = (chances * (1 - chances)).mean()

    held = 0
    for seed in range(rounds):
        churned, chances, _ = customers(500, seed=seed)
        interval = bootstrap_metrics(churned, chances, resamples=300).probabilities["brier"]
        held += interval.low <= expected_brier <= interval.high

    assert least <= held <= most


def test_four_times_the_customers_halve_the_interval():
    few, many = (
        bootstrap_metrics(churned, chances).weighted["AUC"]
        for churned, chances, _ in (customers(1_000), customers(4_000))
    )

    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(2, rel=0.2)


def test_the_same_seed_gives_the_same_intervals():
    churned, chances, blurred = customers(500, noise=0.5)

    assert bootstrap_metrics(churned, chances, seed=3) == bootstrap_metrics(churned, chances, seed=3)
    assert bootstrap_metrics(churned, chances, seed=3) != bootstrap_metrics(churned, chances, seed=4)
    assert compare_versions(churned, blurred, chances) == compare_versions(churned, blurred, chances)


def test_has_no_auc_where_nobody_left():
    found = bootstrap_metrics(np.zeros(50), np.full(50, 0.1)).to_dict()

    assert found["weighted"]["AUC"] == {"value": None, "low": None, "high": None}
    assert found["weighted"]["Accuracy"]["value"] == 1
    json.dumps(found, allow_nan=False)


def test_draws_without_a_single_leaver_do_not_break_the_auc():
    found = bootstrap_metrics([1] + [0] * 20, np.linspace(0.9, 0.1, 21))

    assert found.weighted["AUC"].low < found.weighted["AUC"].high == 1


def test_finds_the_version_that_knows_more():
    churned, chances, blurred = customers(3_000, noise=1.0)

    better, worse = compare_versions(churned, blurred, chances), compare_versions(churned, chances, blurred)

    assert (better.verdict, worse.verdict) == ("better", "worse")
    assert better.deciding.difference.value == pytest.approx(-worse.deciding.difference.value)
    told = state_verdict(better, "v1", "v2")
    assert told.startswith("Better than v1: the chances of v2 are nearer to what")
    # A minus sign, as in the figures below it.
    assert "interval of the difference \N{MINUS SIGN}0." in told
    assert state_verdict(worse, "v1", "v2").startswith(
        "Worse than v1: the chances of v2 are further from what"
    )


def test_says_that_a_real_difference_is_worth_nothing():
    churned, chances, blurred = customers(100_000, noise=0.1)

    found = compare_versions(churned, blurred, chances, resamples=100)

    assert found.verdict == "better"
    assert "The difference is real and worth next to nothing: 0.000" in state_verdict(found, "v1", "v2")


@pytest.mark.parametrize(("rounds", "most"), [(100, 12), pytest.param(2_000, 130, marks=pytest.mark.prove)])
def test_calls_a_difference_real_about_as_seldom_as_it_promises(rounds, most):
    # Two versions with errors of the same size: neither is better.
    real = 0
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        churned, chances, _ = customers(500, seed=seed)
        two = (1 / (1 + (1 / chances - 1) * np.exp(rng.normal(0, 0.3, 500))) for _ in range(2))
        real += compare_versions(churned, *two, resamples=300).verdict != "no_real_difference"

    assert real <= most


def test_sees_promises_that_are_too_high_although_the_ranking_is_the_same():
    churned, chances, _ = customers(3_000)
    proud = chances**0.5

    found = compare_versions(churned, chances, proud)

    assert found.verdict == "worse"
    auc = next(difference for difference in found.differences if difference.metric == "AUC")
    assert (auc.difference.value, auc.verdict) == (0, "no_real_difference")


def test_pairing_makes_the_interval_narrow():
    churned, chances, blurred = customers(1_409, noise=0.2)

    deciding = compare_versions(churned, blurred, chances).deciding

    width = deciding.difference.high - deciding.difference.low
    assert width < 0.5 * (deciding.new.high - deciding.new.low)


def test_does_not_decide_on_a_handful():
    churned, chances = np.array([0] * 100 + [1] * 20), np.linspace(0, 1, 120)

    found = compare_versions(churned, 1 - chances, chances)

    assert found.deciding.difference.value < 0 and found.deciding.difference.low is None
    assert {one.verdict for one in found.differences} == {"no_real_difference"}
    assert (found.verdict, found.enough) == ("no_real_difference", False)
    assert state_verdict(found, "v1", "v2").startswith("Too few customers to tell v2 from v1")


def test_a_comparison_goes_through_json():
    churned, chances, blurred = customers(200, noise=0.5)
    found = compare_versions(churned, blurred, chances, (0.5, 0.4), resamples=50).to_dict()

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["thresholds"] == [0.5, 0.4]
    assert [row["metric"] for row in found["differences"]] == [metric.name for metric in METRICS]


def test_counts_who_changes_side_at_the_own_threshold_of_each_version():
    churned = [1, 0, 1, 0, 0]
    serving, new = [0.4, 0.4, 0.9, 0.55, 0.1], [0.45, 0.42, 0.8, 0.3, 0.1]

    found = changed_sides(churned, serving, new, (0.5, 0.4))

    assert (found.to_leave.customers, found.to_leave.churned) == (2, 1)
    assert (found.to_stay.customers, found.to_stay.churned) == (1, 0)
    assert (found.still_leave.customers, found.still_leave.churned) == (1, 1)
    assert (found.still_stay.customers, found.still_stay.churned) == (1, 0)


def test_names_the_largest_changes_first():
    to_leave, to_stay = rows_that_change([0.4, 0.4, 0.9, 0.8], [0.6, 0.9, 0.1, 0.4])

    assert to_leave.tolist() == [1, 0]
    assert to_stay.tolist() == [2, 3]


def test_leaves_out_whom_any_version_has_learned_from():
    assert untouched(["a", "b", "c", "d"], ["b"], {"d", "x"}).tolist() == [True, False, True, False]
    assert untouched(["a"]).tolist() == [True]


def test_features_of_a_version_do_not_shift_against_itself(small_models, small_table):
    columns = {name: small_table[name].to_numpy() for name in small_table}
    columns["TotalCharges"] = np.where(columns["TotalCharges"] == "", "0", columns["TotalCharges"])
    scorer = Scorer(small_models.export("logistic_regression").manifest)

    assert {shift.difference for shift in feature_shift(scorer, scorer, columns)} == {0.0}


def test_says_which_feature_gained_weight(small_models, small_table):
    columns = {name: small_table[name].to_numpy() for name in small_table}
    columns["TotalCharges"] = np.where(columns["TotalCharges"] == "", "0", columns["TotalCharges"])
    manifest = small_models.export("logistic_regression").manifest
    serving = manifest["serving"]
    louder = serving | {"tables": serving["tables"] | {"Contract": [9.0, -9.0, -9.0]}}

    shifts = feature_shift(Scorer(manifest), Scorer(manifest | {"serving": louder}), columns, sample=500)

    assert shifts[0].feature == "Contract"
    assert (
        shifts[0].difference == pytest.approx(shifts[0].new - shifts[0].serving) and shifts[0].difference > 0
    )
    assert len(shifts) == 16
    json.dumps([shift.to_dict() for shift in shifts])


@pytest.mark.parametrize(
    ("labels", "probabilities", "resamples", "sentence"),
    [
        ([0, 1], [0.5], 10, "one length"),
        ([0, 2], [0.5, 0.5], 10, "0 or 1"),
        ([0, 1], [0.5, 1.5], 10, "between 0 and 1"),
        ([0, 1], [0.5, 0.5], 0, "At least one resample"),
    ],
)
def test_refuses_what_cannot_be_judged(labels, probabilities, resamples, sentence):
    with pytest.raises(ValueError, match=sentence):
        bootstrap_metrics(labels, probabilities, resamples=resamples)


def test_refuses_to_compare_on_a_single_outcome():
    with pytest.raises(ValueError, match="Both classes"):
        compare_versions([0, 0], [0.1, 0.2], [0.2, 0.1])
