from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError

from companies.models import AuditEvent
from core.errors import Unprocessable
from core.faults import FilesAway
from jobs import orders, services
from jobs.handlers import handler
from jobs.runner import run_job
from jobs.services import JobCancelled
from jobs.tests.factories import JobFactory
from sandbox.child import run_in_child
from sandbox.tests import chores

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def move(self, **period):
        self.now += timedelta(**period)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def do(clock, monkeypatch):
    """Return a function that runs `body` as the handler of a new job, and returns the job."""
    monkeypatch.setattr("jobs.handlers._handlers", {})

    def run(body, **fields):
        handler("tests.body")(body)
        job = JobFactory(task="tests.body", queued_at=NOON, **fields)
        run_job(job.pk, clock=clock)
        job.refresh_from_db()
        return job

    return run


def test_gives_the_handler_its_payload_and_ends_well(do):
    seen = []

    job = do(lambda run: seen.append((run.payload, run.attempt)), payload={"to": 3})

    assert seen == [({"to": 3}, 1)]
    assert (job.state, job.attempt, job.finished_at) == ("SUCCEEDED", 1, NOON)


def test_a_message_that_comes_twice_does_the_work_once(do, clock):
    calls = []
    job = do(calls.append)

    run_job(job.pk, clock=clock)

    assert len(calls) == 1


def test_the_result_and_the_success_are_one(do):
    def body(run):
        with run.finish():
            AuditEvent.objects.create(action="result", at=NOON)
            raise Unprocessable("The last row is missing.")

    job = do(body)

    assert (job.state, job.error["message"]) == ("FAILED", "The last row is missing.")
    assert not AuditEvent.objects.exists()


def test_a_bug_fails_the_job_and_is_logged_with_its_traceback(do, caplog):
    job = do(lambda run: 1 / 0)

    assert (job.state, job.error["code"]) == ("FAILED", "internal")
    assert ZeroDivisionError in [record.exc_info[0] for record in caplog.records if record.exc_info]


def test_the_log_tells_what_happened_to_a_job_in_fields(do, clock, caplog):
    def body(run):
        run.progress("Counting", 0, 10)
        clock.move(seconds=3)
        run.progress("Counting", 5, 10)
        raise Unprocessable("The last row is missing.", code="row-missing")

    with caplog.at_level("INFO", logger="jobs.runner"):
        job = do(body, payload={"matrix": "m-1"})

    started, step, ended = (record.msg for record in caplog.records if record.name == "jobs.runner")
    assert (started["event"], started["about"]) == ("job_started", {"matrix": "m-1"})
    assert (step["event"], step["step"]) == ("job_step", "Counting")
    assert (ended["event"], ended["state"], ended["seconds"]) == ("job_ended", "FAILED", 3)
    assert (ended["code"], ended["error"]) == ("row-missing", "The last row is missing.")
    for line in (started, step, ended):
        assert (line["job"], line["company"], line["task"]) == (str(job.pk), job.company_id, "tests.body")


def test_a_full_disk_fails_the_job_with_a_sentence_that_says_so(do):
    def body(run):
        with open("/dev/full", "w") as file:
            file.write("x")

    job = do(body)

    assert (job.state, job.error["code"]) == ("FAILED", "storage-full")
    assert "The disk of this installation is full." in job.error["message"]


def test_a_task_that_nobody_can_do_fails_with_a_sentence(clock):
    job = JobFactory(task="tests.unheard-of", queued_at=NOON)

    run_job(job.pk, clock=clock)

    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("FAILED", "unknown-task")


def deadlock(run):
    raise OperationalError("deadlock")


def no_volume(run):
    raise FilesAway


def child_that_others_kill(run):
    run.in_child(run_in_child, "sandbox.tests.chores:die", {"by": 9}, memory_mb=1_000)


def child_whose_file_goes_away(run):
    path = str(Path(settings.MEDIA_ROOT) / "datasets" / "gone.csv")
    run.in_child(run_in_child, "sandbox.tests.chores:read", {"path": path}, memory_mb=1_000)


@pytest.mark.parametrize("fails", [deadlock, no_volume, child_that_others_kill, child_whose_file_goes_away])
def test_what_fails_below_us_costs_an_attempt_and_not_the_job(do, clock, broker_folder, fails):
    calls = []

    def body(run):
        calls.append(run.attempt)
        if run.attempt == 1:
            fails(run)

    job = do(body)
    assert job.state == "RUNNING"

    clock.move(minutes=1)
    services.reap(at=clock())
    run_job(job.pk, clock=clock)
    job.refresh_from_db()
    assert (job.state, calls) == ("SUCCEEDED", [1, 2])


def busy(run):
    raise OperationalError(1205, "Lock wait timeout exceeded")


@pytest.mark.parametrize(
    ("body", "code"),
    [(busy, "database-busy"), (no_volume, "storage-fails"), (child_that_others_kill, "worker-lost")],
)
def test_what_fails_below_every_attempt_is_said(do, clock, broker_folder, settings, body, code):

    job = do(body)
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        clock.move(minutes=1)
        services.reap(at=clock())
        run_job(job.pk, clock=clock)

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("FAILED", settings.JOB_MAX_ATTEMPTS)
    assert job.error["code"] == code
    assert "takes more than" not in job.error["message"]


def test_a_cancel_ends_the_handler_at_its_next_report(do, user):
    steps = []

    def body(run):
        for step in ("Reading", "Scoring", "Writing"):
            run.progress(step)
            steps.append(step)
            orders.request_cancel(job=run.job, by=user, at=NOON)

    job = do(body, account=user)

    assert steps == ["Reading"]
    assert (job.state, job.error) == ("CANCELLED", None)


def test_an_attempt_that_was_taken_over_leaves_nothing(do, clock, broker_folder):
    def body(run):
        clock.move(minutes=1)
        services.reap(at=clock())
        assert services.claim_job(job_id=run.job.pk, worker="bert", at=clock())
        with run.finish():
            AuditEvent.objects.create(action="late", at=NOON)

    job = do(body)

    assert (job.state, job.attempt, job.worker) == ("RUNNING", 2, "bert")
    assert not AuditEvent.objects.exists()


def test_many_reports_of_one_step_are_few_writes(do, django_assert_max_num_queries):
    def body(run):
        run.progress("Scoring", 0, 1000)
        with django_assert_max_num_queries(8):
            for done in range(1000):
                run.progress("Scoring", done, 1000)

    assert do(body).state == "SUCCEEDED"


def test_should_stop_answers_instead_of_raising_and_then_insists(do, user, monkeypatch):
    monkeypatch.setattr("jobs.runner.SECONDS_BETWEEN_WRITES", 0)
    answers = []

    def body(run):
        answers.append(run.should_stop())
        orders.request_cancel(job=run.job, by=user, at=NOON)
        answers.append(run.should_stop())
        with pytest.raises(JobCancelled):
            run.check()
        run.check()

    assert do(body, account=user).state == "CANCELLED"
    assert answers == [False, True]


def test_a_job_that_takes_too_long_is_stopped_in_words(do, clock, settings):
    def body(run):
        clock.move(minutes=settings.JOB_MAX_MINUTES, seconds=1)
        run.progress("Still at it")

    job = do(body)

    assert (job.state, job.error["code"]) == ("FAILED", "job-took-too-long")
    assert "longer than 120 minutes" in job.error["message"]


@pytest.mark.parametrize(
    ("function", "limits", "code", "message"),
    [
        (
            "hoard", {"memory_mb": 200}, "too_much_memory",
            "Counting takes more than 200 MB of memory. Count less.",
        ),
        (
            "dawdle", {"memory_mb": 200, "minutes": 0.02}, "too_slow",
            "Counting takes longer than 0.02 minutes and was stopped. Count less.",
        ),
    ],
)  # fmt: skip
def test_a_child_that_takes_too_much_fails_the_job_with_what_to_do(
    do, function, limits, code, message, settings
):
    settings.JOB_MAX_MINUTES = limits.pop("minutes", settings.JOB_MAX_MINUTES)

    job = do(
        lambda run: run.in_child(
            run_in_child, f"{chores.__name__}:{function}", {}, what="Counting", advice="Count less.", **limits
        )
    )

    assert (job.state, job.error["code"], job.error["message"]) == ("FAILED", code, message)
