from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile

from jobs.models import Job
from jobs.orders import request_cancel
from registry.models import Dataset
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.selectors import status_of
from transactions.services.importing import MappingRefused
from transactions.services.matrices import NoSuchFeatures
from transactions.services.processing import (
    AlreadyProcessing,
    ColumnsNotNamed,
    name_columns,
    process_features,
)
from transactions.services.uploads import start_analysis
from transactions.tests.logs import read_here

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def log(header="customer_id,event_date,amount,event_type", cells=None):
    lines = [header]
    for number in range(200):
        day = f"2024-{1 + number % 9:02}-{1 + number % 27:02}"
        line = f"C{number % 20},{day},{5 + number % 7}.50,purchase"
        lines.append(line + (f",{cells(number)}" if cells else ""))
    return "\n".join(lines).encode()


def upload(member, content, **options):
    return start_analysis(member=member, upload=ContentFile(content, name="log.csv"), at=NOON, **options)


def test_reads_and_computes_a_log_whose_columns_name_themselves(member, do_jobs):
    analysis = upload(member, log())
    seen = [status_of(analysis)]

    matrix = process_features(analysis=analysis, at=NOON)
    seen.append(status_of(AnalysisSession.objects.get(pk=analysis.pk)))
    assert (matrix.job.state, matrix.job.awaited) == (Job.State.WAITING, ["Reading log.csv"])
    assert [job.task for job in do_jobs()] == ["transactions.import", "transactions.features_when_read"]

    matrix.refresh_from_db()
    assert matrix.is_ready
    assert matrix.feature_set == "rfm_v2"
    assert matrix.as_of is not None
    assert matrix.dataset.row_count == 20
    assert matrix.dataset.dataset_type == Dataset.Type.FEATURES
    assert [*seen, status_of(AnalysisSession.objects.get(pk=analysis.pk))] == [
        "uploaded",
        "processing",
        "ready",
    ]


@pytest.mark.any_database
def test_computes_the_features_that_were_asked_for_and_refuses_others(member, do_jobs):
    analysis = upload(member, log())

    with pytest.raises(NoSuchFeatures, match=r"Choose one of: .*retail_v2"):
        process_features(analysis=analysis, feature_set="retail_v9", at=NOON)
    assert not Job.objects.exists()

    read_here(analysis, mapping=name_columns(analysis))
    matrix = process_features(analysis=analysis, feature_set="retail_v2", at=NOON)
    do_jobs()

    matrix.refresh_from_db()
    assert matrix.is_ready and matrix.feature_set == "retail_v2"
    assert "overdue_score" in matrix.report["features"]


@pytest.mark.any_database
def test_names_the_columns_that_it_does_not_find(member):
    analysis = upload(member, log("who,event_date,paid,kind"))

    with pytest.raises(ColumnsNotNamed, match="no column customer_id, amount") as refused:
        process_features(analysis=analysis, at=NOON)

    assert refused.value.extra["missing"] == ["customer_id", "amount"]
    assert not Job.objects.exists()


@pytest.mark.any_database
def test_says_what_a_column_holds_that_cannot_be_what_its_name_says(member):
    analysis = upload(member, log("customer_id,amount,event_date,event_type"))

    with pytest.raises(MappingRefused, match="event_date"):
        process_features(analysis=analysis, at=NOON)

    assert not FeatureMatrix.objects.exists()


@pytest.mark.any_database
@pytest.mark.parametrize(("said", "label"), [(True, "churn_label"), (None, "churn_label"), (False, None)])
def test_the_sender_decides_whether_a_label_is_read(member, said, label):
    content = log("Customer_ID,event_date,amount,event_type,churn_label", lambda number: number % 20 % 2)
    analysis = upload(member, content, has_churn_label=said)

    mapping = name_columns(analysis)

    assert mapping.get("label") == label
    assert mapping["customer_id"] == "Customer_ID"


@pytest.mark.any_database
def test_a_promised_label_that_is_not_there_is_refused(member):
    analysis = upload(member, log(), has_churn_label=True)

    with pytest.raises(ColumnsNotNamed, match=r"no column churn_label\. Rename the column .* or send false"):
        process_features(analysis=analysis, at=NOON)


def test_is_refused_while_it_is_at_work(member):
    analysis = upload(member, log())
    process_features(analysis=analysis, at=NOON)

    with pytest.raises(AlreadyProcessing, match="Wait for them"):
        process_features(analysis=analysis, at=NOON)


@pytest.mark.any_database
def test_a_log_that_cannot_be_read_says_so_and_may_be_tried_again(member, do_jobs):
    analysis = upload(member, log())
    matrix = process_features(analysis=analysis, at=NOON)

    request_cancel(job=Job.objects.get(task="transactions.import"), by=member.account, at=NOON)

    matrix.refresh_from_db()
    assert matrix.has_failed
    assert matrix.job.error["message"] == "This waited for “Reading log.csv”, which was cancelled."
    assert status_of(AnalysisSession.objects.get(pk=analysis.pk)) == "error"

    again = process_features(analysis=analysis, at=NOON)
    do_jobs()

    again.refresh_from_db()
    assert again.is_ready
    assert status_of(AnalysisSession.objects.get(pk=analysis.pk)) == "ready"


@pytest.mark.any_database
def test_computes_again_what_was_read_before(member, do_jobs):
    analysis = upload(member, log())
    read_here(analysis, mapping=name_columns(analysis))
    process_features(analysis=analysis, at=NOON)
    do_jobs()

    process_features(analysis=analysis, feature_set="retail_v1", at=NOON)
    do_jobs()

    assert set(FeatureMatrix.objects.values_list("feature_set", "state")) == {
        ("rfm_v2", "READY"),
        ("retail_v1", "READY"),
    }


@pytest.mark.any_database
def test_says_so_where_the_log_is_not_read(member, do_jobs):
    analysis = upload(member, log())
    matrix = process_features(analysis=analysis, at=NOON)
    Job.objects.filter(pk=matrix.job_id).update(state=Job.State.QUEUED)
    Job.objects.filter(task="transactions.import").update(state=Job.State.CANCELLED)

    do_jobs()

    matrix.refresh_from_db()
    assert matrix.job.error == {
        "code": "log-not-read",
        "message": "The log is not read. Process it again.",
    }
