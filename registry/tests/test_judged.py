"""A version says of what its figures are: of the fit that serves, or of its recipe before that was fitted."""

import json

import pytest
from django.urls import reverse

from registry.models import Population
from registry.presenting.cards import learned_from, limits_of, threshold_reason
from registry.presenting.judged import describe_figures, describe_judged, fitted_again
from registry.presenting.quality import quality_of
from registry.telecom import TELECOM
from registry.tests.factories import CURVES, ModelMetricsFactory, ModelVersionFactory

AGAIN = CURVES | {"threshold": 0.31, "fitted_again": {"customers": 1287, "threshold": 0.42}}
MANIFEST = {
    "threshold": 0.42,
    "split": {"how": "temporal", "train_rows": 1100, "test_rows": 1287, "registered_rows": 1287},
    "evidence": {"trained_at_cutoff": "2011-06-12T00:00:00", "tested_at_cutoff": "2011-09-10T00:00:00"},
}
NOT_SEEN = "it did not learn from"


def test_one_fit_is_what_was_tried():
    assert fitted_again(CURVES, {"split": {"how": "stratified", "registered_rows": 480}}) is None
    assert describe_judged(CURVES, None) == (
        "Tried on 1,287 customers it did not learn from, of whom 26.4\u202f% left."
    )
    assert describe_figures(CURVES, None) == ""


def test_who_bought_once_is_named_beside_who_bought_more_often():
    judged = {"rows": 443, "mean_probability": 0.71, "churn_rate": 0.637, "auc": None, "bands": []}

    told = describe_judged(CURVES | {"judged_apart": {"first_buyers": judged}}, None)

    assert told == (
        "Tried on 1,287 customers with two purchases or more it did not learn from, of whom 26.4\u202f% "
        "left. Who bought once only is judged apart, by how often such customers left before. That rate was "
        "tried on 443 other such customers: it promised 71 of 100, and 64 left."
    )


def test_a_fit_of_several_days_says_how_many_and_why():
    found = CURVES | {"fitted_again": {"customers": 2100, "threshold": 0.42, "cutoffs": 3}}

    told = describe_judged(found, fitted_again(found, MANIFEST))

    assert "It learned from 3 days, one period apart" in told
    assert "better probabilities than the latest day alone" in told
    assert learned_from(found, MANIFEST).startswith(
        "2,100 customers of 3 days; those of the latest day judged"
    )


@pytest.mark.parametrize("found", [AGAIN, {**CURVES, "threshold": 0.31}], ids=["kept", "from the manifest"])
def test_a_fit_that_nobody_judged_says_who_was_judged_when_and_on_whom(found):
    again = fitted_again(found, MANIFEST)

    told = describe_judged(found, again)

    assert told.startswith(
        "Its recipe learned from the customers of 12 Jun 2011 and was judged on the 1,287 customers of 10 "
        "Sep 2011, of whom 26.4\u202f% left."
    )
    assert "fitted again by the same recipe, on these customers" in told
    assert "cannot have been judged yet" in told and NOT_SEEN not in told


def test_without_its_manifest_it_still_does_not_claim_to_have_been_tried():
    told = describe_judged(AGAIN, fitted_again(AGAIN))

    assert "of a later day than it had learned from" in told and "cannot have been judged yet" in told


def test_the_two_thresholds_are_told_apart():
    told = threshold_reason(AGAIN, MANIFEST)

    assert told.startswith("From a probability of 0.42 on, a customer is named as leaving.")
    assert "Then it named customers from a probability of 0.31 on. Of 1,287 customers tried" in told
    assert "it named 275: 67\u202f% of them left" in told
    above_the_figures = describe_figures(AGAIN, fitted_again(AGAIN))
    assert "threshold of then it named customers from a probability of 0.31 on" in above_the_figures
    assert "The model that serves names customers from a probability of 0.42 on." in above_the_figures


def test_no_sentence_of_the_card_calls_those_learned_from_unseen():
    base = Population(**TELECOM)

    limits = {limit.title: limit.text for limit in limits_of(AGAIN, MANIFEST, base)}

    estimates = limits["Its figures are estimates"]
    assert "before the model that serves learned from these; 340 of them left" in estimates
    assert "did not learn from" not in estimates
    assert learned_from(AGAIN, MANIFEST) == (
        "1,287 customers, on whom its recipe was judged before: it had learned from 1,100 of an earlier day"
    )
    assert learned_from(CURVES, {"split": {"train_rows": 5148, "test_rows": 1287}}) == (
        "5,148 customers; tried on the other 1,287"
    )
    assert learned_from({}, None) == learned_from({}, {"split": {}}) == ""


@pytest.fixture
def version(company):
    version = ModelVersionFactory(company=company)
    return ModelMetricsFactory(model=version, additional_metrics=AGAIN).model


@pytest.mark.django_db
def test_its_quality_is_told_of_the_recipe(version):
    quality = quality_of(version)

    assert quality.in_words.startswith("Of 100 customers that its recipe named when it was judged, about 67")
    assert "the threshold of when it was judged" in quality.at_home[1]["explanation"]


@pytest.mark.django_db
def test_the_page_says_it_first_and_above_the_figures(version, as_developer):
    page = as_developer.get(reverse("registry:version", args=["dev", version.pk])).content.decode()

    lede = page.partition("<main")[2].partition("What it is for")[0]
    assert "cannot have been judged yet" in lede and NOT_SEEN not in page
    notice, figures = page.index("are of the recipe as it was judged"), page.index("Customers who leave</h2>")
    assert notice < figures
    assert "at the threshold of then, 0.31" in page
    assert "for the model that was judged, not the one that serves" in page


@pytest.mark.django_db
def test_programs_are_told_the_threshold_that_serves_and_the_one_that_was_judged(version, as_developer):
    told = json.loads(as_developer.get(f"/api/v1/models/{version.pk}").content)["reliability"]

    assert (told["threshold"], told["judged_threshold"], told["fitted_again"]) == (0.42, 0.31, True)
    assert told["cutoffs"] == 1


@pytest.mark.django_db
def test_programs_are_told_where_one_fit_was_tried_and_serves(company, as_developer):
    version = ModelMetricsFactory(model=ModelVersionFactory(company=company)).model

    told = json.loads(as_developer.get(f"/api/v1/models/{version.pk}").content)["reliability"]

    assert (told["threshold"], told["judged_threshold"], told["fitted_again"]) == (0.5, 0.5, False)
