"""A challenger scores what users predict, in the shadow: what is noted, and that users never notice."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from companies.services.erasure import erase_company
from jobs.models import Job
from predictions import files
from predictions.models import Prediction
from predictions.results import PROBABILITY
from predictions.services.sweeping import sweep_files
from predictions.shadow import CHALLENGER, changed_sides
from registry.artefacts import forget_loaded, path_of
from registry.models import ModelDeployment, ModelVersion, ShadowRun
from registry.services.deployments import deploy_version, withdraw_version
from registry.services.states import quarantine_version
from registry.tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge(default_versions, company, developer):
    """Return a function that makes a default the challenger of the company."""

    def deploy(slug="decision_tree", *, to=None):
        version = default_versions[slug]
        return deploy_version(
            version=version,
            company=to or company,
            role=ModelDeployment.Role.CHALLENGER,
            by=None,
            reason="To see how often they disagree.",
            at=NOON,
        )

    return deploy


def shadow_file(prediction):
    return files.absolute(files.shadow_beside(prediction.result_dataset_path))


def damage(version):
    graph = path_of(version, ".json")
    graph.write_bytes(graph.read_bytes() + b" ")
    forget_loaded()


def test_is_compared_with_what_was_used_customer_by_customer(challenge, done, user, company):
    challenger = challenge()

    prediction = done(user)

    run = ShadowRun.objects.get()
    assert (run.company, run.challenger, run.version) == (company, challenger, challenger.model)
    assert (run.compared_with, run.batch, run.batch_name) == (prediction.model, prediction.uuid, "March base")
    assert (run.customers, run.failure) == (150, "")
    scores = pq.read_table(shadow_file(prediction)).to_pandas()
    used, other = run.distribution["thresholds"]
    leaves, others_leave = scores[PROBABILITY] >= used, scores[CHALLENGER] >= other
    assert run.newly_leaving == (others_leave & ~leaves).sum()
    assert run.newly_staying == (leaves & ~others_leave).sum()
    assert 0 < run.disagree < 150
    assert run.mean_difference == pytest.approx((scores[PROBABILITY] - scores[CHALLENGER]).abs().mean())
    assert sum(run.distribution["used"]) == sum(run.distribution["challenger"]) == 150


def test_its_scores_are_those_it_gives_when_it_is_chosen(challenge, done, user, default_versions):
    challenge()
    in_shadow = pq.read_table(shadow_file(done(user)))[CHALLENGER].to_pylist()

    chosen = done(user, model=default_versions["decision_tree"])

    table = pq.read_table(files.absolute(files.table_beside(chosen.result_dataset_path)))
    assert table[PROBABILITY].to_pylist() == in_shadow


def test_those_who_change_sides_are_found_in_its_file(challenge, done, user):
    challenge()
    prediction = done(user)
    run = ShadowRun.objects.get()

    batches = changed_sides(shadow_file(prediction), run.distribution["thresholds"])

    assert pa.Table.from_batches(batches).num_rows == run.disagree


def test_the_result_is_what_it_would_be_without(challenge, done, user, as_user):
    alone = done(user)
    challenge()

    beside = done(user)

    assert beside.result == alone.result
    read = [files.absolute(run.result_dataset_path).read_bytes() for run in (alone, beside)]
    assert read[0] == read[1]
    page = as_user.get(f"/user/predictions/{beside.uuid}/").content.decode()
    assert "hallenger" not in page


@pytest.mark.parametrize("alone", ["nobody", "itself", "other company", "withdrawn"])
def test_leaves_nothing_where_nobody_scores_beside(
    alone, challenge, done, user, company, developer, other_company, default_versions
):
    if alone == "other company":
        challenge(to=other_company)
    if alone in ("itself", "withdrawn"):
        challenge()
    tree = default_versions["decision_tree"]
    if alone == "withdrawn":
        withdraw_version(version=tree, company=company, by=developer, reason="Seen enough.", at=NOON)

    prediction = done(user, **({"model": tree} if alone == "itself" else {}))

    assert not ShadowRun.objects.exists()
    assert not shadow_file(prediction).exists()


def test_damaged_it_is_noted_and_the_prediction_is_done(challenge, done, user):
    challenger = challenge()
    damage(challenger.model)

    prediction = done(user)

    assert prediction.job.state == Job.State.SUCCEEDED
    run = ShadowRun.objects.get()
    assert (run.customers, "not those that were registered" in run.failure) == (None, True)
    assert ModelVersion.objects.get(pk=challenger.model_id).state == ModelVersion.State.DAMAGED
    assert not shadow_file(prediction).exists()


def test_in_quarantine_it_scores_nobody(challenge, done, user, operator):
    quarantine_version(version=challenge().model, reason="Under suspicion.", by=operator, at=NOON)

    assert done(user).job.state == Job.State.SUCCEEDED
    assert "quarantined" in ShadowRun.objects.get().failure


def test_an_attempt_that_is_done_again_counts_once(challenge, done, user, do_jobs):
    challenge()
    prediction = done(user)

    Job.objects.filter(pk=prediction.job_id).update(state=Job.State.QUEUED, finished_at=None)
    do_jobs()

    assert ShadowRun.objects.count() == 1


def test_its_file_goes_with_the_company(
    challenge, done, user, company, operator, django_capture_on_commit_callbacks
):
    challenge()
    path = shadow_file(done(user))

    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=NOON)

    assert not path.exists()
    assert not ShadowRun.objects.exists()


def test_its_file_goes_with_the_prediction(challenge, done, user, settings):
    challenge()
    prediction = done(user)
    kept = shadow_file(prediction)
    sweep_files(at=timezone.now() + timedelta(days=2))
    assert kept.exists()

    Prediction.objects.filter(pk=prediction.pk).delete()
    sweep_files(at=timezone.now() + timedelta(days=2))

    assert not kept.exists()
