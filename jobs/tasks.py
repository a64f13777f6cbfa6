"""What travels through the broker: the name of a task and the id of a job, nothing else."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from jobs import health, services
from jobs.runner import run_job


@shared_task(name="jobs.run")
def run(job_id):
    run_job(UUID(job_id))


@shared_task(name="jobs.reap")
def reap():
    now = timezone.now()
    health.note_worker(at=now)
    services.reap(at=now)
