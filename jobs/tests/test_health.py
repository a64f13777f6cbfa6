import json
from datetime import timedelta

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
    return response.status_code, json.loads(response.content)["checks"]["worker"]


def test_all_is_well_when_a_worker_was_seen_lately():
    health.note_worker(at=timezone.now())

    status, worker = ask()

    assert (status, worker["ok"]) == (200, True)
    assert worker["seconds_since_seen"] < 5


@pytest.mark.parametrize("seconds", [None, 90])
def test_a_worker_that_is_gone_makes_it_unhealthy(seconds):
    if seconds:
        health.note_worker(at=timezone.now() - timedelta(seconds=seconds))

    status, worker = ask()

    assert status == 503
    assert worker["message"] == "No worker has been seen lately: jobs wait."


def test_workers_that_are_all_busy_count_as_there():
    JobFactory(running=True)

    status, worker = ask()

    assert (status, worker["is_busy"]) == (200, True)


def test_a_lease_that_ran_out_is_no_sign_of_life():
    JobFactory(running=True, queued_at=timezone.now() - timedelta(minutes=5))

    assert ask()[0] == 503
