"""A log is read by one frozen specification: every row is counted once, and nothing is left of a refusal."""

import csv
import io

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from companies.identity import membership
from core.files.store import exists, local_copy, objects_under
from core.files.stored import DATASETS
from intake.services.checking import FileRefused
from jobs.models import Job
from jobs.orders import request_cancel
from registry.models import Dataset
from transactions.models import AnalysisSession
from transactions.selectors import analyses_for, status_of
from transactions.services.importing import LogWasRead, MappingRefused, start_import
from transactions.services.matrices import start_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import MAPPING, lines_of_log, log_file

pytestmark = pytest.mark.django_db


def start(analysis, **options):
    return start_import(
        analysis=analysis, mapping=options.pop("mapping", MAPPING), at=timezone.now(), **options
    )


def test_the_file_is_kept_as_it_came_and_what_was_found_in_it(uploaded, company):
    dataset = uploaded.dataset

    assert dataset.file_path.startswith(f"org_{company.uuid}/raw/") and dataset.file_path.endswith(".csv")
    with local_copy(DATASETS, dataset.file_path) as path:
        assert path.read_bytes() == log_file(with_faults=True).read()
    assert dataset.row_count == uploaded.preview["rows_in_file"]
    assert {role: guess["column"] for role, guess in uploaded.preview["guesses"].items()} == MAPPING
    assert status_of(uploaded) == "uploaded"


def test_the_job_accounts_for_every_row(uploaded, do_jobs, taken):
    start(uploaded)
    (job,) = do_jobs()

    analysis = AnalysisSession.objects.get()
    report = analysis.import_report
    assert (job.error, analysis.state) == (None, "READY")
    assert taken == [step for step, _ in job.plan]
    assert report["rows_in"] == report["accepted"] + report["duplicates"] + report["rejected"]
    assert (report["duplicates"], report["rejected"], report["missing_ids"], report["returns"]) == (
        1,
        2,
        1,
        1,
    )
    assert analysis.profile["quality"]["score"] <= 10
    with local_copy(DATASETS, analysis.rejects_path) as path:
        rejects = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert [row["reason"] for row in rejects] == ["missing_id", "bad_date"]
    # What was made on the way is gone.
    assert {found.name.split("/")[1] for found in objects_under(DATASETS, "org_")} == {
        "raw",
        "events",
        "rejects",
    }


@pytest.mark.any_database
@pytest.mark.parametrize(
    "mapping, kind",
    [
        (MAPPING | {"amount": "bought on", "category": ""}, "wrong_mapping"),
        (MAPPING | {"customer_id": "category", "category": ""}, "too_few_customers"),
        (MAPPING | {"amount": "nothing"}, "missing_columns"),
        (MAPPING | {"event_at": ""}, "needs_mapping"),
    ],
    ids=["a date as amount", "an id with three values", "a column that is not there", "no date"],
)
def test_a_wrong_mapping_is_stopped_with_its_reason(uploaded, mapping, kind):
    with pytest.raises(MappingRefused) as refusal:
        start(uploaded, mapping=mapping)

    assert refusal.value.code == kind
    assert AnalysisSession.objects.get().state == "UPLOADED"
    assert not Job.objects.exists()


def test_a_refused_file_leaves_no_row_and_no_object(member, settings):
    for name, content in (
        ("empty.csv", b""),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("x.csv", b"a\n1\n"),
    ):
        with pytest.raises(FileRefused):
            start_analysis(member=member, upload=ContentFile(content, name=name), at=timezone.now())

    assert not Dataset.objects.exists() and not AnalysisSession.objects.exists()
    assert not [found for found in objects_under(DATASETS)]
    assert not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


def test_a_cancelled_import_can_be_started_again(uploaded, user, do_jobs):
    job = start(uploaded).job
    request_cancel(job=job, by=user, at=timezone.now())

    analysis = AnalysisSession.objects.get()
    assert analysis.has_failed and not analysis.is_being_read
    assert status_of(analysis) == "error"
    assert start(analysis).is_being_read


def test_reading_waits_for_the_reading_before(uploaded):
    start(uploaded)

    with pytest.raises(LogWasRead, match="being read"):
        start(uploaded)


def test_what_features_were_made_of_is_not_read_differently(read_log):
    start_features(analysis=read_log, feature_set="rfm_v2", at=timezone.now())

    with pytest.raises(LogWasRead, match="Features were made"):
        start(read_log)


def test_reading_again_replaces_what_was_read(read_log, do_jobs):
    before = read_log.events_path

    start(read_log, mapping={**MAPPING, "category": "", "product": "category"})
    do_jobs()

    analysis = AnalysisSession.objects.get()
    assert analysis.import_report["optional_columns"] == ["product"]
    assert exists(DATASETS, analysis.events_path) and analysis.events_path != before


@pytest.mark.any_database
def test_a_file_that_was_changed_behind_our_back_is_not_read(uploaded, settings, do_jobs):
    path = settings.MEDIA_ROOT / "datasets" / uploaded.dataset.file_path
    path.chmod(0o640)
    path.write_bytes(path.read_bytes().replace(b"tea", b"ale"))

    start(uploaded)
    (job,) = do_jobs()

    assert job.state == Job.State.FAILED and "has changed" in job.error["message"]
    assert not AnalysisSession.objects.get().events_path


def test_the_company_sees_its_own_logs_and_no_others(uploaded, developer, stranger):
    assert list(analyses_for(membership(developer))) == [uploaded]
    assert not analyses_for(membership(stranger)).exists()


def workbook(lines):
    from openpyxl import Workbook

    book, file = Workbook(), io.BytesIO()
    for number, line in enumerate(lines):
        who, day, paid, category = line.split(",")
        book.active.append([who, day, paid if not number else float(paid), category])
    book.save(file)
    return file.getvalue()


def western(lines):
    rows = [line.split(",") for line in lines]
    for row in rows:
        row[2:] = row[2].replace(".", ","), row[3].replace("tea", "thé")
    return "\n".join(map(";".join, rows)).encode("cp1252")


@pytest.mark.any_database
@pytest.mark.parametrize(
    "name, write",
    [("log.xlsx", workbook), ("log.csv", western)],
    ids=["a workbook", "another encoding and sign"],
)
def test_a_file_that_is_read_from_a_copy_leaves_none_behind(member, do_jobs, settings, name, write, taken):
    lines = lines_of_log(customers=12)
    upload = ContentFile(write(lines), name=name)

    analysis = start_analysis(member=member, upload=upload, at=timezone.now())
    start(analysis)
    (job,) = do_jobs()

    report = AnalysisSession.objects.get().import_report
    assert job.error is None
    assert taken == [step for step, _ in job.plan]
    assert (report["accepted"], report["rejected"], report["customers"]) == (len(lines) - 1, 0, 12)
    # The file and its events.
    assert len([path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]) == 2
    assert not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())
