"""How a command ends that does its job here instead of leaving it to a worker."""

from django.core.management.base import CommandError

from jobs.models import Job
from jobs.waiting import see_through


def see_succeed(job: Job) -> None:
    """Do `job` here and now, or wait for the worker who was quicker; end with its sentence where it fails."""
    job = see_through(job)
    if job.state != Job.State.SUCCEEDED:
        raise CommandError((job.error or {}).get("message", job.get_state_display()))
