"""What a customer base that was put away still shows, and that nothing new begins with it."""

from functools import partial

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from companies.identity import membership
from predictions.services.logs import start_log_prediction
from predictions.services.runs import start_prediction
from registry.services.populations import BaseIsArchived, archive_population
from registry.tests.factories import NOON, ModelVersionFactory, PopulationFactory
from training.services.feature_training import start_feature_training
from transactions.services.matrices import start_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import log_file, read_here

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(developer):
    return membership(developer)


@pytest.fixture
def put_away(member, developer):
    """A log of customers whose base was archived after it was read."""
    log = read_here(start_analysis(member=member, upload=log_file(), at=NOON))
    matrix = start_features(analysis=log, feature_set="rfm_v2", by=developer, at=NOON)
    archive_population(population=log.population, by=developer, at=NOON)
    log.population.refresh_from_db()
    matrix.analysis.population.refresh_from_db()
    return matrix


def test_nothing_new_is_done_with_customers_who_were_put_away(put_away, member, company, as_developer):
    base = put_away.analysis.population
    tables = PopulationFactory(company=company, snapshot=True, archived_at=NOON)
    version = ModelVersionFactory(company=company, population=tables)
    file = ContentFile(b"x", name="x.csv")

    for begin in (
        partial(start_log_prediction, analysis=put_away.analysis),
        partial(start_feature_training, matrix=put_away),
        partial(start_prediction, name="March", version=version, upload=file),
    ):
        with pytest.raises(BaseIsArchived, match="nothing new is done with it"):
            begin(member=member, at=NOON)

    page = as_developer.get(reverse("transactions:analysis", args=("dev", put_away.analysis_id)))
    assert page.status_code == 200
    assert (
        "Choose a model" not in page.content.decode() and "Score the customers" not in page.content.decode()
    )
    model = as_developer.get(reverse("training:log_model", args=(put_away.analysis_id,)))
    assert "was archived" in model.content.decode() and ">Train</button>" not in model.content.decode()
    status = f"/api/v1/churn/v2/organizations/{company.pk}/training-status"
    assert as_developer.get(status, {"base": base.uuid}).status_code == 404
