"""What people order of a job: to stop it, with all that it queued, or to queue it again."""

from datetime import datetime

from django.db import transaction

from companies.identity import membership
from companies.models import Account
from companies.services.audit import record_event
from core.errors import Conflict, Forbidden
from jobs.models import Job
from jobs.rights import may_cancel
from jobs.succession import settle, settle_after, what_failed

State = Job.State


class JobHasEnded(Conflict):
    code = "job-has-ended"


class JobIsNotOver(Conflict):
    code = "job-is-not-over"


class PredecessorFailed(Conflict):
    code = "predecessor-failed"


class NotYourJob(Forbidden):
    code = "not-your-job"


@transaction.atomic
def request_cancel(*, job: Job, by: Account, at: datetime) -> Job:
    """Cancel a waiting job at once; ask a running one to stop at its next step. So with all that it queued.

    Parameters
    ----------
    by
        Who started the job, the developer of its company, or an operator. Both of the company could start it
        today (see `jobs.rights`).

    Raises
    ------
    NotYourJob
        `by` is somebody else.
    JobHasEnded
        Nothing is left to cancel.
    """
    if not by.is_staff and not may_cancel(job, membership(by)):
        raise NotYourJob(
            f"“{job}” was started by somebody else. Ask {job.account or 'an operator'}, or your developer."
        )
    changed = _cancel_family(job, at=at)
    job.refresh_from_db()
    if changed:
        _record("job-cancelled", job, by=by, at=at)
    elif job.has_ended:
        raise JobHasEnded(
            f"“{job}” has already ended ({job.get_state_display().lower()}). Look at what came of it."
        )
    return job


def _cancel_family(job, *, at):
    changed, family, generation = 0, [], [job]
    while generation:
        changed += sum(_cancel_one(one, at=at) for one in generation)
        family += generation
        # Read after the flag of their parent is set: from then on it queues no more.
        children = Job.objects.filter(parent__in=generation)
        generation = sorted(children, key=lambda one: one.state == State.WAITING)
    # After all of them, or what gathers the children would be told that it waited in vain.
    settle_after([one.pk for one in family], at=at)
    return changed


def _cancel_one(job, *, at):
    row = Job.objects.filter(pk=job.pk)
    return row.filter(state__in=(State.WAITING, State.QUEUED)).update(
        state=State.CANCELLED, cancel_requested_at=at, finished_at=at
    ) or row.filter(state=State.RUNNING, cancel_requested_at=None).update(cancel_requested_at=at)


@transaction.atomic
def queue_again(*, job: Job, by: Account, at: datetime) -> Job:
    """Give a job that failed or was cancelled a fresh set of attempts, after what it waits for.

    The attempt number goes on counting, so a writer of the earlier run stays locked out.

    Parameters
    ----------
    by
        The operator who answers for it.

    Raises
    ------
    JobIsNotOver
        It still waits or runs, or it is done.
    PredecessorFailed
        What has to be done before it failed or was cancelled.
    """
    if failed := what_failed(job):
        raise PredecessorFailed(
            f"“{job}” comes after “{failed}”, which was not done. Queue that again first."
        )
    over = Job.objects.filter(pk=job.pk, state__in=(State.FAILED, State.CANCELLED), attempt=job.attempt)
    changed = over.update(
        state=State.WAITING,
        first_attempt=job.attempt + 1,
        error=None,
        cancel_requested_at=None,
        queued_at=at,
        delivered_at=None,
        started_at=None,
        finished_at=None,
        seen_at=None,
    )
    if not changed:
        raise JobIsNotOver(
            f"“{job}” neither failed nor was cancelled. Wait for it, or cancel it and queue it again."
        )
    settle([job.pk], at=at)
    job.refresh_from_db()
    _record("job-queued-again", job, by=by, at=at)
    return job


def _record(action, job, *, by, at):
    record_event(action=action, company=job.company, actor=by, subject=str(job), at=at, job=str(job.pk))
