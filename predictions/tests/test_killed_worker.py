"""A real worker, started by the Procfile's own command, is killed in the middle of a prediction."""

import time

import psutil
import pyarrow.csv as pacsv
import pytest

from core.files.media import media_path
from jobs.models import Job
from jobs.tests.test_killed_workers import environment, processes, wait_until  # noqa: F401
from predictions.models import Prediction

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(280)]

COPIES = 1_000


@pytest.fixture
def many_customers(customers):
    """Return 150,000 customers as a file: enough for a forest to be busy for seconds."""
    header, *rows = customers
    lines = [",".join(row[1:]) for row in rows]
    body = "".join(
        f"{copy:05d}-{place:03d},{line}\n" for copy in range(COPIES) for place, line in enumerate(lines)
    )
    return (",".join(header) + "\n" + body).encode()


@pytest.fixture
def same_installation(environment, settings):  # noqa: F811
    """Let the worker find this test's files, and hold the signatures of its models for genuine."""
    environment["SECRET_KEY"] = settings.SECRET_KEY
    environment["MEDIA_ROOT"] = str(settings.MEDIA_ROOT)
    environment["UPLOAD_DIR"] = str(settings.FILE_UPLOAD_TEMP_DIR)


def current(prediction):
    return Job.objects.get(pk=prediction.job_id)


def results(settings):
    found = (settings.MEDIA_ROOT / "datasets").glob("*/predictionResult/*/*")
    return sorted(path.name for path in found if not path.name.startswith("."))


@pytest.mark.parametrize("victim", [pytest.param("child", marks=pytest.mark.any_database), "main"])
def test_the_prediction_is_done_once_and_nothing_half_written_is_seen(
    victim, same_installation, processes, settings, predict, user, default_versions, many_customers  # noqa: F811
):  # fmt: skip
    prediction = predict(user, many_customers, model=default_versions["random_forest"])
    processes.start("clock")
    processes.start("worker")
    job = wait_until(
        lambda: (job := current(prediction)).state == Job.State.RUNNING and job.done > 0 and job,
        seconds=90,
        what="a worker is in the middle of the file",
    )
    child = psutil.Process(int(job.worker.rpartition(":")[2]))

    {"child": child, "main": child.parent()}[victim].kill()
    killed_at = time.monotonic()

    assert results(settings) == []
    assert Prediction.objects.get().result is None
    wait_until(lambda: current(prediction).has_ended, seconds=60, what="the prediction ended by itself")
    assert time.monotonic() - killed_at < 60
    done, job = Prediction.objects.get(), current(prediction)
    assert (job.state, job.attempt) == (Job.State.SUCCEEDED, 2)
    name = done.result_dataset_path.rpartition("/")[2]
    assert results(settings) == [name, f"{name.removesuffix('.csv')}.parquet"]
    assert done.result["rows"] == COPIES * 150
    assert pacsv.read_csv(media_path(done.result_dataset_path)).num_rows == COPIES * 150
