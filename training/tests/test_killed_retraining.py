"""A worker that is killed at any point of a retraining: nothing lost, doubled or half-visible."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from jobs.models import Job
from jobs.services import reap
from registry.artefacts import check_version, media_path
from registry.models import Dataset, ModelVersion
from registry.services.sweeping import sweep_orphans
from training.models import TrainingRun
from training.services.sweeping import sweep_files
from training.tests.chain import assert_whole

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(280)]

BASE_DIR = Path(__file__).resolve().parents[2]
# Who is held out, the combined table, and the version's five files: each syncs itself and its folder.
POINTS = (
    "train", "sync:1", "rename:1", "sync:3", "rename:2", "sync:4", "sync:7", "rename:4", "rename:6", 
    "sync:14", "rename:7", "rows", "commit",
)  # fmt: skip


def database_url():
    made = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{made['NAME']}"
    login = quote(made["USER"]) + (f":{quote(made['PASSWORD'])}" if made["PASSWORD"] else "")
    return f"mysql://{login}@{made['HOST'] or '127.0.0.1'}:{made['PORT'] or 3306}/{made['NAME']}"


@pytest.fixture
def kill_at(settings, tmp_path):
    """Return a function that does a job in another process, which kills itself at a point."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "STATE_DIR": str(settings.STATE_DIR),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "RETRAIN_MODEL_TYPE": settings.RETRAIN_MODEL_TYPE,
        "SECRET_KEY": settings.SECRET_KEY,
    }

    def kill(job_id, point):
        command = [sys.executable, "-m", "training.tests.killed", str(job_id), point]
        ended = subprocess.run(
            command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=200
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    return kill


def visible():
    versions = ModelVersion.objects.exclude(company=None)
    return versions.count(), Dataset.objects.exclude(is_original=True).count()


@pytest.mark.parametrize("point", POINTS)
def test_is_done_once_after_its_worker_was_killed(point, retraining, labelled, kill_at, do_jobs):
    run = retraining(labelled(rows=120))

    kill_at(run.job_id, point)

    # Whole or not at all: the database never shows a part of it.
    assert visible() == ((1, 2) if point == "commit" else (0, 0))

    reap(at=timezone.now() + timedelta(minutes=5))
    do_jobs()

    run = TrainingRun.objects.with_related().get(pk=run.pk)
    assert run.job.state == Job.State.SUCCEEDED, run.job.error
    assert visible() == (1, 2)
    assert_whole(run.company, done=1)

    later = timezone.now() + timedelta(days=2)
    sweep_files(at=later)
    sweep_orphans(at=later)
    left = [path for path in media_path("datasets/dev/combinedDataset").rglob("*") if path.is_file()]
    assert {path.name.split(".")[0] for path in left} == {Path(run.combined_dataset.file_path).stem}
    assert len(left) == 2  # the table, and who is held out of it
    models = {path.name.split(".")[0] for path in media_path("models/retrained_models").rglob("*.*")}
    assert models == {"logistic_regression_v2", "logistic_regression_v2_metadata"}
    assert check_version(run.version)
