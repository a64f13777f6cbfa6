"""Who is named is said together with how many of them are expected to leave."""

import pytest

from ml.evaluation.signal import NAMES_NOBODY
from predictions.models import Prediction
from predictions.presenting.named import Named
from predictions.presenting.summary import Findings, how_promises_held, quality_line
from registry.tests.factories import CURVES, ModelMetricsFactory


def counts(rows=1894, churners=1354, expected_named=757.2, **more):
    return {
        "rows": rows,
        "churners": churners,
        "threshold": 0.31,
        "expected_named": expected_named,
    } | more


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            counts(),
            "1,354 of 1,894 customers are named, from a probability of 0.31 on; about 757 of them are "
            "expected to leave",
        ),
        (
            counts(rows=150, churners=1, expected_named=0.66),
            "1 of 150 customers is named, from a probability of 0.31 on; the probability is 0.66",
        ),
        (
            counts(rows=150, churners=3, expected_named=1.2),
            "3 of 150 customers are named, from a probability of 0.31 on; about 1 of them is "
            "expected to leave",
        ),
        (
            counts(rows=150, churners=0, expected_named=0.0),
            "None of 150 customers is named: nobody has a probability of 0.31 or more",
        ),
        (
            counts(rows=1, churners=1, expected_named=0.66),
            "This customer is named, from a probability of 0.31 on; the probability is 0.66",
        ),
        (
            counts(rows=1, churners=0, expected_named=0.0),
            "This customer is not named: the probability is below 0.31",
        ),
    ],
)
def test_the_headline_never_calls_likely_what_is_not(found, said):
    assert Named(found).headline == said


def test_a_result_of_earlier_days_says_what_it_knows():
    found = counts()
    del found["expected_named"]

    said = Named(found).headline

    assert said == "1,354 of 1,894 customers are named, from a probability of 0.31 on"
    assert Findings(Prediction(result=found)).precision is None


def promised_too_much():
    bins = [{"rows": 626, "mean_probability": chance, "churn_rate": chance - 0.041} for chance in (0.2, 0.7)]
    return {"bins": bins, "ece": 0.041, "mean_probability": 0.45, "churn_rate": 0.409}


@pytest.mark.django_db
def test_expected_to_be_right_is_what_the_probabilities_of_those_named_say():
    version = ModelMetricsFactory(
        additional_metrics=CURVES | {"rows": 1252, "calibration": promised_too_much()}
    ).model

    found = Findings(Prediction(result=counts(), model=version)).precision

    assert found["of_100"] == "56"
    assert found["text"] == (
        "mean probability of those named here. Tried on 1,252 customers it had not learned from, its "
        "probabilities were 4.1 points too high on average"
    )
    assert "95 %" not in found["text"]


@pytest.mark.django_db
def test_a_model_that_was_fitted_again_does_not_claim_promises_that_its_recipe_kept():
    again = {"fitted_again": {"customers": 1252, "threshold": 0.4}}
    version = ModelMetricsFactory(
        additional_metrics=CURVES | again | {"rows": 1252, "calibration": promised_too_much()}
    ).model

    assert how_promises_held(version) == (
        ". When its recipe was judged, on 1,252 customers of an earlier day, its probabilities were "
        "4.1 points too high on average"
    )


@pytest.mark.django_db
def test_a_result_of_a_model_without_signal_says_so():
    chance = {"intervals": {"weighted": {"AUC": {"value": 0.51, "low": 0.46, "high": 0.56}}}}
    version = ModelMetricsFactory(additional_metrics=CURVES | chance).model

    said = "It is not shown to rank customers better than chance"
    assert Findings(Prediction(result=counts(), model=version)).warning.startswith(said)
    assert quality_line(version, with_figures=True).startswith(said)


@pytest.mark.parametrize(("rows", "who"), [(1, "1 customer is"), (1894, "1,894 customers are")])
def test_a_model_that_names_nobody_shows_no_threshold(rows, who):
    named = Named(counts(rows=rows, churners=0, threshold=NAMES_NOBODY))

    assert named.headline == f"{who} scored, and the model names nobody"
    assert named.rule.startswith("This model names nobody") and "2.00" not in named.rule


@pytest.mark.django_db
def test_who_bought_once_is_counted_apart():
    version = ModelMetricsFactory(additional_metrics={}).model
    found = counts(one_purchase_named=444, one_purchase_expected=302.0, one_purchase=444)

    precision = Findings(Prediction(result=found, model=version)).precision

    assert precision["of_100"] == "50"
    assert precision["text"] == "mean probability of the 910 named who bought twice or more"
    assert how_promises_held(version) == ""


def test_nothing_is_expected_of_a_list_of_first_time_buyers_alone():
    found = counts(churners=444, expected_named=302.0, one_purchase_named=444, one_purchase_expected=302.0)

    assert Findings(Prediction(result=found)).precision is None


@pytest.mark.parametrize(
    ("rows", "before", "said"),
    [
        (2, 900, "too few to compare with June: it takes 100 customers in both"),
        (900, 99, "too few to compare with June: it takes 100 customers in both"),
        (100, 100, "10.0 points more than June, which chance explains"),
        (1000, 1000, "10.0 points more than June"),
    ],
)
def test_a_share_of_few_customers_is_no_trend(rows, before, said):
    earlier = Prediction(result=counts(rows=before, churners=round(0.4 * before)), prediction_name="June")
    now = Prediction(result=counts(rows=rows, churners=rows // 2))

    change = Findings(now, earlier).change

    assert change["text"] == said
    assert bool(change["direction"]) == bool(change["trend"]) == said.endswith("June")
