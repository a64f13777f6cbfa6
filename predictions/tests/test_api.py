import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from predictions.models import Prediction
from predictions.tests.conftest import to_csv
from predictions.tests.factories import PredictionFactory
from registry.selectors import telecom_base
from registry.tests.own_bases import own_base, own_csv, own_rows

pytestmark = pytest.mark.django_db

RUNS = "/api/v1/prediction-runs"


@pytest.fixture
def post(version):
    def send(client, content, **options):
        form = {
            "name": "March base",
            "model": version.pk,
            "file": SimpleUploadedFile("march.csv", content),
            **options.pop("fields", {}),
        }
        return client.post(RUNS, form, **options)

    return send


def test_starts_a_run_and_shows_its_result(as_user, post, customer_file, do_jobs):
    answer = post(as_user, customer_file)

    run = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{RUNS}/{run['id']}"
    assert (run["state"], run["summary"], run["result_url"]) == ("QUEUED", None, None)

    do_jobs()

    run = as_user.get(f"{RUNS}/{run['id']}").json()
    assert run["state"] == "SUCCEEDED"
    assert run["summary"]["rows"] == run["read"]["accepted"] == 150
    result = b"".join(as_user.get(run["result_url"]).streaming_content)
    assert result.startswith(customer_file.split(b"\n")[0])


def test_gives_rows_in_pieces(as_user, done, user):
    prediction = done(user)

    answer = as_user.get(
        f"{RUNS}/{prediction.uuid}/rows", {"limit": 3, "offset": 1, "sort": "-probability"}
    ).json()

    assert answer["count"] == 150
    assert len(answer["results"]) == 3
    chances = [row["probability"] for row in answer["results"]]
    assert chances == sorted(chances, reverse=True)
    assert set(answer["results"][0]) == {"customer", "probability", "risk_tier", "line", "features"}


def test_says_what_is_wrong_with_a_file(as_user, post):
    answer = post(as_user, b"customerID,tenure\n1,2\n")

    said = answer.json()
    assert answer.status_code == 422
    assert said["code"] == said["kind"] == "missing_columns"
    assert not Prediction.objects.exists()


def test_the_same_key_gives_the_same_run(as_user, post, customer_file):
    headers = {"Idempotency-Key": "abc"}

    first, second = (post(as_user, customer_file, headers=headers).json()["id"] for _ in range(2))

    assert first == second


def test_refuses_what_is_too_large(as_user, post, customer_file, settings):
    settings.UPLOAD_MAX_MB = 1

    answer = post(as_user, customer_file * 100)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("missing", ["name", "model", "file"])
def test_wants_all_fields(as_user, version, customer_file, missing):
    form = {"name": "A", "model": version.pk, "file": SimpleUploadedFile("a.csv", customer_file)}
    del form[missing]

    answer = as_user.post(RUNS, form)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, [missing])


def test_lists_the_runs_of_the_own_company(as_user, as_stranger, user):
    PredictionFactory(user=user.user)

    assert as_user.get(RUNS).json()["count"] == 1
    assert as_stranger.get(RUNS).json()["count"] == 0


def test_a_foreign_run_answers_like_none(as_stranger, done, user):
    run = done(user)

    for path in ("", "/rows", "/result.csv"):
        foreign = as_stranger.get(f"{RUNS}/{run.uuid}{path}")
        absent = as_stranger.get(f"{RUNS}/00000000-0000-0000-0000-000000000001{path}")
        assert foreign.status_code == absent.status_code == 404, path
        assert foreign.content == absent.content, path


def test_sends_no_figure_that_json_does_not_know(as_user, done, user):
    text = as_user.get(f"{RUNS}/{done(user).uuid}").content.decode()

    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


def test_names_the_customers_and_lists_theirs_alone(as_user, user, company, done, post, customer_file):
    base, champion = own_base(company)
    done(user)

    sent = {"model": champion.pk, "base": base.uuid}
    run = post(as_user, own_csv(with_outcome=False), fields=sent).json()

    assert run["base"] == {"id": str(base.uuid), "name": "Shops", "currency": "EUR"}
    listed = as_user.get(RUNS, {"base": base.uuid}).json()["results"]
    assert [found["id"] for found in listed] == [run["id"]]
    assert as_user.get(RUNS).json()["count"] == 2
    other = {"model": champion.pk, "base": telecom_base().uuid}
    assert post(as_user, customer_file, fields=other).status_code == 404


def test_gives_the_columns_of_the_company_as_its_file_has_them(as_user, user, company, done):
    _, champion = own_base(company)
    prediction = done(user, own_csv(with_outcome=False), model=champion)

    row = as_user.get(f"{RUNS}/{prediction.uuid}/rows", {"limit": 1, "sort": "-Beginn"}).json()["results"][0]

    latest = max(date(*map(int, reversed(row[4].split(".")))) for row in own_rows() if row[4])
    assert row["features"]["Beginn"] == latest.isoformat()


def faulty(customers):
    """Return a file with a row that cannot be read and one that stands there twice."""
    wrong = ["X-1", *customers[1][1:]]
    wrong[customers[0].index("tenure")] = "long"
    return to_csv([*customers, wrong, customers[1]])


def test_a_run_and_its_job_account_for_the_rows_and_say_where_the_rejected_are(
    as_user, post, customers, do_jobs
):
    run = post(as_user, faulty(customers), fields={"bad_rows": "leave_out"}).json()

    account = run["rows_read"]
    counts = [account[name] for name in ("rows_in", "accepted", "duplicates", "rejected")]
    assert counts == [152, 150, 1, 1]
    assert account["remarks"] == run["read"]["warnings"]
    assert (account["sheet"], account["encoding"]) == (None, "utf-8")
    rows = b"".join(as_user.get(account["rejected_rows_url"]).streaming_content).decode("utf-8-sig")
    assert rows.splitlines()[1] == "152,tenure,long,'long' is not a number"
    assert as_user.get(f"/api/v1/jobs/{run['job']}").json()["rows_read"] == account
    assert as_user.get("/api/v1/jobs").json()["results"][0]["rows_read"] == account
    assert as_user.get(RUNS).json()["results"][0]["rows_read"] == account


def test_a_refusal_says_where_the_rows_are(as_user, as_stranger, post, customers):
    said = post(as_user, faulty(customers)).json()

    rows = b"".join(as_user.get(said["rejected_rows_url"]).streaming_content).decode("utf-8-sig")
    assert said["rejected"] == 1
    assert "152,tenure,long" in rows
    assert as_stranger.get(said["rejected_rows_url"]).json()["code"] == "upload-is-gone"


def test_a_run_without_rejected_rows_says_so(as_user, post, customer_file):
    run = post(as_user, customer_file).json()

    answer = as_user.get(f"{RUNS}/{run['id']}/left-out.csv")

    assert run["rows_read"]["rejected_rows_url"] is None
    assert answer.json() == {
        "code": "no-rows-left-out",
        "message": "No row of the file of “March base” was left out. Take all of them from its result.",
    }


def test_a_model_that_cannot_be_chosen_is_told_from_one_of_other_customers(
    as_user, company, post, version, customer_file
):
    base, _ = own_base(company)

    absent = post(as_user, customer_file, fields={"model": 987_654_321}).json()
    other = post(as_user, customer_file, fields={"base": base.uuid}).json()

    assert absent["code"] == other["code"] == "no-such-model"
    assert absent["message"] == "There is no model 987654321 to choose. Take the id of one of /api/v1/models."
    assert other["message"].startswith(f"{version} is of {telecom_base()}, not of the customer base")
