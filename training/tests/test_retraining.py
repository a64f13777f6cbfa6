import csv
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from django.utils import timezone

from companies.identity import membership
from companies.services.conditions import ReasonMissing
from core.files.media import media_path
from core.files.owners import sweep
from core.tests.races import at_once
from intake.services.checking import FileRefused
from jobs import services as job_services
from jobs.models import Job
from jobs.orders import request_cancel
from jobs.runner import run_job
from ml.learning.splits import split_rows
from registry.artefacts import path_of
from registry.models import Dataset, ModelVersion
from registry.presenting.promises import held_by, title_by
from registry.services.datasets import held_out_beside
from registry.services.initialisation import initialize_original_dataset
from registry.services.opening import load_manifest, load_scorer
from registry.services.states import mark_damaged
from registry.tests.factories import NOON, DatasetFactory
from training.models import TrainingRun
from training.presenting.findings import RetrainingFindings
from training.services.runs import OnlyDevelopers
from training.tests.chain import assert_whole

pytestmark = pytest.mark.django_db


def stored_rows(dataset):
    with media_path(dataset.file_path).open(newline="") as file:
        return {row["customerID"]: row for row in csv.DictReader(file)}


def split_ids(rows):
    labels = np.array([row["Churn"] == "Yes" for row in rows.values()]).astype(int)
    ids = np.array(list(rows))
    return [set(ids[part]) for part in split_rows(labels)]


def held_out_ids(dataset):
    ids = np.array(list(stored_rows(dataset)))
    bits = np.frombuffer(media_path(held_out_beside(dataset.file_path)).read_bytes(), np.uint8)
    return set(ids[np.unpackbits(bits, count=len(ids)).astype(bool)])


def kept_files(settings):
    stored = [path for path in (settings.MEDIA_ROOT / "datasets/dev").rglob("*") if path.is_file()]
    return stored + [path for path in settings.FILE_UPLOAD_TEMP_DIR.rglob("*") if path.is_file()]


# --- Lineage ---------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_adds_the_upload_to_the_original_and_registers_the_next_version(retrained, labelled, company):
    run = retrained(labelled())

    assert run.job.state == "SUCCEEDED", run.job.error
    assert (run.version.version, run.version.company) == ("v2", company)
    assert [run.upload_dataset.name, run.combined_dataset.name] == ["uploadDataset1", "combinedDataset1"]
    assert run.parent_dataset.is_original
    assert run.combined_dataset.parent_dataset == run.parent_dataset
    assert run.upload_dataset.file_path.startswith(f"datasets/dev/uploadToRetrain/{company.pk}/")
    assert run.combined_dataset.file_path.startswith(f"datasets/dev/combinedDataset/{company.pk}/")
    assert run.combined_dataset.row_count == len(stored_rows(run.combined_dataset)) == 900 + 300
    assert run.version.training_dataset == run.combined_dataset
    assert run.warm_start is False


def test_the_second_upload_is_added_to_what_the_first_one_made(retrained, labelled):
    first = retrained(labelled(prefix="SPRING"))
    second = retrained(labelled(prefix="SUMMER", seed=22))

    assert second.parent_dataset == first.combined_dataset
    assert second.combined_dataset.name == "combinedDataset2"
    assert second.version.version == "v3"
    assert second.combined_dataset.row_count == 900 + 300 + 300


@pytest.mark.any_database
def test_the_newer_row_of_a_customer_counts(retrained, labelled):
    rows = labelled()
    names = rows[0]
    rows[1][names.index("customerID")] = "DA-000001"  # stands in the original as well
    rows[1][names.index("MonthlyCharges")] = 77.77

    run = retrained(rows)

    assert run.combination["replaced"] == 1
    assert run.combination["examples"] == ["DA-000001"]
    assert run.combination["rows"] == run.combined_dataset.row_count == 900 + 300 - 1
    assert stored_rows(run.combined_dataset)["DA-000001"]["MonthlyCharges"] == "77.77"


def test_goes_on_from_the_data_of_its_own_company(retrained, labelled, stranger, other_company):
    retrained(labelled())
    initialize_original_dataset(company=other_company, at=NOON)

    foreign = retrained(labelled(prefix="F"), account=stranger)

    assert foreign.parent_dataset.is_original
    assert (foreign.combined_dataset.name, foreign.version.version) == ("combinedDataset1", "v2")


@pytest.mark.any_database
@pytest.mark.cold_children
@pytest.mark.parametrize("pinned_type", ["neural_network"])
def test_the_same_data_give_the_same_model_bit_for_bit(retrained, labelled, stranger, other_company):
    initialize_original_dataset(company=other_company, at=NOON)

    here, there = retrained(labelled()), retrained(labelled(), account=stranger)

    assert here.combined_dataset.sha256 == there.combined_dataset.sha256
    for suffix in (".pkl", ".onnx", "_metadata.pkl"):
        assert here.version.file_hashes[suffix] == there.version.file_hashes[suffix], suffix
    parameters = load_manifest(here.version, at=NOON)["parameters"]
    assert parameters["hidden_layer_sizes"] == [100, 50]
    assert (parameters["activation"], parameters["solver"]) == ("identity", "sgd")
    assert (parameters["alpha"], parameters["max_iter"]) == (0.1, 200)
    assert str(here.version) == "Neural Network v2"
    assert load_scorer(here.version, at=NOON).threshold == 0.5


# --- Refusals --------------------------------------------------------------------------------------------


def only_stayers(rows):
    return [row for row in rows if row[-1] != "Yes"]


def few(rows):
    return rows[:20]


def strange_label(rows):
    rows[3][-1] = "perhaps"
    return rows


def no_label(rows):
    return [row[:-1] for row in rows]


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (only_stayers, "one_class"),
        (few, "too_few_rows"),
        (strange_label, "bad_label"),
        (no_label, "missing_columns"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_and_leaves_nothing(
    spoil, kind, retraining, labelled, settings
):
    with pytest.raises(FileRefused) as refusal:
        retraining(spoil(labelled()))

    assert refusal.value.code == kind
    assert not TrainingRun.objects.exists() and not Job.objects.exists()
    assert not Dataset.objects.filter(is_original=False).exists()
    kept = [path for path in kept_files(settings) if not refusal.value.kept]
    assert kept == []


def test_users_do_not_retrain(retraining, labelled, user):
    with pytest.raises(OnlyDevelopers):
        retraining(labelled(), account=user)


@pytest.mark.parametrize("reason", ["  ", "x" * 501])
def test_a_reason_is_needed(reason, retraining, labelled):
    with pytest.raises(ReasonMissing):
        retraining(labelled(), reason=reason)


# --- The job ---------------------------------------------------------------------------------------------


def assert_nothing_came_of(run):
    run.refresh_from_db()
    assert run.version is None and run.number is None
    assert not ModelVersion.objects.exclude(company=None).exists()
    assert not Dataset.objects.filter(is_original=False).exists()
    assert not [*media_path("datasets/dev/combinedDataset").rglob("*.csv")]


def test_a_cancelled_retraining_leaves_no_version_and_no_data(retraining, labelled, do_jobs, developer):
    run = retraining(labelled())
    job = job_services.claim_job(job_id=run.job_id, worker="here", at=timezone.now())
    request_cancel(job=job, by=developer, at=timezone.now())
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)

    do_jobs()

    run.job.refresh_from_db()
    assert run.job.state == "CANCELLED"
    assert_nothing_came_of(run)


@pytest.mark.any_database
@pytest.mark.cold_children
def test_one_that_needs_too_much_memory_says_so_and_leaves_nothing(retraining, labelled, do_jobs, settings):
    settings.TRAINING_MEMORY_MB = 40
    run = retraining(labelled())

    do_jobs()

    run.job.refresh_from_db()
    assert run.job.state == "FAILED"
    assert "more than 40 MB of memory" in run.job.error["message"]
    assert_nothing_came_of(run)


def test_a_job_that_is_done_twice_registers_one_version(retrained, labelled, do_jobs):
    run = retrained(labelled())
    Job.objects.filter(pk=run.job_id).update(state=Job.State.QUEUED)

    do_jobs()

    run.job.refresh_from_db()
    assert run.job.state == "SUCCEEDED"
    assert ModelVersion.objects.filter(company=run.company).count() == 1
    assert Dataset.objects.filter(is_combined=True).count() == 1


def test_the_same_send_starts_one_retraining(retraining, labelled, settings):
    first = retraining(labelled(), idempotency_key="one")
    files = kept_files(settings)

    again = retraining(labelled(), idempotency_key="one")

    assert again == first
    assert kept_files(settings) == files


@pytest.mark.any_database
def test_the_sweep_takes_orphans_and_leaves_what_rows_name(retrained, labelled, settings):
    run = retrained(labelled())
    orphan = media_path(run.combined_dataset.file_path).with_name("left-behind.csv")
    orphan.write_text("left by a killed process")
    named = {path for path in kept_files(settings) if path != orphan}

    early, late = sweep(at=timezone.now()), sweep(at=timezone.now() + timedelta(days=2))

    assert (len(early), len(late)) == (0, 1)
    assert set(kept_files(settings)) == named


# --- Comparison ------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_compares_on_customers_whom_no_version_learned_from(retrained, labelled, default_dataset_row):
    run = retrained(labelled(rows=600))

    judged = run.comparison["judged"]
    assert judged["held_out"] == 1500 // 5
    assert judged["customers"] + judged["left_out"] == judged["held_out"]
    assert judged["left_out"] == 0
    assert judged["unknown"] == []
    assert f"{judged['customers']} customers" in run.comparison["sentence"]
    assert [version["key"] for version in run.comparison["versions"]] == ["new", "serving"]
    intervals = run.comparison["versions"][0]["intervals"]["churners"]["f1"]
    assert intervals["low"] <= intervals["value"] <= intervals["high"]


@pytest.mark.any_database
def test_says_where_probabilities_do_not_hold_for_the_newest_upload(retrained, labelled):
    rows = labelled(rows=600)
    place = rows[0].index("Churn")
    for row in rows[1::2]:
        row[place] = "Yes"
    run = retrained(rows)

    assert sum(one["rows"] for one in run.version.figures["newest"]["bins"]) == 120
    assert RetrainingFindings(run).newest.startswith(
        "Of the newest upload alone, 120 of those it was tried on: "
    )
    # The bad news first, and no heading that says the opposite.
    held = held_by(run.version.figures)
    assert held.startswith("were ") and "on the 120 of the newest upload; on all uploads together" in held
    assert title_by(run.version.figures) == "Its probabilities do not hold for the newest upload"
    new, serving = RetrainingFindings(run).titles["calibration"].split("; those of ")
    assert new == f"Its probabilities {held}"
    # Both are judged alike, or the one that was told apart looks worse.
    assert "on the 120 of the newest upload; on all uploads together they " in serving
    assert run.combination["uploads"][-1] == 600


@pytest.mark.any_database
def test_who_was_held_out_once_is_never_learned_from(retrained, labelled, default_dataset_row):
    _, at_first = split_ids(stored_rows(default_dataset_row))
    first = held_out_ids(retrained(labelled(prefix="SPRING")).combined_dataset)
    rows = labelled(prefix="SUMMER", seed=22)
    rows[1][rows[0].index("customerID")] = next(iter(at_first))  # comes again with a newer row
    run = retrained(rows)
    second = held_out_ids(run.combined_dataset)

    assert at_first < first < second
    assert len(first - at_first) == 60 and 55 <= len(second - first) <= 65
    assert run.comparison["judged"]["customers"] == len(second)
    assert load_manifest(run.version, at=NOON)["split"]["test_rows"] == len(second)


@pytest.mark.any_database
@pytest.mark.parametrize("file_path", [None, "datasets/gone.csv"])
def test_says_when_it_is_not_known_whom_a_version_learned_from(retrained, labelled, file_path):
    ModelVersion.objects.update(training_dataset=file_path and DatasetFactory(file_path=file_path))

    run = retrained(labelled(rows=600))

    assert run.comparison["judged"]["unknown"] == ["Logistic Regression v1"]


@pytest.mark.any_database
def test_a_table_that_cannot_be_read_now_is_not_told_as_unknown(retraining, labelled, do_jobs):
    away = DatasetFactory(file_path="datasets/away.csv")
    media_path(away.file_path).symlink_to("away.csv")
    ModelVersion.objects.update(training_dataset=away)
    run = retraining(labelled())

    do_jobs()

    # Another attempt follows, and if that fails too it says why.
    run.job.refresh_from_db()
    assert not run.job.has_ended and run.job.error["code"] == "storage-fails"


@pytest.mark.any_database
def test_a_list_of_the_held_out_that_cannot_be_read_now_is_not_told_as_gone(retrained, labelled):
    first = retrained(labelled())
    path = media_path(held_out_beside(first.combined_dataset.file_path))
    path.unlink()
    path.symlink_to(path)

    run = retrained(labelled(prefix="SUMMER"))

    assert not run.job.has_ended and run.job.error["code"] == "storage-fails"


@pytest.mark.any_database
def test_a_version_out_of_service_is_named_and_not_compared_with(retraining, labelled, do_jobs):
    serving = ModelVersion.objects.get()
    run = retraining(labelled())
    path_of(serving, ".json").write_text("{}")

    do_jobs()

    run.refresh_from_db()
    assert run.comparison["not_compared"] == ["Logistic Regression v1"]
    assert run.version is not None


@pytest.mark.any_database
def test_notes_which_type_the_rule_would_have_chosen(retrained, labelled):
    run = retrained(labelled())

    choice = run.comparison["choice"]
    assert choice["pinned"] == choice["most_accurate"] == "logistic_regression"


@pytest.mark.any_database
def test_a_retraining_after_the_champion_was_damaged_takes_the_next_best(retrained, labelled, developer):
    mark_damaged(version=ModelVersion.objects.get(), reason="test", at=NOON)

    run = retrained(labelled())

    assert run.job.state == "SUCCEEDED", run.job.error
    assert membership(developer).company == run.company


# --- Several at once -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_retrainings_at_the_same_time_make_one_chain(retraining, labelled):
    runs = [retraining(labelled(rows=120, seed=place + 1, prefix=f"P{place}")) for place in range(3)]

    from celery import current_app

    current_app.loader.import_default_modules()
    # They wait for each other; the chain holds also where somebody queued them again and they do not.
    Job.objects.filter(state=Job.State.WAITING).update(state=Job.State.QUEUED)
    at_once(*(partial(run_job, run.job_id, clock=timezone.now) for run in runs))

    assert list(Job.objects.exclude(error=None)) == []
    assert_whole(runs[0].company, done=3)
