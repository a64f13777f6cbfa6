"""A prediction names the deployment by which its model was offered, and the champion is chosen beforehand."""

import pytest
from django.db import models

from predictions.models import Prediction
from registry.models import ModelDeployment
from registry.selectors import telecom_base
from registry.services.deployments import deploy_version, roll_back
from registry.tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(version, company, developer):
    return deploy_version(version=version, company=company, by=developer, reason="Finds more.", at=NOON)


def test_names_its_deployment(deployment, predict, user):
    assert predict(user).deployment == deployment


def test_goes_on_naming_it_after_it_was_rolled_back(deployment, predict, user, company, developer):
    prediction = predict(user)

    roll_back(company=company, population=telecom_base(), by=developer, reason="Too many calls.", at=NOON)

    assert Prediction.objects.get(pk=prediction.pk).deployment == deployment


def test_names_none_where_a_default_was_chosen_that_nobody_deployed(predict, user):
    assert predict(user).deployment is None


def test_is_found_from_its_deployment(deployment, predict, user):
    prediction = predict(user)

    assert list(deployment.predictions.all()) == [prediction]
    assert ModelDeployment.objects.aggregate(models.Count("predictions"))["predictions__count"] == 1


def test_the_form_has_the_champion_chosen(default_versions, company, developer, as_user):
    champion = default_versions["decision_tree"]
    deploy_version(version=champion, company=company, by=developer, reason="Easy to explain.", at=NOON)

    page = as_user.get("/user/predict/")

    assert page.context["champion"] == champion
    assert page.context["form"]["model"].initial == champion


def test_the_api_names_it_too(deployment, predict, user, as_user):
    predict(user)

    [run] = as_user.get("/api/v1/prediction-runs").json()["results"]

    assert run["deployment"] == deployment.pk


def test_its_page_says_who_deployed_the_model(deployment, predict, user, as_user, do_jobs):
    prediction = predict(user)
    do_jobs()

    page = as_user.get(f"/user/predictions/{prediction.uuid}/").content.decode()

    assert "by Dana Dev (dana@harbour.example.com)" in page
