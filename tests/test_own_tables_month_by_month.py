"""A company's own table, month by month: trained, deployed, predicted, trained anew, and watched."""

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from predictions.models import Prediction
from predictions.presenting.summary import Findings
from predictions.selectors import open_table
from predictions.services.runs import start_prediction
from registry.models import ShadowRun
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON
from training.tests.own import gym, without
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def deploy(company, developer):
    """Return a function that deploys a version in a role."""

    def as_role(version, role):
        return deploy_version(
            version=version, company=company, role=role, by=developer, reason="It is better.", at=NOON
        )

    return as_role


@pytest.fixture
def predicted(user, do_jobs):
    """Return a function that predicts a table to its end."""

    def finish(table, version):
        upload = ContentFile(to_csv(table), name="april.csv")
        run = start_prediction(member=membership(user), name="April", version=version, upload=upload, at=NOON)
        do_jobs()
        return Prediction.objects.with_people().get(pk=run.pk)

    return finish


def test_each_month_is_predicted_and_the_next_model_watched(first_trained, trained_again, deploy, predicted):
    champion = first_trained(gym(), value_column="Fee").version
    deploy(champion, "CHAMPION")
    challenger = trained_again(
        champion.population, gym(200, seed=5, prefix="N"), model_type="lightgbm"
    ).version
    deploy(challenger, "CHALLENGER")

    april = predicted(without(gym(150, seed=9, prefix="A"), "Left"), champion)
    may = predicted(gym(150, seed=11, prefix="B"), champion)

    assert [run.failure for run in ShadowRun.objects.all()] == ["", ""]
    assert {run.customers for run in ShadowRun.objects.all()} == {150}
    assert april.result["realised"] is None
    assert Findings(may).outcomes.known == 150
    assert "Fee of those" in Findings(april).revenue_sentence
    assert len(open_table(april)) == 150
