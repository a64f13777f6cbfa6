from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from companies.services.erasure import erase_company
from core.files.media import media_path
from intake.services.checking import LEAVE_OUT
from jobs.models import Job
from jobs.runner import JobRun
from jobs.services import LeaseLost, claim_job, reap
from registry.models import Dataset, ModelVersion
from training.models import TrainingRun
from training.services.attempts import train_on_customers
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def spring(tmp_path, labelled):
    path = tmp_path / "spring.csv"
    path.write_bytes(to_csv(labelled()))
    return path


@pytest.mark.any_database
def test_the_command_retrains_and_says_whether_it_is_better(retraining, company, spring, capsys):
    call_command("retrain", str(spring), company=company.pk.lower(), reason="spring", wait=True)

    said = capsys.readouterr().out
    assert "Logistic Regression v2 learned from the 1,200 customers of combinedDataset1." in said
    assert "customers, of whom" in said
    assert TrainingRun.objects.get().reason == "spring"


def test_the_command_leaves_the_work_to_a_worker(retraining, company, spring, capsys):
    call_command("retrain", str(spring), company=company.pk, reason="spring")

    assert "Queued" in capsys.readouterr().out
    assert Job.objects.get().state == Job.State.QUEUED


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"company": "NOSUCHCOMP"}, "no company"), ({"reason": " "}, "Say why you retrain")],
)
def test_the_command_says_what_is_wrong(changes, sentence, retraining, company, spring):
    with pytest.raises(CommandError, match=sentence):
        call_command("retrain", str(spring), **{"company": company.pk, "reason": "spring", **changes})


@pytest.mark.any_database
def test_the_command_refuses_a_bad_file_with_the_sentence_of_the_page(retraining, company, tmp_path):
    path = tmp_path / "spring.csv"
    path.write_text("customerID,tenure,Churn\n1,2,Yes\n")

    with pytest.raises(CommandError, match="missing"):
        call_command("retrain", str(path), company=company.pk, reason="spring")


def test_operators_read_retrainings_and_change_none(retrained, labelled, as_operator):
    run = retrained(labelled())
    page = f"/admin/training/trainingrun/{run.pk}/change/"

    assert as_operator.get("/admin/training/trainingrun/").status_code == 200
    assert str(run.uuid) in as_operator.get(page).content.decode()
    assert as_operator.get("/admin/training/trainingrun/add/").status_code == 403
    assert as_operator.post(page, {"reason": "x"}).status_code == 403


def test_erasing_a_company_takes_rows_and_files(
    retrained, labelled, company, operator, django_capture_on_commit_callbacks
):
    run = retrained(labelled())
    paths = [media_path(data.file_path) for data in (run.upload_dataset, run.combined_dataset)]
    assert all(path.exists() for path in paths)

    company_id = company.pk
    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=timezone.now())

    assert not any(path.exists() for path in paths)
    assert not TrainingRun.objects.exists()
    assert not Dataset.objects.filter(company_id=company_id).exists()
    assert ModelVersion.objects.get().company is None  # the default stays


def test_an_attempt_that_was_taken_over_leaves_nothing(retraining, labelled, do_jobs):
    run = retraining(labelled())
    late = JobRun(claim_job(job_id=run.job_id, worker="late", at=timezone.now()))
    reap(at=timezone.now() + timedelta(minutes=5))
    do_jobs()
    stale = TrainingRun.objects.select_related("company", "job__account", "model_type").get(pk=run.pk)
    stale.number = None  # as it was when the late attempt read it

    with pytest.raises(LeaseLost):
        train_on_customers(run=late, training_run=stale, at=timezone.now())

    assert ModelVersion.objects.exclude(company=None).count() == 1
    assert Dataset.objects.filter(is_combined=True).count() == 1


def test_programs_are_told_what_became_of_the_rows(retrained, labelled, as_developer, as_user):
    rows = labelled()
    wrong = ["X-1", *rows[1][1:]]
    wrong[rows[0].index("tenure")] = "long"
    run = retrained([*rows, wrong, rows[1]], bad_rows=LEAVE_OUT)

    told = as_developer.get(f"/api/v1/retrainings/{run.uuid}").json()["rows_read"]

    assert [told[name] for name in ("rows_in", "accepted", "duplicates", "rejected")] == [302, 300, 1, 1]
    left_out = b"".join(as_developer.get(told["rejected_rows_url"]).streaming_content).decode("utf-8-sig")
    assert "302,tenure,long" in left_out
    datasets = as_developer.get("/api/v1/datasets").json()["results"]
    assert {data["kind"]: data["rows_read"] for data in datasets} == {
        "upload": told, "combined": None, "original": None,
    }  # fmt: skip
    assert as_developer.get(f"/api/v1/jobs/{run.job_id}").json()["rows_read"] == told
    # Files to learn from are the developer's alone.
    assert as_user.get(f"/api/v1/jobs/{run.job_id}").status_code == 404
