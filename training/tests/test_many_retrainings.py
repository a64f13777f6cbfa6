"""Many retrainings of one company at once, and a check that the check can fail.

A few at once: `test_retraining.py`.
"""

from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone

from core.tests.races import at_once
from jobs.models import Job
from jobs.runner import JobRun, run_job
from jobs.services import LeaseLost, claim_job, reap
from training.models import TrainingRun
from training.services.attempts import train_on_customers
from training.tests.chain import assert_whole

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def do_at_once(job_ids):
    at_once(*(partial(run_job, job_id, clock=timezone.now) for job_id in job_ids))


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("together", "rounds"), [(32, 2)])
def test_many_at_once_make_one_chain(together, rounds, retraining, labelled, company):
    current_app.loader.import_default_modules()
    for number in range(1, rounds + 1):
        runs = [
            retraining(labelled(rows=100, seed=number * 100 + place, prefix=f"R{number}P{place}"))
            for place in range(together)
        ]

        # They wait for each other; the chain holds also where somebody queued them again and they do not.
        Job.objects.filter(state=Job.State.WAITING).update(state=Job.State.QUEUED)
        do_at_once([run.job_id for run in runs])
        # A database that refused for a moment leaves the job to the reaper, as in production.
        while Job.objects.filter(state__in=Job.UNFINISHED).exists():
            reap(at=timezone.now() + timedelta(minutes=5))
            do_at_once(Job.objects.filter(state=Job.State.QUEUED).values_list("pk", flat=True))

        failed = Job.objects.filter(state=Job.State.FAILED).values_list("error", flat=True)
        assert list(failed) == []
        assert_whole(company, done=together * number)


class Unfenced(JobRun):
    """An attempt that never asks whether it was taken over."""

    def plan(self, steps):
        pass

    def progress(self, step, done=0, total=0):
        pass

    def should_stop(self):
        return False

    @contextmanager
    def finish(self):
        with transaction.atomic():
            yield


@pytest.mark.parametrize("fenced", [True, False])
def test_the_fence_keeps_a_late_attempt_from_doing_it_again(fenced, retraining, labelled, do_jobs, company):
    run = retraining(labelled(rows=100))
    job = claim_job(job_id=run.job_id, worker="late", at=timezone.now())
    late = JobRun(job) if fenced else Unfenced(job)
    stale = TrainingRun.objects.select_related("company", "job__account", "model_type").get(pk=run.pk)
    reap(at=timezone.now() + timedelta(minutes=5))
    do_jobs()
    assert_whole(company, done=1)

    if fenced:
        with pytest.raises(LeaseLost):
            train_on_customers(run=late, training_run=stale, at=timezone.now())
        assert_whole(company, done=1)
    else:
        train_on_customers(run=late, training_run=stale, at=timezone.now())
        with pytest.raises(AssertionError):
            assert_whole(company, done=1)
