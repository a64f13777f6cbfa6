"""How much of the whole is done, and when it ends: nobody is told a later end without a word."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs import services
from jobs.models import Job
from jobs.pace import Pace, Promise
from jobs.tests.factories import JobFactory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = [("Combine", 10), ("Train", 60), ("Evaluate", 25), ("Register", 5)]


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def pace(step, started, **sizes):
    return Pace(PLAN, NOON, step, after(started), **sizes)


@pytest.mark.parametrize(
    ("found", "seconds", "share"),
    [
        (pace("", 0), 0, 0.0),
        (pace("Combine", 0, done=1, total=2), 5, 0.05),
        (pace("Train", 10), 40, 0.4),
        # It takes longer than planned: it is not called done before the next step begins.
        (pace("Train", 10), 900, 0.67),
        (pace("Register", 95), 95, 0.95),
        (pace("Something else", 10), 20, 0.0),
    ],
)
def test_the_share_is_of_the_whole(found, seconds, share):
    assert found.share_done(at=after(seconds)) == pytest.approx(share)


def test_the_end_follows_the_speed_seen_so_far():
    as_planned, half_as_fast = pace("Train", 10), pace("Train", 25)

    assert as_planned.expected_end(at=after(10)) == after(100)
    # 25 seconds instead of 10, and 5 of a head start: twice the plan, for the 90 that are left.
    assert half_as_fast.expected_end(at=after(25)) == after(25 + 180)
    assert as_planned.expected_end(at=after(1)) is None


def walk(real):
    """Yield instant by instant what people are told of a job whose steps take as long as `real` says."""
    promise, started = Promise(), 0
    for (step, _), seconds in zip(PLAN, real, strict=True):
        for second in range(started, started + seconds):
            found = pace(step, started)
            promise = promise.renewed(found.expected_end(at=after(second)), at=after(second))
            left = promise.end_at and promise.end_at - after(second)
            yield left, promise.put_off_at is not None, found.share_done(at=after(second))
        started += seconds


@pytest.mark.parametrize(
    "real",
    [(10, 60, 25, 5), (1, 6, 2, 1), (10, 300, 25, 5), (3, 60, 200, 5), (40, 60, 25, 40), (30, 20, 90, 1)],
)
def test_the_time_left_never_grows_without_a_word_and_the_share_never_falls(real):
    told = list(walk(real))

    for (before, _, share), (now, is_put_off, later_share) in pairwise(told):
        assert before is None or now <= before or is_put_off
        assert later_share >= share
    assert any(left is not None for left, *_ in told)


def test_what_goes_as_planned_is_not_called_late():
    told = list(walk((10, 60, 25, 5)))

    assert not any(is_put_off for _, is_put_off, _ in told)
    assert told[-1][0] < timedelta(seconds=5)


@pytest.mark.django_db
def test_the_row_keeps_what_was_told_and_a_new_attempt_begins_anew():
    job = services.claim_job(job_id=JobFactory(queued_at=NOON).pk, worker="anna", at=NOON)
    services.plan_steps(job=job, attempt=1, plan=PLAN, at=NOON)
    services.report_progress(job=job, attempt=1, step="Train", done=0, total=0, at=after(10))

    services.renew_lease(job=job, attempt=1, at=after(40))
    job.refresh_from_db()

    assert (job.percent(at=after(40)), job.takes_longer(at=after(40))) == (40, False)
    assert timedelta(seconds=60) <= job.time_left(at=after(40)) <= timedelta(seconds=75)
    assert job.time_left(at=after(400)) is None and job.takes_longer(at=after(400))

    services.renew_lease(job=job, attempt=1, at=after(200))
    job.refresh_from_db()
    assert job.put_off_at == after(200) and job.time_left(at=after(200)) > timedelta()

    services.reap(at=after(2_000))
    again = services.claim_job(job_id=job.pk, worker="bert", at=after(2_001))
    assert (again.plan, again.told_end_at, again.put_off_at) == (None, None, None)
    assert again.begun_anew and not again.takes_longer(at=after(2_001))


@pytest.mark.django_db
def test_page_and_programs_show_the_whole(as_user, company, user):
    now = timezone.now()
    job = JobFactory(
        company=company, account=user, running=True, plan=PLAN, planned_at=now - timedelta(seconds=40),
        step="Train", step_started_at=now - timedelta(seconds=30), told_end_at=now + timedelta(seconds=58),
    )  # fmt: skip
    page = reverse("jobs:progress", kwargs={"portal": "user", "job_id": job.pk})
    api = reverse("jobs:api-detail", kwargs={"job_id": job.pk})

    text, told = as_user.get(page).content.decode(), as_user.get(api).json()

    assert re.search(r'value="4\d" max="100"', text)
    assert re.search(r"Train · 4\d&nbsp;% · about [^<·]+ left</p>", text)
    assert '<li class="current" aria-current="step">Train' in text and "longer than thought" not in text
    assert 40 <= told["percent"] < 60 and not told["takes_longer"] and 30 < told["seconds_left"] <= 58

    Job.objects.update(put_off_at=now, attempt=2)

    text, told = as_user.get(page).content.decode(), as_user.get(api).json()
    assert "left · begun anew, longer than thought" in text and told["takes_longer"]
