"""How often the API may be called, by whom, and what is left of a call too many."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from companies import call_limits
from companies.models import ApiKey
from companies.services.api_keys import create_api_key

pytestmark = pytest.mark.django_db

ME = "/api/v1/me"
RETRAIN = "/api/v1/retrainings"
PREDICT = "/api/v1/churn/v2/organizations/x/predict"
WITHDRAW = "/api/v1/deployments/1/withdraw"
# Forty seconds before the minute is over.
NOON = 1_800_000_020.0


class Clock:
    now = NOON

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(call_limits, "time", clock)
    return clock


@pytest.fixture
def limits(settings, clock):
    """Limits that are met soon."""
    settings.API_CALLS_PER_MINUTE = {"reading": 3, "predicting": 5, "changing": 2, "wrong-keys": 2}
    return settings.API_CALLS_PER_MINUTE


@pytest.fixture
def program(company, developer):
    """Return a function that gives a client with a key of its own."""

    def with_key(*scopes, address="192.0.2.1"):
        _, secret = create_api_key(
            company=company,
            name=f"Program {ApiKey.objects.count()}",
            scopes=list(scopes) or ["read"],
            by=developer,
            at=timezone.now(),
        )
        return client_with(secret, address=address)

    return with_key


def client_with(secret, *, address="192.0.2.1"):
    return Client(
        enforce_csrf_checks=True, headers={"Authorization": f"Api-Key {secret}"}, REMOTE_ADDR=address
    )


def statuses(client, times, path=ME, **call):
    return [client.get(path, **call).status_code for _ in range(times)]


def test_a_call_too_many_is_refused_until_the_minute_is_over(limits, clock, program):
    client = program()
    assert statuses(client, 3) == [200] * 3

    refused = client.get(ME)

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "40"
    assert refused.json() == {
        "code": "too-many-calls",
        "message": "Up to 3 calls a minute may read. Try again in 40 seconds.",
    }
    clock.now += 39
    assert client.get(ME).json()["message"].endswith("Try again in 1 second.")
    clock.now += 1
    assert statuses(client, 4) == [200] * 3 + [429]


def test_one_key_does_not_use_up_the_limit_of_another_or_of_the_developer(limits, program, as_developer):
    noisy, quiet = program(), program()
    assert statuses(noisy, 4)[-1] == 429

    assert statuses(quiet, 3) == [200] * 3
    assert statuses(as_developer, 3) == [200] * 3


def test_a_person_in_a_browser_is_limited_too(limits, as_user, as_developer):
    assert statuses(as_user, 4) == [200] * 3 + [429]
    assert statuses(as_developer, 1) == [200]


def test_reading_changing_and_predicting_are_counted_apart(limits, program):
    client = program("read", "predict", "deploy")
    assert statuses(client, 4)[-1] == 429

    changing = [client.post(WITHDRAW, {"reason": "Wrong"}, "application/json").status_code for _ in range(3)]
    predicting = [client.post(PREDICT, {}, "application/json").status_code for _ in range(6)]

    assert changing == [404, 404, 429]
    assert 429 not in predicting[:5] and predicting[5] == 429


def test_a_call_that_the_key_may_not_make_is_counted_as_well(limits, program):
    client = program("read")

    assert [client.post(RETRAIN).status_code for _ in range(3)] == [403, 403, 429]


def test_a_refused_call_is_no_use_of_the_key(limits, program):
    client = program()
    statuses(client, 3)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    ApiKey.objects.update(latest_use_at=an_hour_ago)

    assert client.get(ME).status_code == 429
    assert ApiKey.objects.get().latest_use_at == an_hour_ago


# --- Wrong keys ------------------------------------------------------------------------------------------


def guess(prefix, **who):
    return client_with(f"{prefix}.{'x' * 32}", **who).get(ME)


def test_guessing_at_one_key_ends_after_a_few_attempts_also_with_the_right_one(limits, clock, program):
    client = program()
    secret = client.defaults["HTTP_AUTHORIZATION"].removeprefix("Api-Key ")
    prefix = secret.partition(".")[0]
    assert [guess(prefix).status_code for _ in range(2)] == [401, 401]

    refused = client.get(ME)

    assert refused.status_code == 429 and refused.headers["Retry-After"] == "40"
    assert refused.json() == {
        "code": "too-many-wrong-keys",
        "message": "Too many calls with wrong API keys came from this address. Try again in 40 seconds.",
    }
    clock.now += 40
    assert client.get(ME).status_code == 200


def test_a_program_that_goes_on_with_an_old_key_stops_nobody_beside_it(limits, program):
    client = program()

    assert [guess("oldkey00").status_code for _ in range(50)] == [401] * 2 + [429] * 48
    assert client.get(ME).status_code == 200


def test_guessing_at_many_keys_from_one_address_ends_too(limits, program):
    client, elsewhere = program(), program(address="192.0.2.2")

    answers = [guess(f"guess{number:03}").status_code for number in range(10)]

    assert answers == [401] * 8 + [429] * 2
    assert client.get(ME).status_code == 429
    assert elsewhere.get(ME).status_code == 200


def test_a_header_about_the_address_is_not_believed(limits):
    answers = [
        client_with(f"guess{number}.x")
        .get(ME, headers={"X-Forwarded-For": f"198.51.100.{number}"})
        .status_code
        for number in range(10)
    ]

    assert answers[-1] == 429


def test_the_addresses_of_one_household_are_one(limits):
    answers = [guess(f"guess{n}", address=f"2001:db8::{n:x}").status_code for n in range(10)]

    assert answers[-1] == 429
    assert guess("guess0", address="2001:db8:0:1::1").status_code == 401


def test_who_is_nobody_is_counted_by_address(limits, client):
    answers = [client.get("/api/schema/", headers={"accept": "application/json"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429]
    assert answers[-1].json()["code"] == "too-many-calls"
