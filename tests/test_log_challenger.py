"""A challenger of a base of purchases scores what the champion scores, by features of its own."""

import pyarrow.parquet as pq
import pytest

from core.files.media import readable_path
from predictions import files
from predictions.engines.results import CUSTOMER, PROBABILITY
from predictions.engines.shadow import CHALLENGER
from predictions.services.logs import start_log_prediction
from registry.artefacts import path_of
from registry.models import ModelDeployment, ShadowRun
from registry.services.deployments import deploy_version
from registry.services.opening import forget_loaded
from tests.coffee_shop import NOON, SPRING, until

ALTERNATIVE = ModelDeployment.Role.ALTERNATIVE
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def challenger(learned, register, company):
    """A forest that learned from other features than the champion did."""
    version = register(learned, model_type="random_forest", feature_set="retail_v1")
    deploy_version(
        version=version,
        company=company,
        role=ModelDeployment.Role.CHALLENGER,
        by=None,
        reason="To see how often they disagree.",
        at=NOON,
    )
    return version


def chances(relative, name):
    rows = pq.read_table(readable_path(relative)).to_pylist()
    return {row[CUSTOMER]: row[name] for row in rows}


def test_it_gets_the_scores_that_it_gives_as_the_version_that_is_used(learned, challenger, score, company):
    run = score(learned)

    noted = ShadowRun.objects.get(batch=run.uuid)
    assert noted.failure == ""
    shadow = files.shadow_beside(run.result_dataset_path)
    deploy_version(
        version=challenger, company=company, role=ALTERNATIVE, by=None, reason="To compare.", at=NOON
    )
    alone = score(learned, version=challenger)
    assert chances(shadow, CHALLENGER) == chances(files.table_beside(alone.result_dataset_path), PROBABILITY)
    assert chances(shadow, PROBABILITY) == chances(files.table_beside(run.result_dataset_path), PROBABILITY)
    assert noted.customers == run.result["rows"]
    assert run.result["one_purchase"] > 0
    assert "shadow" not in run.result


def test_whatever_is_wrong_with_it_changes_nothing_for_who_predicts(learned, challenger, score):
    manifest = path_of(challenger, ".json")
    manifest.write_bytes(manifest.read_bytes() + b" ")
    forget_loaded()

    run = score(learned)

    assert run.is_done
    assert ShadowRun.objects.get().failure


def test_what_the_log_lacks_is_no_fault_of_it(learned, challenger, read, score, member, do_jobs, year):
    before = score(learned)
    older = read(until(year, SPRING), name="same.csv")

    run = start_log_prediction(member=member, analysis=older, follows=before, at=NOON)
    while do_jobs():
        pass

    run.job.refresh_from_db()
    assert "it has nothing newer" in run.job.error["message"]
    assert ShadowRun.objects.count() == 1
