"""What stands on a result page is about the customers of that file, not about those a model was tried on."""

import numpy as np
import pytest
from django.urls import reverse

from predictions.presenting.shape import describe_shape
from predictions.presenting.summary import Findings
from predictions.tests.conftest import to_csv


def counts(bars, expected):
    return {"rows": sum(bars), "histogram": bars, "histogram_expected": expected}


@pytest.mark.parametrize(
    ("bars", "expected", "said"),
    [
        (
            [700, 100, 100, 50, 50],
            [56.4, 30, 50, 35, 45],
            "700 of 1,000 customers are below 0.20; 56 of them are expected to leave",
        ),
        (
            [100, 0, 0, 0, 300],
            [5, 0, 0, 0, 270],
            "300 of 400 customers are at 0.80 or above; 270 of them are expected to leave",
        ),
        (
            [100, 100, 100, 100, 0],
            [10, 30, 50, 70, 0],
            "300 of 400 customers are between 0.20 and 0.80; 150 of them are expected to leave",
        ),
        (
            [1, 0, 0, 0, 0],
            [0.12, 0, 0, 0, 0],
            "1 of 1 customer is below 0.20; it is expected to leave with a probability of 0.12",
        ),
        (
            [9, 0, 0, 0, 0],
            [0.3, 0, 0, 0, 0],
            "9 of 9 customers are below 0.20; fewer than one of them is expected to leave",
        ),
    ],
)
def test_a_low_probability_is_no_safety(bars, expected, said):
    assert describe_shape(counts(bars, expected)) == said


def test_results_of_earlier_days_count_without_expecting():
    earlier = {"rows": 10, "histogram": [6, 1, 1, 1, 1]}

    assert describe_shape(earlier) == "6 of 10 customers are below 0.20"


@pytest.mark.django_db
def test_customers_of_another_kind_get_figures_of_their_own(done, user, as_user, version):
    """Whoever has fibre by the month leaves far more often than the customers that the model was tried on."""
    from ml.samples.dataset_a import make_dataset_a

    table = make_dataset_a(rows=3_000, seed=23)
    risky = table[(table["Contract"] == "Month-to-month") & (table["InternetService"] == "Fiber optic")]
    churned = (risky.pop("Churn") == "Yes").to_numpy()
    tried = version.metrics.additional_metrics["churners"]

    prediction = done(user, to_csv([list(risky.columns), *risky.values.tolist()]))

    found, told = Findings(prediction), prediction.result
    named, expected = told["churners"], told["expected_named"]
    assert churned.mean() > tried["base_rate"] + 0.15
    assert told["expected_churners"] / told["rows"] == pytest.approx(churned.mean(), abs=0.08)
    assert float(found.precision["of_100"]) == round(100 * expected / named)
    assert sum(told["histogram_expected"]) == pytest.approx(told["expected_churners"])
    page = as_user.get(reverse("predictions:result", args=["user", prediction.uuid])).content.decode()
    assert f"about {expected:,.0f} of them are expected to leave" in page
    assert found.shape in page and "clearly safe" not in page
    assert "mean probability of those named here. Tried on" in page
    # Nothing of the trial is told of this file.
    assert not np.isclose(expected / named, tried["precision"], atol=0.001)
