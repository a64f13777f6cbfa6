"""From the row to the broker: a message that wakes a worker, and may be lost."""

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from jobs.models import Job

logger = logging.getLogger(__name__)


def deliver_after_commit(job_id: UUID, *, at: datetime) -> None:
    """Hand a queued job over once its row is committed."""
    # Robust: the job is committed by then, and whatever keeps it from the broker must not fail the page.
    transaction.on_commit(partial(deliver_job, job_id=job_id, at=at), robust=True)


def deliver_job(*, job_id: UUID, at: datetime) -> bool:
    """Hand a waiting job to the broker. One that is down costs time, not the job: the reaper tries again."""
    try:
        # Without a retry: the person who waits for this page is not made to wait for the broker.
        current_app.send_task("jobs.run", args=[str(job_id)], retry=False)
    except (BrokerError, OSError) as error:
        logger.warning("The broker did not take job %s (%s); it will be offered again.", job_id, error)
        return False
    # After the hand-over, so that a crash in between delivers twice rather than never.
    Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(delivered_at=at)
    return True
