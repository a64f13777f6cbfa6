"""What nobody sends by mistake is refused or answered like anything else, and is never an error of ours."""

import json

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]

HUGE = str(2**63)
LISTS = (
    "jobs", "models", "prediction-runs", "deployments", "deployments/events", "datasets", "retrainings",
)  # fmt: skip


@pytest.mark.parametrize("page", ["/dev/predictions/", "/dev/ledger/", "/dev/ledger.csv"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_list_may_be_asked_for_from_and_up_to_every_day(as_developer, settings, page, zone, day):
    settings.TIME_ZONE = zone

    for query in ({"since": day}, {"until": day}, {"since": day, "until": day}):
        assert as_developer.get(page, query).status_code == 200


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_what_served_may_be_asked_of_every_instant(as_developer, settings, zone, moment):
    settings.TIME_ZONE = zone

    assert as_developer.get("/dev/ledger/", {"at": moment}).status_code == 200
    assert as_developer.get("/api/v1/deployments/serving", {"at": moment}).status_code in (200, 400)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", [{"limit": HUGE}, {"offset": HUGE}, {"limit": HUGE, "offset": HUGE}])
def test_a_program_may_ask_for_more_than_there_can_be(as_developer, name, query):
    answer = as_developer.get(f"/api/v1/{name}", query)

    assert answer.status_code == 200
    assert answer.json()["results"] == []


@pytest.mark.parametrize("model", [HUGE, "9" * 23, "-1", "-1e99999999", "1e99999999", "NaN"])
def test_a_model_of_an_impossible_number_is_refused(as_developer, model):
    answer = as_developer.get("/api/v1/deployments", {"model": model})

    assert answer.status_code == 400
    assert "model" in answer.json()["fields"]


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_a_page_takes_what_browsers_send_and_nothing_else(as_developer, method):
    for address in ("/dev/predict/", "/dev/login/", "/dev/models/", "/health", "/nowhere"):
        assert getattr(as_developer, method)(address).status_code == 405, address


def test_whoever_asks_for_the_head_of_a_page_is_answered(as_developer):
    for address in ("/dev/models/", "/dev/jobs/news/", "/dev/predict/"):
        assert as_developer.head(address).status_code == 200, address


@pytest.mark.parametrize("opening", ["[", '{"reason":'])
def test_json_that_is_nested_without_end_is_refused(as_developer, opening):
    answer = as_developer.post("/api/v1/deployments", opening * 100_000, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["code"] == "parse-error"


@pytest.mark.parametrize(
    "sent",
    [{"customer_id": "\ud83d"}, {"\udc00": 1}, {"transactions": [{"event_date": "a\ud83d"}]}, "\ud83d"],
)
def test_half_a_character_is_refused_wherever_json_is_read(as_developer, company, sent):
    organisation = f"/api/v1/churn/v2/organizations/{company.pk}"
    for address in (f"{organisation}/predict", "/api/v1/configure", "/api/v1/deployments"):
        answer = as_developer.post(address, json.dumps(sent), content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (400, "parse-error"), address
        assert "within a character" in answer.json()["message"]


@pytest.mark.parametrize("charset", ["base64", "idna", "rot13", "hex", "undefined", "utf-16", "no-such"])
def test_what_is_not_written_in_utf8_is_refused(charset):
    form = f"multipart/form-data; boundary=b; charset={charset}"
    body = b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\numa@example.com\r\n--b--\r\n'

    page = Client().generic("POST", "/user/login/", body, content_type=form)
    program = Client().generic("POST", "/api/v1/prediction-runs", body, content_type=form)

    assert page.status_code == program.status_code == 400
    assert "UTF-8" in page.content.decode()
    assert program.json()["code"] == "not-in-utf-8"


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "us-ascii"])
def test_what_is_written_in_utf8_is_read(charset):
    body = b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\numa@example.com\r\n--b--\r\n'

    answer = Client().post(
        "/user/login/", body, content_type=f"multipart/form-data; boundary=b; charset={charset}"
    )

    assert answer.status_code == 200
    assert "UTF-8" not in answer.content.decode()


@pytest.mark.parametrize("address", ["/user/login/", "/api/v1/models", "/static/css/nothing.css", "/health"])
def test_every_answer_asks_for_no_camera_and_no_place(address):
    policy = Client().get(address).headers["Permissions-Policy"]

    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(policy.split(", "))
