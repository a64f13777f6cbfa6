"""The figures that the five default models must reach, and the ones above which something leaks."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ml.serving.scoring import Scorer
from ml.tests.conftest import DEFAULTS


@pytest.mark.parametrize("slug", DEFAULTS)
def test_ranks_real_customers(slug, defaults, real_customers):
    _, customers, churned = real_customers
    exported = defaults.export(slug)

    probabilities = Scorer(exported.manifest, exported.onnx).score_batch(
        {name: customers[name].to_numpy() for name in customers}
    )

    assert 0.83 <= roc_auc_score(churned, probabilities) < 0.88


@pytest.mark.parametrize("slug", DEFAULTS)
def test_is_neither_poor_nor_too_good_on_its_own_fifth(slug, defaults):
    weighted = defaults.train(slug).metrics["weighted"]

    assert 0.82 <= weighted["AUC"] < 0.88
    assert 0.78 <= weighted["Accuracy"] <= 0.825


def test_the_network_is_the_most_accurate_of_the_five(defaults):
    accuracy = {slug: defaults.train(slug).metrics["weighted"]["Accuracy"] for slug in DEFAULTS}
    network = defaults.train("neural_network").metrics["weighted"]

    assert 0.80 <= network["Accuracy"] <= 0.82
    assert 0.84 <= network["AUC"] <= 0.87
    assert network["Accuracy"] > max(value for slug, value in accuracy.items() if slug != "neural_network")


@pytest.mark.parametrize("slug", DEFAULTS)
def test_promises_about_as_much_churn_as_happens(slug, defaults):
    calibration = defaults.train(slug).metrics["calibration"]

    assert calibration["ece"] < 0.05
    assert abs(calibration["mean_probability"] - calibration["churn_rate"]) < 0.02


def test_probabilities_are_honest_on_real_customers(defaults, real_customers):
    _, customers, churned = real_customers
    exported = defaults.export("neural_network")
    probabilities = Scorer(exported.manifest).score_batch(
        {name: customers[name].to_numpy() for name in customers}
    )

    assert abs(probabilities.mean() - churned.mean()) < 0.02
    assert np.mean((probabilities - churned) ** 2) < 0.14
