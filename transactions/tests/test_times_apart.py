"""A log with the time of day in a column of its own goes through every door; its times become features."""

from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from companies.services.api_keys import create_api_key
from core.files.store import local_copy
from core.files.stored import DATASETS
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.services.importing import MappingRefused
from transactions.services.processing import process_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import lines_of_log

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAPPING = {"customer_id": "customer", "event_at": "Order Date", "time": "Order Time", "amount": "paid"}
EVENING = "evening_purchase_ratio"


def clock(number):
    return f"{8 + number % 14:02d}:{number % 60:02d}"


def lines(header="customer,Order Date,paid,Order Time", write_time=clock, **options):
    _, *rows = lines_of_log(**options)
    cells = [row.rpartition(",")[0] for row in rows]
    return "\n".join([header, *(f"{cell},{write_time(n)}" for n, cell in enumerate(cells))])


def sent(text, name="log.csv"):
    return ContentFile(text.encode(), name=name)


def page(name, analysis):
    return reverse(f"transactions:{name}", args=("user", analysis.pk))


@pytest.fixture
def analysis(member):
    return start_analysis(member=member, upload=sent(lines()), at=NOON)


def test_the_page_offers_the_column_with_its_reason(as_user, analysis):
    text = as_user.get(page("columns", analysis)).content.decode()

    assert "Time of day" in text and '<option value="Order Time" selected>' in text
    assert "times of day in every filled cell, from 08:00:00 to 21:59:00" in text


def test_the_page_offers_no_time_where_the_file_has_none(as_user, uploaded):
    assert "Time of day" not in as_user.get(page("columns", uploaded)).content.decode()


def test_the_times_become_features(as_user, analysis, do_jobs):
    as_user.post(page("columns", analysis), MAPPING)
    do_jobs()
    as_user.post(page("features", analysis), {"feature_set": "retail_v1", "as_of": ""})
    do_jobs()

    analysis.refresh_from_db()
    with local_copy(DATASETS, analysis.events_path) as path:
        moments = pq.read_table(path)["event_at"].to_pylist()
    assert [f"{moment:%H:%M}" for moment in moments] == [clock(n) for n in range(len(moments))]
    assert analysis.import_report["has_time"]
    assert EVENING in FeatureMatrix.objects.get().report["features"]
    assert "Order Time" in as_user.get(page("analysis", analysis)).content.decode()


def test_without_the_column_nothing_is_said_about_evenings(as_user, analysis, do_jobs):
    as_user.post(page("columns", analysis), MAPPING | {"time": ""})
    do_jobs()
    as_user.post(page("features", analysis), {"feature_set": "retail_v1", "as_of": ""})
    do_jobs()

    assert EVENING not in FeatureMatrix.objects.get().report["features"]


def test_dates_that_have_times_need_no_others(as_user, member):
    text = lines(write_day=lambda day: f"{day} 10:00")
    analysis = start_analysis(member=member, upload=sent(text), at=NOON)

    assert "its dates have times already" in as_user.get(page("columns", analysis)).content.decode()
    refused = as_user.post(page("columns", analysis), MAPPING)

    assert refused.status_code == 422
    assert "have times already" in refused.content.decode()


def test_a_time_that_cannot_be_read_is_listed_with_its_line(as_user, member, do_jobs):
    text = lines(write_time=lambda n: "evening" if n == 4 else clock(n))
    analysis = start_analysis(member=member, upload=sent(text), at=NOON)

    as_user.post(page("columns", analysis), MAPPING)
    do_jobs()

    assert "A time of day that cannot be read" in as_user.get(page("analysis", analysis)).content.decode()
    rejects = b"".join(as_user.get(page("download_rejects", analysis))).decode("utf-8-sig").splitlines()
    assert rejects[1].startswith("6,bad_time,Order Time,evening,'evening' is not a time of day")


@pytest.mark.any_database
def test_a_program_may_name_the_column_in_its_mapping(company, developer):
    _, secret = create_api_key(company=company, name="Till", scopes=["read", "predict"], by=None, at=NOON)
    program = Client(headers={"Authorization": f"Api-Key {secret}"})
    found = program.post("/api/v1/upload", {"file": sent(lines())}).json()
    mapping = {"customer_id": "customer", "date": "Order Date", "time": "Order Time", "amount": "paid"}
    body = {"upload_id": found["upload_id"], "column_mapping": mapping, "churn_threshold_days": 60}

    answer = program.post("/api/v1/configure", body, content_type="application/json")

    assert (answer.status_code, answer.json()["status"]) == (200, "configured")
    assert found["detected_types"]["Order Time"] == "string"
    assert AnalysisSession.objects.get().import_report["has_time"]


@pytest.mark.any_database
def test_the_command_recognises_the_column(company, developer, tmp_path, capsys):
    path = tmp_path / "till.csv"
    path.write_text(lines())

    call_command("import_dataset", str(path), company=company.pk)

    assert "Time of day: Order Time" in capsys.readouterr().out


@pytest.mark.any_database
def test_a_log_that_names_itself_may_have_event_times(member, do_jobs):
    text = lines("customer_id,event_date,amount,event_time")
    analysis = start_analysis(member=member, upload=sent(text), at=NOON)

    process_features(analysis=analysis, at=NOON)
    do_jobs()

    analysis.refresh_from_db()
    assert analysis.import_report["has_time"]


@pytest.mark.any_database
def test_event_times_that_are_none_are_refused(member):
    text = lines("customer_id,event_date,amount,event_time", write_time=lambda n: "late")
    analysis = start_analysis(member=member, upload=sent(text), at=NOON)

    with pytest.raises(MappingRefused, match="'event_time' holds no times of day"):
        process_features(analysis=analysis, at=NOON)
