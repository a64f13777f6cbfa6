"""A forecast for a log says how far off such a forecast was of how many would leave."""

import pytest

from predictions.models import Prediction
from predictions.presenting.logs import LogResult
from predictions.presenting.summary import Findings
from registry.tests.factories import CURVES, ModelMetricsFactory

pytestmark = pytest.mark.django_db

AGAIN = {"fitted_again": {"customers": 1287, "threshold": 0.4}}


def level(promised=0.42, happened=0.46, again=AGAIN, **counts):
    calibration = CURVES["calibration"] | {"mean_probability": promised, "churn_rate": happened}
    version = ModelMetricsFactory(additional_metrics=CURVES | again | {"calibration": calibration}).model
    result = {"rows": 1000, "expected_churners": 395.2} | counts
    return LogResult(Prediction(result=result, model=version)).level


def test_says_what_is_expected_and_how_far_off_the_forecast_before_was():
    assert level() == (
        "39.5\u202f% of those scored are expected to leave. How many leave is less certain than who is "
        "likelier to: such a forecast was made once before, when the recipe was judged, for 1,287 customers. "
        "Then 42.0\u202f% were expected and 46.0\u202f% left, 4.0 points too few. Once is not a rule: "
        "another season may be further off."
    )


@pytest.mark.parametrize(
    ("promised", "happened", "said"),
    [(0.56, 0.46, "10.0 points too many"), (0.45, 0.46, "1.0 point too few"), (0.46, 0.46, "less than 0.1")],
)
def test_names_the_direction(promised, happened, said):
    assert f"left, {said}" in level(promised, happened)


def test_says_nothing_where_no_later_day_was_foretold():
    assert level(again={}) == level(expected_churners=None) == level(rows=0) == ""


def past(*errors):
    return {
        "past_forecasts": [
            {"as_of": "2011-09-10T00:00:00", "customers": 1874, "promised": 0.4 + error, "happened": 0.4}
            for error in errors
        ]
    }


def test_several_forecasts_of_past_days_say_how_far_off_they_were_on_average_and_at_most():
    assert level(again=AGAIN | past(0.01, -0.1, 0.04)) == (
        "39.5\u202f% of those scored are expected to leave. How many leave is less certain than who is "
        "likelier to: 3 such forecasts of past days were off by 5.0 points on average, and once by 10.0. The "
        "latest of them was for 1,874 customers: 44.0\u202f% were expected and 40.0\u202f% left, 4.0 points "
        "too many."
    )


def test_one_that_counts_first_buyers_too_comes_before_the_figures_of_the_model():
    assert "for 1,874 customers. Then 41.0\u202f% were expected" in level(again=AGAIN | past(0.01))


def changed(**outcome):
    known = {
        "is_over": True,
        "scored": 1412,
        "scored_without_purchase": 593,
        "expected": 714.5,
        "named": 1005,
    }
    found = known | {"named_without_purchase": 535, "promised": 653.3} | outcome
    return {"outcome": found, "since": "2011-11-01T00:00:00"}


def test_what_came_of_the_last_list_comes_before_what_was_tried_in_the_training():
    told = level(again=AGAIN | past(-0.034, -0.09), changes=changed())

    assert "likelier to: of 1,412 customers scored last time, 50.6\u202f% were expected and 42.0" in told
    assert "left, 8.6 points too many. When the model was trained, 2 such forecasts of past days were" in told
    assert told.endswith("off by 6.2 points on average, and once by 9.0.") and "latest" not in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (changed(), "trained, 42.0\u202f% were expected and 46.0\u202f% left, 4.0 points too few."),
        (changed(expected=None), "of 1,005 customers named last time, 65.0\u202f% were expected and 53.2"),
        (changed(is_over=False), "such a forecast was made once before"),
        (changed() | {"model": 0}, "such a forecast was made once before"),
        (changed() | {"outcome": None}, "such a forecast was made once before"),
    ],
)
def test_a_list_whose_time_is_not_over_or_of_another_model_says_nothing_of_this_one(changes, said):
    assert said in level(changes=changes)


def test_with_monthly_exports_the_latest_list_that_is_over_is_the_one_that_is_said():
    version = ModelMetricsFactory(additional_metrics=CURVES | AGAIN | past(-0.034, -0.09)).model
    over = changed()["outcome"] | {"by": "Logistic Regression v1"}
    lists = [
        over | {"as_of": "2011-10-01T00:00:00", "model": 0},
        over | {"as_of": "2011-09-01T00:00:00", "model": version.pk, "expected": 700.0},
        over | {"as_of": "2011-08-01T00:00:00", "model": version.pk},
    ]
    changes = changed(is_over=False) | {
        "since": "2011-11-01T00:00:00",
        "model": version.pk,
        "finished": lists,
    }
    log = LogResult(Prediction(result={"rows": 9, "expected_churners": 4, "changes": changes}, model=version))

    assert "of 1,412 customers scored as of 1 September 2011, 49.6\u202f% were expected and 42.0" in log.level
    assert "latest" not in log.level
    assert [line.day for line in log.changes.lists_before] == [
        "1 October 2011", "1 September 2011", "1 August 2011",
    ]  # fmt: skip
    assert log.changes.lists_before[1].difference == "7.6 points too many"


def test_so_does_the_share_of_those_named_who_are_expected_to_leave():
    version = ModelMetricsFactory(additional_metrics=CURVES).model
    result = {"rows": 1412, "churners": 800, "expected_named": 500.0, "changes": changed()}
    run = Prediction(result=result, input_data={"source": "log"}, model=version)

    assert Findings(run).precision["text"] == (
        "mean probability of those named here. Of 1,005 named last time, 65 in 100 were promised and 53 left"
    )
