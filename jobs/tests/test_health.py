"""`/health` says which part is missing: the worker, the clock, or both."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from jobs import health
from jobs.clock import HEARTBEATS_PER_NOTE, Heart
from jobs.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)

NO_WORKER = "No worker has been seen lately: jobs wait."
NO_CLOCK = "The clock has not been seen lately"


@pytest.fixture(autouse=True)
def nobody_was_ever_seen():
    cache.delete_many([health.WORKED, health.AWAKE, health.RANG])


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def ask():
    """Return the status of `/health`, and what it says of the worker and of the clock."""
    response = Client().get("/health")
    checks = json.loads(response.content)["checks"]
    return response.status_code, checks["worker"], checks["clock"]


def test_all_is_well_when_both_were_seen_lately():
    health.note_worker(at=ago(1))
    health.note_clock(at=ago(1))

    status, worker, clock = ask()

    assert (status, worker["ok"], clock["ok"]) == (200, True, True)
    assert worker["seconds_since_seen"] < 5
    assert clock["seconds_since_seen"] < 5


@pytest.mark.parametrize("seconds", [None, 90])
def test_a_worker_that_is_gone_makes_it_unhealthy(seconds):
    health.note_clock(at=ago(1))
    if seconds:
        health.note_worker(at=ago(seconds))
        health.note_awake(at=ago(seconds))

    status, worker, clock = ask()

    assert (status, worker["message"], clock["ok"]) == (503, NO_WORKER, True)


def test_a_worker_that_is_awake_and_takes_no_message_is_as_good_as_gone():
    health.note_clock(at=ago(1))
    health.note_awake(at=ago(1))

    assert ask()[1]["message"] == NO_WORKER


@pytest.mark.parametrize("seconds", [None, 90])
def test_a_clock_that_is_gone_is_not_taken_for_a_missing_worker(seconds):
    if seconds:
        health.note_clock(at=ago(seconds))
        health.note_worker(at=ago(seconds))
    health.note_awake(at=ago(10))

    status, worker, clock = ask()

    assert (status, worker["ok"], clock["ok"]) == (503, True, False)
    assert clock["message"].startswith(NO_CLOCK)


def test_both_are_named_where_both_are_gone():
    status, worker, clock = ask()

    assert (status, worker["message"]) == (503, NO_WORKER)
    assert clock["message"].startswith(NO_CLOCK)


def test_workers_that_are_all_busy_count_as_there():
    JobFactory(running=True)
    health.note_clock(at=ago(1))

    status, worker, _ = ask()

    assert (status, worker["is_busy"]) == (200, True)


def test_a_lease_that_ran_out_is_no_sign_of_life():
    JobFactory(running=True, queued_at=ago(300))
    health.note_clock(at=ago(1))

    assert ask()[0] == 503


def test_a_worker_notes_now_and_then_that_it_is_awake():
    heart = Heart()

    heart.beat(sender=None)
    first = cache.get(health.AWAKE)
    for _ in range(HEARTBEATS_PER_NOTE - 1):
        heart.beat(sender=None)

    assert first is not None
    assert cache.get(health.AWAKE) == first
    heart.beat(sender=None)
    assert cache.get(health.AWAKE) > first
