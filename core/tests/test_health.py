import json

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from jobs import health
from jobs.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def worker_was_never_seen():
    cache.delete(health.SEEN)


def ask():
    response = Client().get("/health")
    return response.status_code, json.loads(response.content)


def test_all_is_well_when_a_worker_was_seen_lately():
    health.note_worker(at=timezone.now())

    status, body = ask()

    assert (status, body["status"]) == (200, "healthy")
    assert set(body["checks"]) == {"database", "cache", "broker", "disk", "worker"}
    assert body["checks"]["worker"]["seconds_since_seen"] < 5


@pytest.mark.parametrize("seconds", [None, 90])
def test_a_worker_that_is_gone_makes_it_unhealthy(seconds):
    if seconds:
        health.note_worker(at=timezone.now() - timezone.timedelta(seconds=seconds))

    status, body = ask()

    assert (status, body["status"]) == (503, "unhealthy")
    assert body["checks"]["worker"]["message"] == "No worker has been seen lately: jobs wait."
    assert body["checks"]["database"]["ok"]


def test_workers_that_are_all_busy_count_as_there():
    JobFactory(running=True)

    status, body = ask()

    assert status == 200
    assert body["checks"]["worker"]["is_busy"]


def test_a_full_disk_makes_it_unhealthy(settings):
    settings.HEALTH_MIN_FREE_MB = 10**9

    status, body = ask()

    assert status == 503
    assert "MB are free" in body["checks"]["disk"]["message"]


def test_a_broker_folder_that_is_gone_makes_it_unhealthy(settings, tmp_path):
    settings.CELERY_BROKER_FOLDER = tmp_path / "gone"

    assert not ask()[1]["checks"]["broker"]["ok"]


def test_a_redis_that_is_down_makes_it_unhealthy(settings, broker_down):
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"

    status, body = ask()

    assert status == 503
    assert body["checks"]["broker"]["message"] == "The message broker does not answer."
    assert "secret" not in json.dumps(body)


def test_a_library_check_that_fails_quotes_no_driver(settings):
    settings.HEALTH_CHECKS = [("health_check.checks.Database", {"alias": "nowhere"})]

    status, body = ask()

    assert status == 503
    assert body["checks"]["database"]["message"] == "It does not answer."


def test_it_is_never_cached_and_only_read():
    assert "no-store" in Client().get("/health")["Cache-Control"]
    assert Client().post("/health").status_code == 405


def test_the_formats_of_the_library_stay_away():
    for name in ("rss", "text", "openmetrics"):
        assert Client().get(f"/health?format={name}")["Content-Type"] == "application/json"
