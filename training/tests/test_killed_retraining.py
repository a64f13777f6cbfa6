"""A worker that is killed at any point of a retraining: nothing lost, doubled or half-visible."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from core.files.media import media_path
from core.files.owners import sweep, sweep_drafts
from jobs.models import Job
from jobs.services import reap
from jobs.tests.test_killed_workers import environment, processes, wait_until  # noqa: F401
from registry.models import Dataset, ModelVersion
from registry.services.opening import read_or_report
from training.models import TrainingRun
from training.tests.chain import assert_whole

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

BASE_DIR = Path(__file__).resolve().parents[2]
# Who is held out, the combined table, and the version's five files: each syncs itself and its folder.
SYNCS, RENAMES = 14, 7
POINTS = (
    "train", "sync:1", "rename:1", "sync:3", "rename:2", "sync:4", "sync:7", "rename:4", "rename:6", 
    "sync:14", "rename:7", "rows", "commit",
)  # fmt: skip
# Before, between and after what is written: each attempt costs a training.
FEW_POINTS = ("train", "sync:1", "rename:2", "rename:6", "rows", "commit")


@pytest.fixture
def same_installation(environment, settings):  # noqa: F811
    """Return the surroundings in which a process finds this test's files and holds their signatures true."""
    return environment | {
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "RETRAIN_MODEL_TYPE": settings.RETRAIN_MODEL_TYPE,
        "SECRET_KEY": settings.SECRET_KEY,
    }


@pytest.fixture
def killing(same_installation):
    """Return a function that starts attempts at a job, each of which kills itself at a point."""

    @contextmanager
    def attempts_at(job_id):
        command = [sys.executable, "-m", "training.tests.killed", str(job_id)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=BASE_DIR, env=same_installation, **pipes) as process:

            def kill_at(point):
                print(point, file=process.stdin, flush=True)
                status, *counted = map(int, process.stdout.readline().split())
                assert status == -signal.SIGKILL, point
                return counted

            yield kill_at
            process.stdin.close()

    return attempts_at


def visible():
    versions = ModelVersion.objects.exclude(company=None)
    return versions.count(), Dataset.objects.exclude(is_original=True).count()


@pytest.mark.parametrize(
    "points", [FEW_POINTS, pytest.param(POINTS, marks=pytest.mark.prove)], ids=["few", "all"]
)
def test_is_done_once_wherever_its_workers_were_killed(points, retraining, labelled, killing, settings):
    settings.JOB_MAX_ATTEMPTS = len(points)
    run = retraining(labelled(rows=120))

    with killing(run.job_id) as kill_at:
        for point in points[:-1]:
            kill_at(point)
            # Whole or not at all: the database never shows a part of it.
            assert visible() == (0, 0), point
            reap(at=timezone.now() + timedelta(minutes=5))
        counted = kill_at(points[-1])

    # What is synced and renamed by now is what `POINTS` is made for.
    assert counted == [SYNCS, RENAMES]
    assert visible() == (1, 2)
    assert reap(at=timezone.now() + timedelta(minutes=5))["queued"] == 0
    run = TrainingRun.objects.with_related().get(pk=run.pk)
    assert (run.job.state, run.job.attempt) == (Job.State.SUCCEEDED, len(points))
    assert_whole(run.company, done=1)

    later = timezone.now() + timedelta(days=2)
    sweep(at=later)
    sweep_drafts(settings.MEDIA_ROOT, at=later)
    left = [path for path in media_path("datasets/dev/combinedDataset").rglob("*") if path.is_file()]
    assert {path.name.split(".")[0] for path in left} == {Path(run.combined_dataset.file_path).stem}
    assert len(left) == 2  # the table, and who is held out of it
    models = {path.name.split(".")[0] for path in media_path("models/retrained_models").rglob("*.*")}
    assert models == {"logistic_regression_v2", "logistic_regression_v2_metadata"}
    assert read_or_report(run.version, at=timezone.now())


def test_a_real_worker_that_is_killed_is_followed_by_another_within_a_minute(
    retraining, labelled, same_installation, processes  # noqa: F811
):  # fmt: skip
    processes.environment = same_installation
    run = retraining(labelled(rows=120))
    processes.start("clock")
    processes.start("worker")
    job = wait_until(
        lambda: (job := Job.objects.get(pk=run.job_id)).state == Job.State.RUNNING and job.step and job,
        seconds=120,
        what="a worker has begun to retrain",
    )

    psutil.Process(int(job.worker.rpartition(":")[2])).kill()
    killed_at = time.monotonic()

    wait_until(lambda: Job.objects.get(pk=run.job_id).has_ended, seconds=60, what="the job ended by itself")
    assert time.monotonic() - killed_at < 60
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.attempt) == (Job.State.SUCCEEDED, 2)
    assert_whole(run.company, done=1)
