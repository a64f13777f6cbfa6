"""A job may queue parts of its work and what gathers them; they share its fate when it is cancelled."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import handlers, orders, services
from jobs.models import Job
from jobs.runner import JobRun, run_job
from jobs.services import Child, JobCancelled, LeaseLost
from jobs.tests.factories import JobFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTS = [
    Child(name=f"part-{n}", task="tests.part", title=f"Part {n}", payload={"part": n}) for n in (1, 2, 3)
]
GATHER = Child(name="gather", task="tests.gather", title="Gather")


@pytest.fixture
def answer_to(monkeypatch):
    """Return a function that sets what does a task."""
    return lambda task, function: monkeypatch.setitem(handlers._handlers, task, function)


@pytest.fixture
def done(answer_to):
    """Return what the handlers did, as they do it."""
    done = []
    answer_to("tests.part", lambda run: done.append(run.payload["part"]))
    answer_to("tests.gather", lambda run: done.append("gathered"))
    answer_to("tests.plan", lambda run: run.enqueue_children(PARTS, then=GATHER))
    return done


def planned(**fields):
    return JobFactory(task="tests.plan", title="Plan", queued_at=NOON, **fields)


def started(**fields):
    return JobRun(services.claim_job(job_id=planned(**fields).pk, worker="anna", at=NOON), clock=lambda: NOON)


def states():
    return dict(Job.objects.exclude(task="tests.plan").values_list("title", "state"))


def test_the_parts_are_done_and_then_gathered(done, do_jobs, company, user):
    plan = planned(company=company, account=user)
    run_job(plan.pk, clock=lambda: NOON)
    gathering = Job.objects.get(task="tests.gather")
    assert (gathering.state, gathering.awaited) == ("WAITING", ["Part 1", "Part 2", "Part 3"])
    assert {(job.company, job.account, job.parent) for job in Job.objects.exclude(pk=plan.pk)} == {
        (company, user, plan)
    }

    do_jobs()

    assert sorted(done[:3]) == [1, 2, 3]
    assert done[3:] == ["gathered"]


@pytest.mark.parametrize("any_end", [True, False])
def test_a_part_that_failed_is_gathered_only_where_that_is_wanted(any_end, done, answer_to, do_jobs):
    options = {"then": GATHER, "then_after_any_end": any_end}
    answer_to("tests.plan", lambda run: run.enqueue_children(PARTS, **options))
    answer_to("tests.part", lambda run: 1 / (run.payload["part"] - 1))
    run_job(planned().pk, clock=lambda: NOON)

    do_jobs()

    assert states() == {
        "Part 1": "FAILED",
        "Part 2": "SUCCEEDED",
        "Part 3": "SUCCEEDED",
        "Gather": "SUCCEEDED" if any_end else "FAILED",
    }


def test_an_attempt_after_a_crash_queues_them_no_second_time(broker_folder):
    run = started()
    first = run.enqueue_children(PARTS, then=GATHER)
    later = NOON + timedelta(hours=1)
    services.reap(at=later)
    again = JobRun(services.claim_job(job_id=run.job.pk, worker="bert", at=later), clock=lambda: later)

    assert again.enqueue_children(PARTS, then=GATHER) == first
    with pytest.raises(LeaseLost):
        run.enqueue_children([Child(name="late", task="tests.part", title="Late")])
    assert Job.objects.count() == 5


def test_who_cancels_the_job_cancels_what_it_queued(user):
    run = started(account=user)
    parts = run.enqueue_children(PARTS, then=GATHER)
    services.claim_job(job_id=parts[0].pk, worker="bert", at=NOON)

    orders.request_cancel(job=run.job, by=user, at=NOON)

    assert states() == {
        "Part 1": "RUNNING",
        "Part 2": "CANCELLED",
        "Part 3": "CANCELLED",
        "Gather": "CANCELLED",
    }
    parts[0].refresh_from_db()
    assert parts[0].is_cancelling
    with pytest.raises(JobCancelled):
        run.enqueue_children([Child(name="late", task="tests.part", title="Late")])


def test_what_a_job_queued_can_be_cancelled_after_it_is_done(done, user):
    plan = planned(account=user)
    run_job(plan.pk, clock=lambda: NOON)
    plan.refresh_from_db()

    orders.request_cancel(job=plan, by=user, at=NOON)

    assert plan.state == "SUCCEEDED"
    assert set(states().values()) == {"CANCELLED"}
    with pytest.raises(orders.JobHasEnded):
        orders.request_cancel(job=plan, by=user, at=NOON)


def test_queued_again_it_begins_with_new_parts(done, user, operator):
    run = started(account=user)
    run.enqueue_children(PARTS)
    orders.request_cancel(job=run.job, by=user, at=NOON)
    services.stop_job(job=run.job, attempt=1, at=NOON)
    run.job.refresh_from_db()

    orders.queue_again(job=run.job, by=operator, at=NOON)
    run_job(run.job.pk, clock=lambda: NOON)

    assert Job.objects.filter(task="tests.part", state="QUEUED").count() == 3
