"""Does an interval hold the truth as often as it says, at the sizes and shares that people have?"""

import numpy as np
import pytest

from ml.evaluation.metrics import evaluate
from ml.evaluation.resampling import METRICS, bootstrap_metrics

SIZES, RATES = (30, 200, 1_287), (0.01, 0.05, 0.2, 0.5)


def draw(rng, rows, rate):
    """Draw customers of whom about `rate` leave, and what a fair model says of them."""
    true = np.log(rate / (1 - rate)) * 1.15 + rng.normal(0, 1.3, rows)
    said = true + rng.normal(0, 0.4, rows)
    churned = rng.random(rows) < 1 / (1 + np.exp(-true))
    return churned.astype(int), 1 / (1 + np.exp(-said))


def truth(rate, threshold):
    found = evaluate(*draw(np.random.default_rng(10**6), 400_000, rate), threshold)
    return found | {"probabilities": {name: found[name] for name in ("brier", "log_loss")}}


def shares_held(rows, rate, rounds):
    """Return for each figure how many of its intervals hold the truth, of those that were given."""
    threshold = max(rate, 0.03)
    true = truth(rate, threshold)
    held = {metric: [] for metric in METRICS}
    for seed in range(rounds):
        churned, said = draw(np.random.default_rng([seed, rows]), rows, rate)
        found = bootstrap_metrics(churned, said, threshold, resamples=300, seed=seed)
        for metric in METRICS:
            interval = getattr(found, metric.group)[metric.name]
            if interval.value is not None:
                held[metric].append(interval.low <= true[metric.group][metric.name] <= interval.high)
    return {
        f"{metric.group} {metric.name}": np.mean(found) for metric, found in held.items() if len(found) > 30
    }


@pytest.mark.parametrize(("rows", "rate"), [(30, 0.05), (200, 0.01), (200, 0.5), (1_287, 0.2)])
def test_hold_the_truth_about_as_often_as_they_say(rows, rate):
    held = shares_held(rows, rate, 150)

    # Of 150 intervals that miss one time in twenty, fewer than 134 hold in one of a thousand tests.
    assert len(held) >= 9 and {name: share for name, share in held.items() if share < 134 / 150} == {}


@pytest.mark.prove
@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("rate", RATES)
def test_hold_the_truth_in_92_of_100_at_every_size_and_share(rows, rate):
    held = shares_held(rows, rate, 2_000)

    # The lowest measured is the weighted precision of 1,287 customers with a fifth leaving: 92.1 of 100,
    # with 300 resamples. Of 2,000 samples 91 hold seldom where 92 should.
    assert {name: share for name, share in held.items() if share < 0.91} == {}


def test_a_share_of_nobody_has_no_figure():
    nobody_named = bootstrap_metrics([0, 1] * 20, [0.1] * 40).churners
    nobody_left = bootstrap_metrics([0] * 33, [0.1, 0.6, 0.2] * 11).churners

    assert nobody_named["precision"].value is None and nobody_named["precision"].high is None
    assert (nobody_named["recall"].value, nobody_named["f1"].value) == (0, 0)
    assert nobody_left["recall"].value is None and nobody_left["precision"].value == 0


def test_none_of_33_found_is_no_certainty():
    recall = bootstrap_metrics([1] * 33 + [0] * 67, [0.1] * 33 + [0.2, 0.6] * 33 + [0.2]).churners["recall"]

    assert (recall.value, recall.low) == (0, 0)
    assert 0.08 < recall.high < 0.12
