"""What predictions add to the pages of customer bases: the latest result, and that one can be made."""

import pytest
from django.urls import reverse

from companies.identity import membership
from jobs.models import Job
from predictions.presenting.bases import latest_prediction, prediction_steps
from predictions.tests.factories import PredictionFactory
from registry.selectors import telecom_base
from registry.tests.factories import PopulationFactory

pytestmark = pytest.mark.django_db


def test_the_list_of_bases_leads_to_the_latest_result_that_is_done(user, as_user):
    done = PredictionFactory(user=user.user, job__state=Job.State.SUCCEEDED)
    PredictionFactory(user=user.user, failed=True)

    (fact,) = latest_prediction(membership(user), telecom_base())

    assert fact.at == done.created_at
    assert reverse("predictions:result", args=("user", done.uuid)) == fact.url
    assert fact.url in as_user.get("/user/bases/").content.decode()


def test_nothing_is_said_of_a_base_that_nobody_predicted(user, company):
    PredictionFactory(user=user.user, job__state=Job.State.SUCCEEDED)

    assert latest_prediction(membership(user), PopulationFactory(company=company, snapshot=True)) == []


def test_nobody_is_led_to_predict_where_no_model_serves(user, company):
    assert prediction_steps(membership(user), PopulationFactory(company=company, snapshot=True)) == []
