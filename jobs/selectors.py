import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from companies.identity import Member
from companies.models import Company
from jobs.models import Job, JobDependency
from jobs.rights import tasks_of


def jobs_for(member: Member):
    """Return what people of the member's role start in its company, latest first, with who did."""
    jobs = member.company.jobs.filter(task__in=tasks_of(member))
    return jobs.select_related("account").prefetch_related("waits_for__predecessor")


# Who comes back later finds what ended in the list of what was done.
NEWS_LASTS = timedelta(days=3)
MOST_NEWS = 20


@dataclass(frozen=True)
class News:
    """What somebody started: which of it ended without having been told, and whether more is under way."""

    ended: list[Job]
    goes_on: bool


def news_for(member: Member, *, at: datetime) -> News:
    """Return what the member has to be told of the work that it started, the latest first.

    A step that was done for other work of the same person leads away from that; its failure is told.
    """
    own = jobs_for(member).filter(account=member.account, parent=None, seen_at=None)
    whole = JobDependency.objects.filter(
        predecessor=OuterRef("pk"), job__account=member.account, job__after_any_end=False
    )
    own = own.exclude(Q(state=Job.State.SUCCEEDED) & Exists(whole))
    own = own.exclude(finished_at__lt=at - NEWS_LASTS).prefetch_related(None).defer("payload", "plan")
    found = list(own[:MOST_NEWS])
    return News([job for job in found if job.has_ended], any(not job.has_ended for job in found))


def some_worker_is_busy(*, at) -> bool:
    """Whether some worker holds a lease that it renewed recently."""
    return Job.objects.filter(state=Job.State.RUNNING, lease_until__gte=at).exists()


def job_of_key(key: str | None, *, company: Company | None, task: str) -> Job | None:
    """Return the job that was queued under this idempotency key before, if there is one."""
    return (
        Job.objects.filter(idempotency_key=stored_key(key, company=company, task=task)).first()
        if key
        else None
    )


def next_to_run(job: Job) -> Job | None:
    """Return `job` where it waits for a worker, or else the first of those it waits for that does."""
    if job.state == Job.State.QUEUED:
        return job
    if job.state == Job.State.WAITING:
        for predecessor in Job.objects.filter(awaited_by__job=job).order_by("queued_at"):
            if found := next_to_run(predecessor):
                return found
    return None


def stored_key(key: str | None, *, company: Company | None, task: str) -> str | None:
    """Return an idempotency key as it is stored: each company and each task has keys of its own."""
    if key is None:
        return None
    # Hashed: of fixed length, and two keys that differ in case only stay two keys on MariaDB.
    return hashlib.sha256(f"{company.pk if company else ''}\n{task}\n{key}".encode()).hexdigest()
