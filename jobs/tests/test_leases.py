"""Claiming, renewing and finishing: who comes second changes nothing and is told so."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from companies.models import AuditEvent
from core.errors import Conflict
from core.tests.races import at_once
from jobs import orders, services
from jobs.models import Job
from jobs.services import JobCancelled, LeaseLost
from jobs.tests.factories import JobFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=10)


def claim(job, at=NOON, worker="anna"):
    return services.claim_job(job_id=job.pk, worker=worker, at=at)


def take_over(job, at=NOON + timedelta(minutes=1)):
    """Let the lease of `job` run out and another worker start the next attempt."""
    services.reap(at=at)
    return claim(job, at=at, worker="bert")


def test_a_claim_starts_the_next_attempt_under_a_lease(settings):
    job = claim(JobFactory(queued_at=NOON))

    assert (job.state, job.attempt, job.worker, job.started_at) == ("RUNNING", 1, "anna", NOON)
    assert job.lease_until == NOON + timedelta(seconds=settings.JOB_LEASE_SECONDS)


@pytest.mark.parametrize("state", [s for s in Job.State if s != Job.State.QUEUED])
def test_a_claim_leaves_alone_what_does_not_wait(state):
    job = JobFactory(state=state, attempt=1)

    assert claim(job) is None
    job.refresh_from_db()
    assert (job.state, job.attempt) == (state, 1)


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_that_claim_at_once_one_gets_the_job():
    job = JobFactory()

    tries = at_once(*(partial(claim, job, worker=f"worker {number}") for number in range(8)))
    claimed = [row for row in tries if row]

    job.refresh_from_db()
    assert [row.worker for row in claimed] == [job.worker]
    assert job.attempt == 1


def test_progress_renews_the_lease_and_shows_the_step(settings):
    job = claim(JobFactory())

    services.report_progress(job=job, attempt=1, step="Counting", done=2, total=3, at=LATER)

    job.refresh_from_db()
    assert (job.step, job.done, job.total, job.percent(at=LATER)) == ("Counting", 2, 3, 66)
    assert (job.step_started_at, job.lease_until - LATER) == (
        LATER,
        timedelta(seconds=settings.JOB_LEASE_SECONDS),
    )


def test_a_late_writer_is_refused_once_another_attempt_took_over(broker_folder):
    late = claim(JobFactory(queued_at=NOON))
    take_over(late)

    with pytest.raises(LeaseLost):
        services.report_progress(job=late, attempt=1, step="Late", done=1, total=1, at=LATER)
    with pytest.raises(LeaseLost):
        services.renew_lease(job=late, attempt=1, at=LATER)
    assert not services.fail_job(job=late, attempt=1, error=ValueError("late"), at=LATER)
    assert not services.stop_job(job=late, attempt=1, at=LATER)

    late.refresh_from_db()
    assert (late.state, late.attempt, late.step, late.worker) == ("RUNNING", 2, "", "bert")


def test_what_a_late_writer_wrote_rolls_back_with_its_refused_finish(broker_folder):
    late = claim(JobFactory(queued_at=NOON))
    taken_over = take_over(late)

    with pytest.raises(LeaseLost), transaction.atomic():
        AuditEvent.objects.create(action="result of attempt 1", at=LATER)
        services.finish_job(job=late, attempt=1, at=LATER)
    with transaction.atomic():
        AuditEvent.objects.create(action="result of attempt 2", at=LATER)
        services.finish_job(job=taken_over, attempt=2, at=LATER)

    assert [event.action for event in AuditEvent.objects.all()] == ["result of attempt 2"]
    late.refresh_from_db()
    assert (late.state, late.lease_until, late.finished_at) == ("SUCCEEDED", None, LATER)


@pytest.mark.django_db(transaction=True)
def test_finishing_needs_the_transaction_of_the_result():
    job = claim(JobFactory())

    with pytest.raises(RuntimeError, match="transaction"):
        services.finish_job(job=job, attempt=1, at=LATER)


def test_a_waiting_job_is_cancelled_at_once(user):
    job = orders.request_cancel(job=JobFactory(account=user), by=user, at=NOON)

    assert (job.state, job.finished_at) == ("CANCELLED", NOON)
    assert claim(job) is None


def test_a_running_job_learns_of_the_cancel_when_it_reports(user):
    job = claim(JobFactory(account=user))

    orders.request_cancel(job=job, by=user, at=LATER)

    with pytest.raises(JobCancelled):
        services.report_progress(job=job, attempt=1, step="Counting", done=1, total=3, at=LATER)
    assert services.stop_job(job=job, attempt=1, at=LATER)
    job.refresh_from_db()
    assert (job.state, job.finished_at) == ("CANCELLED", LATER)


def test_a_result_never_appears_after_the_cancel(user):
    job = claim(JobFactory(account=user))
    orders.request_cancel(job=job, by=user, at=LATER)

    with pytest.raises(JobCancelled), transaction.atomic():
        services.finish_job(job=job, attempt=1, at=LATER)


def test_cancelling_twice_is_the_same_as_once(user):
    job = claim(JobFactory(account=user))

    orders.request_cancel(job=job, by=user, at=NOON)
    orders.request_cancel(job=job, by=user, at=LATER)

    job.refresh_from_db()
    assert job.cancel_requested_at == NOON


@pytest.mark.parametrize("state", Job.ENDED)
def test_what_has_ended_cannot_be_cancelled(state, user):
    with pytest.raises(orders.JobHasEnded, match="already ended"):
        orders.request_cancel(job=JobFactory(state=state, account=user), by=user, at=NOON)


def test_a_colleague_may_not_cancel_but_the_developer_and_an_operator_may(company, user, developer, operator):
    jobs = [JobFactory(company=company, account=user) for _ in range(2)]
    of_developer = JobFactory(company=company, account=developer)

    with pytest.raises(orders.NotYourJob):
        orders.request_cancel(job=of_developer, by=user, at=NOON)
    for job, by in zip(jobs, (developer, operator), strict=True):
        assert orders.request_cancel(job=job, by=by, at=NOON).state == "CANCELLED"


def test_work_of_developers_is_cancelled_by_who_could_start_it_today(company, user, developer):
    # A former developer, who is a user now.
    job = JobFactory(company=company, account=user, task="training.retrain")

    with pytest.raises(orders.NotYourJob):
        orders.request_cancel(job=job, by=user, at=NOON)
    assert orders.request_cancel(job=job, by=developer, at=NOON).state == "CANCELLED"


def test_work_that_nobody_is_named_for_is_the_operators(company, developer, operator):
    job = JobFactory(company=company, account=developer, task="training.rebuild")

    with pytest.raises(orders.NotYourJob):
        orders.request_cancel(job=job, by=developer, at=NOON)
    assert orders.request_cancel(job=job, by=operator, at=NOON).state == "CANCELLED"


def test_a_developer_of_another_company_may_not_cancel(company, user, stranger):
    with pytest.raises(orders.NotYourJob):
        orders.request_cancel(job=JobFactory(company=company, account=user), by=stranger, at=NOON)


def test_the_audit_log_says_who_cancelled_and_who_queued_again(company, user, developer, operator):
    job = JobFactory(company=company, account=user)

    orders.request_cancel(job=job, by=developer, at=NOON)
    orders.queue_again(job=job, by=operator, at=LATER)
    claim(job, at=LATER)
    orders.request_cancel(job=job, by=user, at=LATER)
    orders.request_cancel(job=job, by=developer, at=LATER)

    written = AuditEvent.objects.filter(company=company).order_by("pk")
    assert list(written.values_list("action", "actor", "details__job")) == [
        ("job-cancelled", developer.pk, str(job.pk)),
        ("job-queued-again", operator.pk, str(job.pk)),
        ("job-cancelled", user.pk, str(job.pk)),
    ]


def test_a_failure_that_people_can_act_on_is_kept_in_their_words():
    job = claim(JobFactory())
    error = Conflict("Row 7 has no id.", extra={"line": 7})

    services.fail_job(job=job, attempt=1, error=error, at=LATER)

    job.refresh_from_db()
    assert job.state == "FAILED"
    assert job.error == {"code": "conflict", "message": "Row 7 has no id.", "line": 7}


def test_any_other_failure_is_kept_without_its_inner_words():
    job = claim(JobFactory())

    services.fail_job(job=job, attempt=1, error=KeyError("/srv/secret/path"), at=LATER)

    job.refresh_from_db()
    assert job.error["code"] == "internal"
    assert "secret" not in job.error["message"]
    assert str(job.pk) in job.error["message"]


def test_queueing_again_gives_fresh_attempts_and_keeps_old_writers_out(operator, broker_folder):
    job = JobFactory(failed=True)

    orders.queue_again(job=job, by=operator, at=NOON)
    started = claim(job)

    assert (started.attempt, started.error) == (4, None)
    # The first of the fresh attempts may lose its worker like any first attempt.
    services.reap(at=NOON + timedelta(minutes=1))
    started.refresh_from_db()
    assert started.state == "QUEUED"


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING", "SUCCEEDED"])
def test_only_what_failed_or_was_cancelled_is_queued_again(state, operator):
    with pytest.raises(orders.JobIsNotOver):
        orders.queue_again(job=JobFactory(state=state), by=operator, at=NOON)


def test_time_left_follows_the_pace_of_the_step():
    job = JobFactory.build(running=True, step_started_at=NOON, done=25, total=100)

    assert job.time_left(at=LATER) == timedelta(seconds=30)
    assert job.time_left(at=NOON + timedelta(seconds=1)) is None
