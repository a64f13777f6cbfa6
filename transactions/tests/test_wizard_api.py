"""`/api/v1/upload` and `/api/v1/configure`, with the keys that their interface was published with."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from companies.services.api_keys import create_api_key
from jobs.models import Job
from registry.models import Dataset
from transactions.models import AnalysisSession
from transactions.tests.logs import FIRST_DAY, log_file

pytestmark = pytest.mark.django_db

MAPPING = {"customer_id": "customer", "date": "bought on", "amount": "paid", "product": "category"}


@pytest.fixture
def program(company, developer):
    _, secret = create_api_key(
        company=company, name="Till", scopes=["read", "predict"], by=None, at="2026-03-02T12:00:00Z"
    )
    return Client(headers={"Authorization": f"Api-Key {secret}"})


def upload(client, **options):
    return client.post("/api/v1/upload", {"file": log_file(**options)})


def configure(client, upload_id, mapping=MAPPING, days=60, **more):
    body = {"upload_id": upload_id, "column_mapping": mapping, "churn_threshold_days": days, **more}
    return client.post("/api/v1/configure", body, content_type="application/json")


def test_a_log_goes_from_the_upload_to_a_configured_session(program):
    answer = upload(program, name="customer_data.csv", customers=110, days=200, with_faults=True)

    found = answer.json()
    assert answer.status_code == 200
    published = ["upload_id", "filename", "rows", "columns", "preview", "detected_types"]
    assert list(found) == [*published, "dataset_id", "rows_read"]
    assert found["filename"] == "customer_data.csv"
    assert found["columns"] == ["customer", "bought on", "paid", "category"]
    assert found["detected_types"] == {
        "customer": "string", "bought on": "datetime", "paid": "float", "category": "string",
    }  # fmt: skip
    assert len(found["preview"]) == 5
    assert found["preview"][0] | {"paid": 0, "category": ""} == {
        "customer": "C000", "bought on": f"{FIRST_DAY} 00:00:00", "paid": 0, "category": "",
    }  # fmt: skip

    answer = configure(program, found["upload_id"])

    configured = answer.json()
    assert list(configured) == ["session_id", "status", "validation_results", "rows_read"]
    assert configured["status"] == "configured"
    checks = configured["validation_results"]
    assert list(checks) == ["has_required_columns", "min_records", "min_customers", "quality_score"]
    assert all(checks[name] is True for name in list(checks)[:3])
    assert 0 < checks["quality_score"] <= 10
    session = AnalysisSession.objects.get(pk=configured["session_id"])
    assert session.horizon_days == 60
    report = session.import_report
    assert (
        report["rows_in"] == found["rows"] == report["accepted"] + report["duplicates"] + report["rejected"]
    )


def test_a_log_without_amounts_is_configured_and_the_answer_says_what_that_means(program):
    upload_id = upload(program, customers=110, days=200).json()["upload_id"]

    answer = configure(program, upload_id, {"customer_id": "customer", "date": "bought on"}).json()

    assert answer["validation_results"]["has_required_columns"] is True
    assert any("each row counts as a visit" in remark for remark in answer["rows_read"]["remarks"])
    assert AnalysisSession.objects.get(pk=answer["session_id"]).profile["outliers"] is None


def test_a_refusal_says_which_column_and_leaves_the_upload_as_it_was(program):
    upload_id = upload(program).json()["upload_id"]

    answer = configure(program, upload_id, MAPPING | {"amount": "bought on", "date": "paid"})

    assert answer.status_code == 422
    assert answer.json()["column"] in ("paid", "bought on")
    session = AnalysisSession.objects.get()
    assert session.state == "UPLOADED" and session.horizon_days is None
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "changes, status, code",
    [
        ({"days": 5}, 422, "days-out-of-range"),
        ({"mapping": MAPPING | {"weather": "category"}}, 422, "unknown-role"),
        ({"mapping": MAPPING | {"amount": "price"}}, 422, "missing_columns"),
        ({"mapping": {"date": "bought on"}}, 422, "needs_mapping"),
    ],
)
def test_what_cannot_be_configured_is_refused(program, changes, status, code):
    upload_id = upload(program).json()["upload_id"]

    answer = configure(program, upload_id, **changes)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_dates_that_can_be_read_in_two_ways_are_asked_about(program):
    # 1 to 12 January only: days and months could change places.
    lines = [
        "customer,bought on,paid",
        *(f"C{n % 7},{n % 12 + 1:02d}/{n % 11 + 1:02d}/2024,5.00" for n in range(60)),
    ]
    from django.core.files.base import ContentFile

    file = ContentFile("\n".join(lines).encode(), name="open.csv")
    upload_id = program.post("/api/v1/upload", {"file": file}).json()["upload_id"]
    mapping = {"customer_id": "customer", "date": "bought on", "amount": "paid"}

    asked = configure(program, upload_id, mapping)
    assert (asked.status_code, asked.json()["code"]) == (422, "ambiguous_dates")
    assert asked.json()["column"] == "bought on"

    assert configure(program, upload_id, mapping, date_order="DMY").status_code == 200


def test_a_file_that_is_no_log_leaves_nothing(program, settings):
    answer = program.post("/api/v1/upload", {"file": log_file()})
    assert answer.status_code == 200
    before = set(settings.MEDIA_ROOT.rglob("*"))

    for content, status in ((b"", 422), (b"\x89PNG\r\n\x1a\n" + bytes(500), 415), (b"a,b\n1,2\n", 422)):
        refused = program.post("/api/v1/upload", {"file": ContentFile(content, name="x.csv")})
        assert refused.status_code == status, refused.json()
        assert refused.json()["message"]

    assert Dataset.objects.count() == AnalysisSession.objects.count() == 1
    assert set(settings.MEDIA_ROOT.rglob("*")) == before
    assert not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


def test_a_log_of_others_is_not_there(program, as_stranger):
    upload_id = upload(program).json()["upload_id"]

    assert configure(as_stranger, upload_id).status_code == 404
