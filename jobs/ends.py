"""That a job ended is told to those who asked for a mail: published in the transaction that ends it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from core.events import publish
from jobs.models import Job, JobMail

# `job_id` and the `account_id` of one who asked: what one mailbox refuses is not sent again to the others.
JOB_ENDED = "job-ended"


def tell_end(job_ids: Iterable[UUID], *, at: datetime) -> None:
    """Tell, of each of these jobs that is over, who asked for it."""
    asked = JobMail.objects.filter(job__in=list(job_ids), job__state__in=Job.ENDED)
    for mail in asked.select_related("job"):
        publish(
            JOB_ENDED,
            about=mail.job.company_id or "",
            at=at,
            job_id=str(mail.job_id),
            account_id=mail.account_id,
        )
