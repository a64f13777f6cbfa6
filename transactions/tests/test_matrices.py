"""Features of a log: one line per customer, labels where outcomes are known."""

import csv
import io
from datetime import date, datetime

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from core.files.store import local_copy
from core.files.stored import UTILS
from transactions.cutoffs import CutoffRefused, LogNotRead
from transactions.models import FeatureMatrix
from transactions.presenting.findings import MatrixFindings
from transactions.services.configuration import configure_analysis
from transactions.services.matrices import NoSuchFeatures, start_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import MAPPING, lines_of_log, read_here

pytestmark = pytest.mark.django_db


def compute(analysis, do_jobs, feature_set="retail_v1", as_of=None):
    matrix = start_features(analysis=analysis, feature_set=feature_set, as_of=as_of, at=timezone.now())
    (job,) = do_jobs()
    assert job.error is None, job.error
    return FeatureMatrix.objects.get(pk=matrix.pk)


def rows_of(matrix):
    with local_copy(UTILS, matrix.csv_path) as path:
        return list(csv.DictReader(io.StringIO(path.read_text())))


def test_a_row_for_each_customer_with_labels_by_the_churn_definition(read_log, do_jobs, taken):
    configure_analysis(analysis=read_log, horizon_days=60, at=timezone.now())

    matrix = compute(read_log, do_jobs)

    assert taken == [step for step, _ in matrix.job.plan]
    rows = rows_of(matrix)
    assert len(rows) == matrix.report["rows"] == matrix.dataset.row_count == 40
    assert {row["status"] for row in rows} == {"active", "lapsed"}
    assert all(row["is_churned"] == "" for row in rows if row["status"] == "lapsed")
    assert matrix.report["labels"]["lapsed"] == sum(row["status"] == "lapsed" for row in rows)
    assert matrix.report["absent"].keys() == {"evening_purchase_ratio", "percent_repeat_products"} | {
        "average_items_per_transaction", "discount_usage_rate",
    }  # fmt: skip
    assert matrix.dataset.file_path == matrix.csv_path
    assert matrix.csv_path == f"org_{read_log.company.uuid}/features/features_{matrix.dataset.uuid}.csv"


@pytest.mark.any_database
def test_what_happens_after_the_cutoff_decides_and_is_no_feature(read_log, do_jobs):
    matrix = compute(read_log, do_jobs, feature_set="rfm_v2", as_of=date(2024, 6, 1))

    assert matrix.as_of == datetime(2024, 6, 1, tzinfo=matrix.as_of.tzinfo)
    assert matrix.label_source == "definition"
    assert matrix.report["labels"]["as_of"] == "2024-06-01T00:00:00"
    assert list(rows_of(matrix)[0])[-2:] == ["is_churned", "status"]


@pytest.mark.any_database
def test_nobody_is_labelled_before_the_outcome_is_known(read_log, do_jobs):
    matrix = compute(read_log, do_jobs, feature_set="rfm_v2", as_of=date(2024, 10, 1))

    assert matrix.label_source == "" and matrix.report["labels"] is None
    assert {row["is_churned"] for row in rows_of(matrix)} == {""}


def test_refuses_what_cannot_be_computed_and_leaves_nothing(read_log, uploaded):
    with pytest.raises(CutoffRefused, match="begins on 2024-01-01"):
        start_features(analysis=read_log, feature_set="rfm_v2", as_of=date(2023, 1, 1), at=timezone.now())
    with pytest.raises(NoSuchFeatures, match="rfm_v2, retail_v1"):
        start_features(analysis=read_log, feature_set="rfm_v3", at=timezone.now())

    assert not FeatureMatrix.objects.exists()


@pytest.mark.any_database
def test_refuses_a_log_that_was_not_read(uploaded):
    with pytest.raises(LogNotRead):
        start_features(analysis=uploaded, feature_set="rfm_v2", at=timezone.now())


@pytest.mark.any_database
def test_a_feature_that_knows_the_answer_is_named(member, do_jobs):
    """Given labels that only say who has been silent for long are the leak that the sources describe."""
    lines = lines_of_log(customers=100, days=200)
    gone = {f"C{number:03d}" for number in range(0, 100, 3)}
    labelled = [f"{line},{int(line[:4] in gone)}" for line in lines[1:]]
    upload = ContentFile("\n".join([f"{lines[0]},left", *labelled]).encode(), name="labelled.csv")
    analysis = start_analysis(member=member, upload=upload, at=timezone.now())

    matrix = compute(read_here(analysis, {**MAPPING, "label": "left"}), do_jobs)

    assert matrix.label_source == "given"
    found = MatrixFindings(matrix)
    blocked = {row["column"] for row in found.suspects if row["verdict"] == "blocks"}
    assert "days_since_last_purchase" in blocked
    assert "tell" in found.leak_headline
    assert matrix.report["selection"]["kept"]
