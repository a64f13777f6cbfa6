"""A job that comes after others takes no worker, begins when they end, and fails where they failed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from core.errors import Unprocessable
from core.tests.races import at_once
from jobs import handlers, orders, services
from jobs.models import Job, JobDependency
from jobs.tests.factories import JobFactory
from jobs.waiting import see_through

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def enqueue(title, *, company=None, account=None, **options):
    fields = {"task": "tests.count", "payload": {}, "at": NOON} | options
    return services.enqueue(title=title, company=company, account=account, **fields)


def start(job):
    return services.claim_job(job_id=job.pk, worker="anna", at=NOON)


def finish(job):
    with transaction.atomic():
        services.finish_job(job=job, attempt=job.attempt, at=LATER)


def state_of(job):
    job.refresh_from_db()
    return job.state


@pytest.fixture
def reading():
    return enqueue("Reading")


@pytest.fixture
def features(reading):
    return enqueue("Features", after=[reading])


def test_no_worker_gets_a_job_that_waits(features, messages):
    services.reap(at=LATER)

    assert (features.state, features.awaited) == ("WAITING", ["Reading"])
    assert start(features) is None
    assert [message["headers"]["argsrepr"] for message in messages()] != []
    assert not any(str(features.pk) in str(message) for message in messages())


@pytest.mark.django_db(transaction=True)
def test_begins_in_the_transaction_that_ends_the_last_of_those_before(reading, messages):
    other = enqueue("Other reading")
    features = enqueue("Features", after=[reading, other])
    first, last = start(reading), start(other)
    finish(first)
    assert (state_of(features), features.awaited) == ("WAITING", ["Other reading"])

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.finish_job(job=last, attempt=1, at=LATER)
        assert state_of(features) == "QUEUED"
        raise ZeroDivisionError
    assert state_of(features) == "WAITING"
    delivered = len(messages())
    finish(last)

    assert (state_of(features), features.delivered_at) == ("QUEUED", LATER)
    assert len(messages()) == delivered + 1


def test_waits_for_nothing_where_those_before_have_ended(reading):
    finish(start(reading))

    assert enqueue("Features", after=[reading]).state == "QUEUED"


def test_a_job_that_waits_is_put_behind_others_as_well(reading, features):
    more = enqueue("More")

    services.put_behind(job=features, after=[more], at=LATER)

    assert features.awaited == ["Reading", "More"]
    finish(start(reading))
    assert state_of(features) == "WAITING"
    finish(start(more))
    assert state_of(features) == "QUEUED"


def test_a_queued_job_is_put_behind_another_and_one_that_runs_is_not(reading):
    late, begun = enqueue("Late"), enqueue("Begun")
    start(begun)

    services.put_behind(job=late, after=[reading], at=LATER)

    assert state_of(late) == "WAITING"
    with pytest.raises(services.JobHasBegun, match="“Begun” has begun"):
        services.put_behind(job=begun, after=[reading], at=LATER)
    assert state_of(begun) == "RUNNING"


def test_fails_with_the_reason_of_the_one_that_failed(reading, features):
    training = enqueue("Training", after=[features])
    running = start(reading)

    services.fail_job(job=running, attempt=1, error=Unprocessable("Row 7 has no date."), at=LATER)

    assert (state_of(features), features.finished_at) == ("FAILED", LATER)
    assert features.error == {
        "code": "predecessor-failed",
        "message": "This waited for “Reading”, which failed. Row 7 has no date.",
    }
    assert state_of(training) == "FAILED"
    assert "“Features”, which failed. This waited for “Reading”" in training.error["message"]
    assert enqueue("Features", after=[reading]).state == "FAILED"


def test_fails_where_the_one_before_is_cancelled(reading, features, operator):
    orders.request_cancel(job=reading, by=operator, at=LATER)

    assert state_of(features) == "FAILED"
    assert features.error["message"] == "This waited for “Reading”, which was cancelled."


def test_fails_where_the_one_before_was_cancelled_while_it_ran(reading, features, operator):
    running = start(reading)
    orders.request_cancel(job=running, by=operator, at=LATER)
    assert state_of(features) == "WAITING"

    services.stop_job(job=running, attempt=1, at=LATER)

    assert state_of(features) == "FAILED"


def test_fails_where_the_one_before_lost_every_worker(settings, features):
    lost = JobFactory(running=True, title="Lost", queued_at=NOON, attempt=settings.JOB_MAX_ATTEMPTS)
    waiting = enqueue("Features", after=[lost])

    services.reap(at=NOON + timedelta(hours=1))

    assert state_of(waiting) == "FAILED"
    assert "each time the process that did it was ended" in waiting.error["message"]


@pytest.mark.parametrize("end", ["fail", "cancel", "finish"])
def test_begins_however_those_before_ended_where_that_is_enough(end, reading, operator):
    queued = enqueue("Next", after=[reading], after_any_end=True)
    running = start(reading)

    if end == "fail":
        services.fail_job(job=running, attempt=1, error=ValueError(), at=LATER)
    elif end == "cancel":
        orders.request_cancel(job=running, by=operator, at=LATER)
        services.stop_job(job=running, attempt=1, at=LATER)
    else:
        finish(running)

    assert (state_of(queued), queued.error) == ("QUEUED", None)


def test_a_job_that_waits_is_cancelled_at_once(features, reading, operator):
    orders.request_cancel(job=features, by=operator, at=LATER)
    finish(start(reading))

    assert (state_of(features), features.finished_at) == ("CANCELLED", LATER)


def test_the_reaper_settles_what_was_not_told(reading, features):
    other = enqueue("Other", after=[features])
    # As if the row had been deleted, or changed by hand.
    Job.objects.filter(pk=reading.pk).update(state="SUCCEEDED")

    assert services.reap(at=LATER)["settled"] == 1
    assert (state_of(features), state_of(other)) == ("QUEUED", "WAITING")

    Job.objects.filter(pk=features.pk).update(state="CANCELLED")
    assert services.reap(at=LATER)["settled"] == 1
    assert state_of(other) == "FAILED"
    assert services.reap(at=LATER)["settled"] == 0


def test_a_job_whose_predecessor_was_deleted_begins(reading, features):
    reading.delete()

    services.reap(at=LATER)

    assert state_of(features) == "QUEUED"


def test_queued_again_it_waits_again(reading, features, operator):
    services.fail_job(job=start(reading), attempt=1, error=ValueError(), at=LATER)
    features.refresh_from_db()

    with pytest.raises(orders.PredecessorFailed, match="“Features” comes after “Reading”"):
        orders.queue_again(job=features, by=operator, at=LATER)
    reading.refresh_from_db()
    orders.queue_again(job=reading, by=operator, at=LATER)
    orders.queue_again(job=features, by=operator, at=LATER)
    assert (state_of(reading), state_of(features), features.error) == ("QUEUED", "WAITING", None)

    finish(start(reading))
    assert state_of(features) == "QUEUED"


def test_never_waits_for_a_job_of_another_company(company, reading):
    with pytest.raises(ValueError, match="another company"):
        enqueue("Features", company=company, after=[reading])

    assert Job.objects.count() == 1


def test_never_waits_for_itself_or_twice(reading, features):
    for predecessor in (features, reading):
        with pytest.raises(IntegrityError), transaction.atomic():
            JobDependency.objects.create(job=features, predecessor=predecessor)


def test_the_same_send_waits_once(reading):
    send = {"after": [reading], "idempotency_key": "form-1"}

    assert enqueue("Features", **send) == enqueue("Features", **send)
    assert JobDependency.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_predecessors_that_end_at_once_one_lets_it_begin(messages):
    before = [enqueue(f"Part {number}") for number in range(4)]
    gathering = enqueue("Gather", after=before)
    running = [start(job) for job in before]
    delivered = len(messages())

    at_once(*(lambda job=job: finish(job) for job in running))

    assert state_of(gathering) == "QUEUED"
    assert len(messages()) == delivered + 1


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_queued_while_the_one_before_ends_is_never_left_behind():
    for _ in range(5):
        running = start(enqueue("Reading"))

        outcome = at_once(lambda job=running: finish(job), lambda job=running: enqueue("Next", after=[job]))

        assert state_of(outcome[1]) == "QUEUED"


def test_seeing_a_job_through_does_what_comes_before_it_too(reading, features, monkeypatch):
    done = []
    monkeypatch.setitem(handlers._handlers, "tests.count", lambda run: done.append(run.job.title))

    assert see_through(features).state == "SUCCEEDED"
    assert done == ["Reading", "Features"]
