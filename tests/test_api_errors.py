"""Below ``/api/`` a program gets JSON whatever goes wrong, with a code for itself and words for people."""

import re
import uuid

import pytest
from django.test import Client

from tests.test_routes import patterns

pytestmark = pytest.mark.django_db

NOWHERE = {"uuid": str(uuid.UUID(int=1)), "int": "987654321", "str": "NOSUCH", "path": "no/such"}
ADDRESSES = sorted(
    "/" + re.sub(r"<(\w+):\w+>", lambda found: NOWHERE[found[1]], url)
    for url in patterns()
    if url.startswith("api/")
)
# Words of Django and of our own classes, which are about code.
INTERNAL = re.compile(r"matches the given|\b[A-Z][a-z]+[A-Z]\w+|\bpk\b")


@pytest.fixture(params=["anonymous", "developer"])
def program(request, settings):
    settings.API_CALLS_PER_MINUTE = dict.fromkeys(settings.API_CALLS_PER_MINUTE, 100_000)
    client = Client() if request.param == "anonymous" else request.getfixturevalue("as_developer")
    client.raise_request_exception = False
    return client


def assert_told(answer, address):
    assert answer.status_code < 500, address
    assert answer["Content-Type"] == "application/json", address
    told = answer.json()
    assert re.fullmatch(r"[a-z0-9_-]+", told["code"]), address
    assert told["message"].endswith("."), (address, told)
    assert not INTERNAL.search(told["message"]), (address, told)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_refusal_is_json_with_words(program, method):
    assert len(ADDRESSES) > 30
    for address in ADDRESSES:
        answer = getattr(program, method)(address)
        if answer.status_code >= 400:
            assert_told(answer, address)


def test_what_an_address_takes_is_told_in_json(program):
    for address in ADDRESSES:
        answer = program.options(address)
        assert answer["Content-Type"] == "application/json", address
        assert answer.status_code in (200, 401, 403, 404), address


@pytest.mark.parametrize("address", ["/api/", "/api/v1/nothing", "/api/v1/jobs/", "/api/v9/jobs"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_an_address_that_is_none_is_told_in_json(program, address, method):
    answer = getattr(program, method)(address)

    assert answer.status_code == 404
    assert_told(answer, address)


def test_a_host_that_is_not_ours_is_told_in_json(program):
    answer = program.get("/api/v1/jobs", headers={"host": "evil.example.com"})

    assert answer.status_code == 400
    assert_told(answer, "/api/v1/jobs")


def test_a_page_that_is_not_there_stays_a_page():
    answer = Client().get("/no-such-page/")

    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()
