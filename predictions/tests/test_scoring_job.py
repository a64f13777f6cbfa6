import threading

import pytest
from django.db import connection
from django.utils import timezone

from core.errors import DomainError
from core.files.media import media_path
from jobs.models import Job
from jobs.orders import request_cancel
from jobs.runner import JobRun
from jobs.services import LeaseLost, claim_job
from predictions.models import Prediction
from predictions.services.scoring import score_prediction
from registry.artefacts import path_of
from registry.models import ModelVersion
from registry.services.opening import forget_loaded

pytestmark = pytest.mark.django_db


def results(settings):
    return list((settings.MEDIA_ROOT / "datasets").glob("*/predictionResult/*/*"))


def claimed(prediction):
    return JobRun(claim_job(job_id=prediction.job_id, worker="test", at=timezone.now()))


def test_publishes_result_and_table_in_the_folder_of_the_company(done, user, company):
    prediction = done(user)

    path = media_path(prediction.result_dataset_path)
    assert prediction.result_dataset_path.startswith(f"datasets/user/predictionResult/{company.pk}/")
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, f"{path.stem}.parquet"]


def test_it_takes_the_steps_it_plans(done, user, taken):
    job = done(user).job

    assert taken == [name for name, _ in job.plan]
    assert job.percent(at=timezone.now()) == 100


def test_done_twice_it_is_done_once(done, predict, user, do_jobs, settings):
    prediction = done(user)
    before = results(settings)

    do_jobs()

    assert results(settings) == before
    assert Prediction.objects.get().result_dataset_path == prediction.result_dataset_path


def test_an_attempt_that_was_taken_over_leaves_nothing(predict, user, settings):
    prediction = predict(user)
    slow = claimed(prediction)
    Job.objects.update(attempt=2)

    with pytest.raises(LeaseLost):
        score_prediction(run=slow, prediction=prediction, at=timezone.now())

    assert results(settings) == []
    assert Prediction.objects.get().result is None


def test_a_cancelled_run_leaves_nothing_but_its_row(predict, user, settings, do_jobs, as_user):
    prediction = predict(user)
    request_cancel(job=prediction.job, by=user, at=timezone.now())

    do_jobs()

    assert results(settings) == []
    page = as_user.get(f"/user/predictions/{prediction.uuid}/").content.decode()
    assert "Cancelled" in page and "Predict again" in page


def test_a_damaged_version_scores_nobody(predict, user, version, settings, do_jobs, as_user):
    prediction = predict(user)
    manifest = path_of(version, ".json")
    manifest.write_bytes(manifest.read_bytes().replace(b'"bias"', b'"bios"'))
    forget_loaded()

    [job] = do_jobs()

    assert job.state == Job.State.FAILED
    assert "cannot be used" in job.error["message"]
    assert ModelVersion.objects.get(pk=version.pk).state == ModelVersion.State.DAMAGED
    assert results(settings) == []
    assert "cannot be used" in as_user.get(f"/user/predictions/{prediction.uuid}/").content.decode()


def test_an_upload_that_is_gone_is_said_so(predict, user, do_jobs):
    prediction = predict(user)
    media_path(prediction.upload_dataset_path).unlink()

    [job] = do_jobs()

    assert job.error["code"] == "upload-is-missing"


def test_an_upload_that_was_changed_afterwards_is_refused(predict, user, do_jobs, customer_file):
    prediction = predict(user)
    media_path(prediction.upload_dataset_path).write_bytes(customer_file.replace(b"\n", b"\nX", 3))

    [job] = do_jobs()

    assert job.state == Job.State.FAILED
    assert Prediction.objects.get().result is None


@pytest.mark.django_db(transaction=True)
def test_cancel_stops_a_run_in_the_middle(predict, user, customer_file, settings):
    header, _, body = customer_file.partition(b"\n")
    many = b"\n".join(
        [header, *(b"%07d-%s" % (number, line) for number in range(2_000) for line in body.splitlines())]
    )
    prediction = predict(user, many)
    run = claimed(prediction)
    started, ended = threading.Event(), []

    class Watched(JobRun):
        def progress(self, step, done=0, total=0):
            started.set()
            super().progress(step, done, total)

    def work():
        try:
            score_prediction(run=Watched(run.job), prediction=prediction, at=timezone.now())
        except (DomainError, Exception) as error:
            ended.append(type(error).__name__)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert started.wait(60)
    request_cancel(job=prediction.job, by=user, at=timezone.now())
    worker.join(timeout=60)

    assert ended == ["JobCancelled"]
    assert results(settings) == []
