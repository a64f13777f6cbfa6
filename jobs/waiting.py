"""Seeing a job through, for who wants the result and not a page that tells of it."""

import time
from datetime import timedelta

from celery import current_app
from django.utils import timezone

from jobs.models import Job
from jobs.runner import run_job
from jobs.selectors import next_to_run

PAUSE_SECONDS = 0.5


def see_through(job: Job, *, patience: timedelta | None = None) -> Job:
    """Do a job and what it waits for here and now, or wait for who was quicker; return it as it ended.

    Parameters
    ----------
    patience
        After which the job comes back as it stands; default: however long it takes.
    """
    current_app.loader.import_default_modules()
    give_up_at = timezone.now() + patience if patience else None
    while not (job := Job.objects.get(pk=job.pk)).has_ended:
        if ready := next_to_run(job):
            run_job(ready.pk)
            continue
        if give_up_at and timezone.now() > give_up_at:
            break
        time.sleep(PAUSE_SECONDS)
    return job
