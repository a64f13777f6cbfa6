"""What waits takes no worker: with two slots, two retrainings of one company leave one for everybody else."""

import psutil
import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from companies.tests.factories import UserFactory
from jobs.models import Job
from jobs.tests.test_killed_workers import environment, processes, wait_until  # noqa: F401
from ml.samples.dataset_a import make_dataset_a
from predictions.services.runs import start_prediction
from registry.models import ModelVersion
from registry.tests.factories import NOON
from training.tests.chain import assert_whole
from training.tests.uploads import labelled, pinned_type, retraining  # noqa: F401

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def same_installation(environment, settings):  # noqa: F811
    """Let the workers find this test's files, and hold the signatures of its models for genuine."""
    environment |= {
        "SECRET_KEY": settings.SECRET_KEY,
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "UPLOAD_DIR": str(settings.FILE_UPLOAD_TEMP_DIR),
        "RETRAIN_MODEL_TYPE": settings.RETRAIN_MODEL_TYPE,
        "WORKER_CONCURRENCY": "2",
    }


def predict_for_another_company():
    customers = make_dataset_a(rows=120, seed=5).drop(columns="Churn")
    return start_prediction(
        member=membership(UserFactory().account),
        name="March base",
        version=ModelVersion.objects.defaults().get(),
        upload=ContentFile(customers.to_csv(index=False).encode(), name="march.csv"),
        at=NOON,
    )


def learning_process(job_id):
    """Return the child in which a worker learns for a job, once there is one."""
    job = Job.objects.get(pk=job_id)
    if job.state != Job.State.RUNNING:
        return None
    return next(iter(psutil.Process(int(job.worker.rpartition(":")[2])).children()), None)


def test_another_company_predicts_while_one_retraining_runs_and_the_next_waits(
    retraining, labelled, same_installation, processes, company  # noqa: F811
):  # fmt: skip
    first = retraining(labelled(rows=120, seed=1, prefix="A"))
    processes.start("worker")
    learning = wait_until(lambda: learning_process(first.job_id), seconds=90, what="a worker is learning")
    # As one that learns from very many customers: it is busy until this test lets it go on.
    learning.suspend()
    try:
        second = retraining(labelled(rows=120, seed=2, prefix="B"))
        prediction = predict_for_another_company()

        wait_until(
            lambda: Job.objects.get(pk=prediction.job_id).state == Job.State.SUCCEEDED,
            seconds=60,
            what="the other company has its prediction",
        )
        assert Job.objects.get(pk=first.job_id).state == Job.State.RUNNING
        assert Job.objects.get(pk=second.job_id).awaited == [first.job.title]
    finally:
        learning.resume()

    wait_until(
        lambda: Job.objects.get(pk=second.job_id).has_ended, seconds=90, what="the second retraining ended"
    )
    assert_whole(company, done=2)
