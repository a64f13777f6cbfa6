from datetime import UTC, datetime, timedelta

import pytest

from jobs import services
from jobs.tests.factories import JobFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(seconds):
    return NOON - timedelta(seconds=seconds)


def lost(**fields):
    return JobFactory(running=True, queued_at=ago(60), **{"lease_until": ago(1)} | fields)


def test_a_lost_job_is_queued_and_delivered_again(messages):
    job = lost(attempt=2, delivered_at=ago(50), worker="anna")

    assert services.reap(at=NOON) == {"queued": 1, "failed": 0, "cancelled": 0, "settled": 0, "delivered": 1}

    job.refresh_from_db()
    assert (job.state, job.attempt, job.worker, job.delivered_at) == ("QUEUED", 2, "", NOON)
    assert len(messages()) == 1


def test_a_job_whose_lease_holds_is_left_alone(messages):
    job = lost(lease_until=NOON + timedelta(seconds=1))

    services.reap(at=NOON)

    job.refresh_from_db()
    assert job.state == "RUNNING"
    assert messages() == []


def test_a_job_that_loses_every_worker_fails_with_a_sentence(settings, messages):
    job = lost(attempt=settings.JOB_MAX_ATTEMPTS)

    assert services.reap(at=NOON)["failed"] == 1

    job.refresh_from_db()
    assert (job.state, job.finished_at, job.error["code"]) == ("FAILED", NOON, "worker-lost")
    assert "started 3 times" in job.error["message"]
    assert messages() == []


def test_a_lost_job_that_was_cancelled_is_not_done_again(messages):
    job = lost(cancel_requested_at=ago(5))

    assert services.reap(at=NOON)["cancelled"] == 1

    job.refresh_from_db()
    assert job.state == "CANCELLED"
    assert messages() == []


def test_a_job_that_never_reached_the_broker_is_delivered(messages):
    JobFactory(queued_at=ago(1))

    assert services.reap(at=NOON)["delivered"] == 1
    assert len(messages()) == 1


@pytest.mark.parametrize(("seconds", "times"), [(5, 0), (31, 1)])
def test_a_message_counts_as_lost_after_half_a_minute(seconds, times, messages):
    JobFactory(queued_at=ago(3600), delivered_at=ago(seconds))

    services.reap(at=NOON)

    assert len(messages()) == times


def test_a_broker_that_is_down_is_asked_once_and_again_by_the_next_reaper(broker_down):
    jobs = [JobFactory(queued_at=ago(1)) for _ in range(3)]

    assert services.reap(at=NOON)["delivered"] == 0

    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.delivered_at) == ("QUEUED", None)


def test_a_second_reaper_finds_nothing_left_to_do(messages):
    lost()
    services.reap(at=NOON)

    assert set(services.reap(at=NOON).values()) == {0}
    assert len(messages()) == 1
