"""That a job ended is told to people: in the menu of who started it, and by mail to who asked for one."""

from datetime import datetime

from django.db import transaction

from companies import mail
from companies.identity import membership
from companies.models import Account
from jobs.models import Job, JobMail
from jobs.orders import JobHasEnded
from jobs.pages import result_pages
from jobs.selectors import jobs_for

WORDS = {
    Job.State.SUCCEEDED: "is done",
    Job.State.FAILED: "failed",
    Job.State.CANCELLED: "was cancelled",
}


@transaction.atomic
def ask_for_mail(*, job: Job, by: Account, at: datetime) -> None:
    """Have `by` written to when `job` ends; asked twice, one mail is sent.

    Raises
    ------
    JobHasEnded
        There is nothing left to wait for.
    """
    # Whoever ends the job waits for this lock, and then finds the new row.
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.has_ended:
        raise JobHasEnded(
            f"“{job}” has already ended ({job.get_state_display().lower()}). Look at what came of it."
        )
    JobMail.objects.get_or_create(job=job, account=by, defaults={"asked_at": at})


def take_back_mail(*, job: Job, by: Account) -> None:
    """Send `by` no mail after all."""
    JobMail.objects.filter(job=job, account=by).delete()


def mark_seen(*, jobs: list[Job], by: Account, at: datetime) -> None:
    """Note that `by`, who started them, knows that these jobs are over."""
    Job.objects.filter(pk__in=[job.pk for job in jobs], account=by, seen_at=None).update(seen_at=at)


def write_about_end(*, job_id: str, account_id: int, at: datetime) -> None:
    """Send the mail that was asked for, unless its reader may no longer see the job; once."""
    asked = JobMail.objects.filter(job=job_id, account=account_id).select_related("account").first()
    if asked is None:
        return
    member = membership(asked.account)
    if member and member.approved and asked.account.is_active:
        job = jobs_for(member).filter(pk=job_id).first()
        if job:
            _write(job, member)
    asked.delete()


def _write(job, member):
    mail.deliver(
        "jobs/mail/ended.txt",
        member.account.email,
        job=job,
        # Files are named by people: a line end in a name would end the subject.
        name=" ".join(str(job).splitlines()),
        how=WORDS[job.state],
        page=result_pages(member, [job])[job.pk],
    )
