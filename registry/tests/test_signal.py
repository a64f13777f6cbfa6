"""A model that is not shown to tell who leaves is called so first, at every door where one is chosen."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from registry.models import ModelDeployment
from registry.presenting.cards import threshold_reason
from registry.presenting.judged import describe_figures, describe_threshold, fitted_again
from registry.presenting.quality import quality_of
from registry.presenting.signal import warning_about
from registry.tests.factories import CURVES, ModelMetricsFactory, ModelVersionFactory

RULE = {
    "feature": "tenure",
    "auc": 0.849,
    "model_gains": {"value": 0.001, "low": -0.004, "high": 0.006},
}
NOTHING = CURVES | {
    "intervals": {"weighted": {"AUC": {"value": 0.85, "low": 0.83, "high": 0.87}}},
    "simple_rule": RULE,
    "names_nobody": True,
}
SAID = "It is not shown to rank customers better than sorting them by"


@pytest.fixture
def version(company):
    return ModelMetricsFactory(model=ModelVersionFactory(company=company), additional_metrics=NOTHING).model


@pytest.mark.django_db
def test_the_card_says_it_before_anything_else(version, as_developer):
    page = as_developer.get(reverse("registry:version", args=["dev", version.pk])).content.decode()

    lede = page.partition('class="lede"')[2].partition("</p>")[0]
    assert lede.index(SAID) < lede.index("Tried on")
    assert "Of 100 customers" not in page
    assert "It names nobody as leaving" in page


@pytest.mark.django_db
def test_it_warns_before_it_is_deployed(version, as_developer):
    page = as_developer.get(reverse("registry:deploy", args=[version.pk])).content.decode()

    assert SAID in page.partition("<main")[2].partition("<h2>")[0]


@pytest.mark.django_db
def test_programs_are_warned_before_and_when_they_deploy(version, as_developer):
    model = json.loads(as_developer.get(f"/api/v1/models/{version.pk}").content)
    sent = {"model": version.pk, "role": ModelDeployment.Role.CHAMPION, "reason": "It is all there is."}
    deployed = as_developer.post("/api/v1/deployments", sent, content_type="application/json").json()

    assert model["warning"].startswith(SAID) and model["quality"] == model["warning"]
    assert model["reliability"]["threshold"] is None
    assert deployed["warning"] == model["warning"]


@pytest.mark.django_db
def test_the_command_warns(version, company, capsys):
    call_command(
        "deploy", company=company.pk, number=version.number, type=version.model_type.slug, reason="Try it."
    )

    assert SAID in capsys.readouterr().out


@pytest.mark.django_db
def test_operators_read_it_first_of_a_version(version, as_operator):
    page = as_operator.get(reverse("admin:registry_modelversion_change", args=[version.pk])).content.decode()

    assert SAID in page.partition("<fieldset")[2].partition("field-")[2][:600]


@pytest.mark.django_db
def test_operators_are_warned(version, as_operator):
    sent = {"action": "deploy", "_selected_action": [version.pk], "confirmed": "yes", "role": "CHAMPION"}

    answer = as_operator.post(
        reverse("admin:registry_modelversion_changelist"), sent | {"reason": "Try it."}, follow=True
    )

    assert SAID in answer.content.decode()


@pytest.mark.django_db
def test_a_version_that_is_shown_to_be_better_is_not_warned_of(company):
    better = RULE | {"model_gains": {"value": 0.05, "low": 0.03, "high": 0.07}}
    version = ModelMetricsFactory(
        model=ModelVersionFactory(company=company), additional_metrics=NOTHING | {"simple_rule": better}
    ).model

    assert warning_about(version) == "" == warning_about(ModelVersionFactory(company=company))


@pytest.mark.django_db
def test_a_threshold_that_names_more_than_twice_as_many_as_leave_is_warned_of(company, as_developer):
    many = {"true_negative": 300, "false_positive": 647, "false_negative": 10, "true_positive": 330}
    found = CURVES | {"confusion": many, "threshold": 0.1}
    version = ModelMetricsFactory(model=ModelVersionFactory(company=company), additional_metrics=found).model

    page = as_developer.get(reverse("registry:version", args=["dev", version.pk])).content.decode()

    told = "names more than twice as many customers as leave: 977 of the 1,287 customers it was tried on"
    assert told in warning_about(version) and told in page
    # What serves after another fit has a threshold of its own.
    version.metrics.additional_metrics["fitted_again"] = {"customers": 900, "threshold": 0.4}
    assert warning_about(version) == ""


@pytest.mark.django_db
def test_a_version_that_still_names_customers_says_it_first(company):
    named = NOTHING | {"names_nobody": False}
    version = ModelMetricsFactory(model=ModelVersionFactory(company=company), additional_metrics=named).model

    quality = quality_of(version)

    assert quality.in_words.startswith(SAID) and "names nobody" not in quality.in_words
    assert "Of 100 customers that it named when it was tried" in quality.in_words
    # Figures are for developers.
    assert quality.in_plain_words.startswith(SAID) and "AUC" not in quality.in_plain_words


@pytest.mark.django_db
def test_programs_get_no_precision_of_nobody(company, as_developer):
    nobody = {"true_negative": 947, "false_positive": 0, "false_negative": 340, "true_positive": 0}
    # As it was stored in earlier days.
    churners = CURVES["churners"] | {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    figures = CURVES | {"confusion": nobody, "churners": churners}
    version = ModelMetricsFactory(
        model=ModelVersionFactory(company=company), additional_metrics=figures
    ).model

    told = as_developer.get(f"/api/v1/models/{version.pk}").json()["churners"]

    assert (told["precision"], told["recall"]) == (None, 0)


def test_no_threshold_is_shown_where_it_names_nobody():
    again = CURVES | {"names_nobody": True, "fitted_again": {"customers": 1287, "threshold": 0.42}}
    never = again | {"threshold": 2.0}

    told = [threshold_reason(found) for found in (CURVES | {"names_nobody": True}, again, never)]
    told += [describe_figures(found, fitted_again(found)) for found in (again, never)]
    told.append(describe_threshold(never, fitted_again(never)))

    assert all(re.search(r"nam(es|ed|ing) nobody", sentence) for sentence in told)
    assert not any("0.42" in sentence or "2.00" in sentence for sentence in told)
