"""What a program is told of a log that it sent: how it stands, what became of its rows, and its features."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.models import Job
from jobs.orders import request_cancel
from transactions.models import FeatureMatrix
from transactions.tests.logs import log_file
from transactions.tests.test_process_features import NOON, log

pytestmark = pytest.mark.django_db

# One row without a customer, one without a date that can be read, and one that stands there twice.
FAULTY = log() + b"\n,2024-01-05,5.00,purchase\nC1,someday,5.00,purchase\n" + log().split(b"\n")[1]
ACCOUNT = [
    "rows_in", "accepted", "duplicates", "rejected", "remarks", "sheet", "encoding", "rejected_rows_url",
]  # fmt: skip


@pytest.fixture
def v2(company):
    return f"/api/v1/churn/v2/organizations/{company.pk}"


@pytest.fixture
def send(as_user, v2):
    """Return a function that sends a log and returns the answer."""

    def send_log(content=FAULTY, name="log.csv"):
        return as_user.post(f"{v2}/upload-dataset", {"file": ContentFile(content, name=name)}).json()

    return send_log


@pytest.fixture
def ask(as_user, v2):
    return lambda dataset: as_user.get(f"{v2}/datasets/{dataset}").json()


@pytest.fixture
def process(as_user, v2):
    return lambda dataset: as_user.post(f"{v2}/datasets/{dataset}/process-features").json()


def test_visits_are_processed_and_a_column_that_may_hold_amounts_is_asked_about(send, process, ask, do_jobs):
    lines = [line.split(b",") for line in log().splitlines()]
    visits = send(b"\n".join(b",".join(line[:2]) for line in lines))
    other = send(
        b"\n".join(b",".join([*line[:2], line[2].replace(b"amount", b"Total price")]) for line in lines)
    )

    assert process(visits["dataset_id"])["success"] is True
    assert process(other["dataset_id"])["code"] == "columns-not-named"
    while do_jobs():
        pass
    found = ask(visits["dataset_id"])
    assert found["features"][0]["status"] == "ready"
    assert any("each row counts as a visit" in remark for remark in found["rows_read"]["remarks"])


def test_the_exact_keys_come_first_and_the_account_stands_beside_them(send, process):
    sent = send()
    begun = process(sent["dataset_id"])

    exact = ["success", "dataset_id", "file_url", "row_count", "status", "message"]
    assert list(sent) == [*exact, "rows_read"]
    assert list(begun) == ["success", "message", "dataset_id", "job", "rows_read"]
    assert list(sent["rows_read"]) == list(begun["rows_read"]) == ACCOUNT
    # Nothing but the first look was taken: what was not counted is no zero.
    seen = sent["rows_read"]
    assert (seen["rows_in"], seen["accepted"], seen["rejected"]) == (203, None, None)
    assert (seen["sheet"], seen["encoding"], seen["rejected_rows_url"]) == (None, "utf-8", None)


def test_a_data_set_tells_its_state_by_get(send, ask, process, do_jobs):
    dataset = send()["dataset_id"]
    seen = [ask(dataset)]
    process(dataset)
    seen.append(ask(dataset))
    do_jobs()
    seen.append(ask(dataset))

    assert [each["status"] for each in seen] == ["uploaded", "processing", "ready"]
    assert [each["has_churn_label"] for each in seen] == [None, None, False]
    assert [each["error"] for each in seen] == [None] * 3
    account = seen[2]["rows_read"]
    assert account["rows_in"] == 203
    assert account["accepted"] + account["duplicates"] + account["rejected"] == 203
    assert (account["duplicates"], account["rejected"]) == (1, 2)
    assert any("2 rows left out" in remark for remark in account["remarks"])


def test_the_rows_that_were_left_out_are_where_the_account_says(as_user, send, ask, process, do_jobs):
    dataset = send()["dataset_id"]
    process(dataset)
    do_jobs()

    rows = b"".join(as_user.get(ask(dataset)["rows_read"]["rejected_rows_url"]).streaming_content)

    lines = rows.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("line,reason,column,value,explanation")
    assert [line.split(",")[1] for line in lines[1:]] == ["missing_id", "bad_date"]


def test_the_file_of_the_features_is_found_by_an_id_that_an_answer_gave(as_user, send, ask, process, do_jobs):
    dataset = send()["dataset_id"]
    process(dataset)
    assert [(each["status"], each["file_name"]) for each in ask(dataset)["features"]] == [
        ("processing", None)
    ]
    do_jobs()

    features = ask(dataset)["features"][0]

    assert features["file_name"] == f"features_{features['dataset_id']}.csv"
    assert FeatureMatrix.objects.get().csv_path.endswith(f"/features/{features['file_name']}")
    table = b"".join(as_user.get(features["file_url"]).streaming_content).decode("utf-8-sig")
    assert len(table.splitlines()) == 1 + features["row_count"] == 21


def test_a_data_set_that_failed_says_why(user, send, ask, process):
    dataset = send()["dataset_id"]
    process(dataset)
    request_cancel(job=Job.objects.get(task="transactions.import"), by=user, at=NOON)

    found = ask(dataset)

    assert found["status"] == "error"
    assert "cancelled" in found["error"]["message"]


def test_a_clean_log_has_no_list_of_rows_left_out(as_user, v2, send, ask, process, do_jobs):
    dataset = send(log())["dataset_id"]
    process(dataset)
    do_jobs()

    answer = as_user.get(f"{v2}/datasets/{dataset}/left-out.csv")

    assert ask(dataset)["rows_read"]["rejected_rows_url"] is None
    assert (answer.status_code, answer.json()["code"]) == (404, "no-rows-left-out")


def test_the_jobs_of_a_log_carry_its_account(as_user, send, ask, process, do_jobs):
    dataset = send()["dataset_id"]
    job = process(dataset)["job"]
    do_jobs()

    listed = as_user.get(reverse("jobs:api-list")).json()["results"]
    alone = as_user.get(reverse("jobs:api-detail", args=(job,))).json()

    account = ask(dataset)["rows_read"]
    assert account["rejected"] == 2
    assert {entry["task"]: entry["rows_read"] for entry in listed} == {
        "transactions.import": account,
        "transactions.features_when_read": account,
    }
    assert alone["rows_read"] == account


def test_the_sheet_of_a_workbook_is_told(send, tmp_path):
    import xlsxwriter

    path = tmp_path / "log.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notes")
        sheet = book.add_worksheet("Orders")
        for place, line in enumerate(log().decode().splitlines()):
            sheet.write_row(place, 0, line.split(","))

    account = send(path.read_bytes(), "log.xlsx")["rows_read"]

    assert (account["sheet"], account["encoding"]) == ("Orders", None)


def test_an_empty_file_name_is_called_that(as_user, v2):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\na,b\r\n--x--\r\n'

    answer = as_user.generic("POST", f"{v2}/upload-dataset", body, "multipart/form-data; boundary=x")

    assert answer.status_code == 400
    assert "file name is empty" in answer.json()["message"]


def test_the_first_interface_gives_the_same_account(as_user, company, ask):
    file = log_file(customers=110, days=200, with_faults=True)
    sent = as_user.post("/api/v1/upload", {"file": file}).json()
    mapping = {"customer_id": "customer", "date": "bought on", "amount": "paid"}
    configured = as_user.post(
        "/api/v1/configure",
        {"upload_id": sent["upload_id"], "column_mapping": mapping, "churn_threshold_days": 60},
        content_type="application/json",
    ).json()

    account = configured["rows_read"]
    assert list(sent["rows_read"]) == list(account) == ACCOUNT
    assert account["rows_in"] == sent["rows"]
    assert (account["duplicates"], account["rejected"]) == (1, 2)
    assert ask(sent["dataset_id"])["rows_read"] == account


def test_all_logs_are_listed_and_say_what_each_says_by_itself(as_user, v2, send, ask, process, do_jobs):
    first = send(name="first.csv")["dataset_id"]
    process(first)
    do_jobs()
    second = send(name="second.csv", content=log() + b"\nC1,2024-07-05,5.00,purchase")["dataset_id"]

    listed = as_user.get(f"{v2}/datasets").json()

    assert listed["count"] == 2
    assert [(each["dataset_id"], each["filename"], each["status"]) for each in listed["results"]] == [
        (second, "second.csv", "uploaded"),
        (first, "first.csv", "ready"),
    ]
    for each in listed["results"]:
        alone = ask(each["dataset_id"])
        assert {name: alone[name] for name in each} == each


def test_another_company_finds_none_of_them(as_stranger, other_company, send):
    send()

    listed = as_stranger.get(f"/api/v1/churn/v2/organizations/{other_company.pk}/datasets").json()

    assert listed["count"] == 0


def test_a_longer_list_asks_the_database_no_more_often(as_user, v2, send, django_assert_max_num_queries):
    send(name="first.csv")
    with CaptureQueriesContext(connection) as one:
        as_user.get(f"{v2}/datasets")
    asked = len(one)
    for number in range(3):
        send(name=f"{number}.csv", content=log() + b"\nC1,2024-07-0%d,5.00,purchase" % (number + 1))

    with django_assert_max_num_queries(asked):
        assert as_user.get(f"{v2}/datasets").json()["count"] == 4
