"""Every change of a Job: one conditional UPDATE each. Who comes second changes nothing and is told so."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from companies.models import Account, Company
from core.errors import Conflict, DomainError
from core.faults import fault_of
from jobs.delivery import deliver_after_commit, deliver_job
from jobs.models import Job
from jobs.selectors import stored_key
from jobs.succession import hold_back, settle, settle_after, settle_forgotten

logger = logging.getLogger(__name__)

State = Job.State

# A message that was handed over this long ago and led to nothing is taken for lost. A copy that turns up
# later claims nothing, so a busy worker costs a few spare messages and no work.
DELIVERY_PATIENCE = timedelta(seconds=30)


class JobHasBegun(Conflict):
    code = "job-has-begun"


class LeaseLost(Exception):
    """Another attempt took the job over: whatever this one still holds must not be written."""


class JobCancelled(Exception):
    """Somebody pressed cancel while the job ran: the handler stops and leaves no result."""


@transaction.atomic
def enqueue(
    *,
    task: str,
    title: str = "",
    company: Company | None,
    account: Account | None,
    payload: dict,
    idempotency_key: str | None = None,
    after: Iterable[Job] = (),
    after_any_end: bool = False,
    parent: Job | None = None,
    at: datetime,
) -> Job:
    """Write down that `task` shall be done, and hand it to the broker once the transaction has committed.

    A job that waits for others takes no worker. It begins when the last of them has ended well, and fails
    with the reason as soon as one of them failed or was cancelled.

    Parameters
    ----------
    task
        Name under which a handler is registered, such as ``"predictions.score"``.
    title
        What people read beside the progress bar.
    payload
        What the handler needs: JSON, and ids rather than contents.
    idempotency_key
        Sent twice for the same company and task, the same job comes back, whatever the second payload is.
    after
        Jobs of the same company that have to end first.
    after_any_end
        Begin when all of them have ended, however they did.
    parent
        The job that queues this one while it runs: who cancels it, cancels both.
    at
        Aware UTC instant of the request.
    """
    after = list(after)
    fields = {
        "task": task,
        "title": title,
        "company": company,
        "account": account,
        "payload": payload,
        "state": State.WAITING if after else State.QUEUED,
        "after_any_end": after_any_end,
        "parent": parent,
    }
    key = stored_key(idempotency_key, company=company, task=task)
    if key is None:
        job = Job.objects.create(**fields, queued_at=at)
    else:
        job, is_new = _create_once(key, **fields, queued_at=at)
        if not is_new:
            return job
    if not after:
        deliver_after_commit(job.pk, at=at)
        return job
    hold_back(job, after=after)
    settle([job.pk], at=at)  # those it names may have ended before
    job.refresh_from_db()
    return job


@dataclass(frozen=True)
class Child:
    """A job that another one queues while it runs.

    Parameters
    ----------
    name
        Tells it from the other children of the same job.
    """

    name: str
    task: str
    title: str
    payload: dict = field(default_factory=dict)


@transaction.atomic
def enqueue_children(
    *,
    job: Job,
    attempt: int,
    children: Iterable[Child],
    then: Child | None = None,
    then_after_any_end: bool = False,
    at: datetime,
) -> list[Job]:
    """Queue parts of what `job` does, and what gathers them, all or none.

    A later attempt of `job` finds those that an earlier one queued, by their names.

    Parameters
    ----------
    attempt
        The one that runs: who was taken over queues nothing.
    then
        Begins when all children have ended well.
    then_after_any_end
        `then` begins however they ended.

    Returns
    -------
    list of Job
        The children, and `then` at the end.

    Raises
    ------
    LeaseLost, JobCancelled
        As `renew_lease`.
    """
    renew_lease(job=job, attempt=attempt, at=at)
    queued = [_enqueue_child(job, child, at=at) for child in children]
    if then:
        queued.append(_enqueue_child(job, then, after=queued, after_any_end=then_after_any_end, at=at))
    return queued


def _enqueue_child(job, child, **options):
    return enqueue(
        task=child.task,
        title=child.title[:255],
        company=job.company,
        account=job.account,
        payload=child.payload,
        # An attempt after a crash finds them; a job that is queued again begins with new ones.
        idempotency_key=f"{job.pk}:{job.first_attempt}:{child.name}",
        parent=job,
        **options,
    )


@transaction.atomic
def put_behind(*, job: Job, after: Iterable[Job], at: datetime) -> None:
    """Let a job that has not begun wait for others as well: those that its own preparation queued.

    Raises
    ------
    JobHasBegun
        It runs, or is over.
    """
    waiting = Job.objects.filter(pk=job.pk, state__in=(State.WAITING, State.QUEUED))
    if not waiting.update(state=State.WAITING):
        raise JobHasBegun(f"“{job}” has begun and waits for nothing more. Cancel it, or let it end.")
    hold_back(job, after=after)
    settle([job.pk], at=at)
    job.refresh_from_db()


@transaction.atomic
def claim_job(*, job_id: UUID, worker: str, at: datetime) -> Job | None:
    """Take a waiting job for `worker` and start its next attempt; None when somebody else has it already."""
    waiting = Job.objects.filter(pk=job_id, state=State.QUEUED).first()
    if waiting is None:
        return None
    claimed = Job.objects.filter(pk=job_id, state=State.QUEUED, attempt=waiting.attempt).update(
        state=State.RUNNING,
        attempt=waiting.attempt + 1,
        worker=worker,
        lease_until=_lease_end(at),
        started_at=waiting.started_at or at,
        step="",
        step_started_at=at,
        done=0,
        total=0,
        plan=None,
        planned_at=None,
        told_end_at=None,
        put_off_at=None,
    )
    return Job.objects.get(pk=job_id) if claimed else None


def renew_lease(*, job: Job, attempt: int, at: datetime) -> None:
    """Say that `attempt` is alive.

    Raises
    ------
    LeaseLost
        Another attempt took over, or the job ended.
    JobCancelled
        Somebody wants the job to stop.
    """
    _change_under_lease(job, attempt, lease_until=_lease_end(at), **_promise(job, at))
    _raise_if_cancelled(job)


def plan_steps(*, job: Job, attempt: int, plan: Iterable[tuple[str, float]], at: datetime) -> None:
    """Say which steps `attempt` takes, and the usual seconds of each; raises as `renew_lease` does."""
    job.plan, job.planned_at, job.step_started_at = [list(step) for step in plan], at, at
    _change_under_lease(job, attempt, plan=job.plan, planned_at=at, step_started_at=at)
    _raise_if_cancelled(job)


def report_progress(*, job: Job, attempt: int, step: str, done: int, total: int, at: datetime) -> None:
    """Show where `attempt` stands and renew its lease; raises as `renew_lease` does."""
    step = step[:80]
    if job.step != step:
        job.step_started_at = at
    job.step, job.done, job.total = step, done, total
    changes = {name: getattr(job, name) for name in ("step", "step_started_at", "done", "total")}
    _change_under_lease(job, attempt, lease_until=_lease_end(at), **changes, **_promise(job, at))
    _raise_if_cancelled(job)


def _promise(job, at):
    """Return the columns of what people are told about the end, where that changes."""
    if job.pace is None:
        return {}
    promise = job.promise.renewed(job.pace.expected_end(at=at), at=at)
    job.told_end_at, job.put_off_at = promise.end_at, promise.put_off_at
    return {"told_end_at": job.told_end_at, "put_off_at": job.put_off_at}


def finish_job(*, job: Job, attempt: int, at: datetime) -> None:
    """End `attempt` well. Called inside the transaction that writes the result, which a refusal undoes.

    Raises
    ------
    LeaseLost
        Another attempt took over: its result counts, this one's must roll back.
    JobCancelled
        The cancel came first. Who pressed it never sees a result appear afterwards.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("finish_job must stand in the transaction that writes the result of the job.")
    ended = (
        Job.objects.under_lease(job, attempt)
        .filter(cancel_requested_at=None)
        .update(state=State.SUCCEEDED, finished_at=at, lease_until=None, error=None)
    )
    if not ended:
        _raise_if_cancelled(job)
        raise LeaseLost(f"Attempt {attempt} of job {job.pk} was taken over.")
    settle_after([job.pk], at=at)


def fail_job(*, job: Job, attempt: int, error: Exception, at: datetime) -> bool:
    """End `attempt` with the reason that people will read; False when it was taken over."""
    return _end(
        Job.objects.under_lease(job, attempt), job, state=State.FAILED, error=_tell(error, job), at=at
    )


def note_fault(*, job: Job, attempt: int, error: Exception) -> None:
    """Keep what failed below `attempt`, which will be repeated: people read it if that was the last one."""
    if fault := fault_of(error):
        Job.objects.under_lease(job, attempt).update(error=fault.as_dict())


def stop_job(*, job: Job, attempt: int, at: datetime) -> bool:
    """End `attempt` because somebody cancelled it; False when it was taken over."""
    return _end(Job.objects.under_lease(job, attempt), job, state=State.CANCELLED, at=at)


@transaction.atomic
def _end(row, job, *, at, **changes):
    ended = row.update(finished_at=at, lease_until=None, **changes)
    if ended:
        settle_after([job.pk], at=at)
    return bool(ended)


def reap(*, at: datetime) -> dict[str, int]:
    """Look after every job that lost its worker, its message or its turn. Many reapers may run at once.

    Returns
    -------
    dict
        How many jobs were ``queued`` again, ``failed`` and ``cancelled`` because their worker was gone, how
        many were ``settled`` that had nothing left to wait for, and how many were ``delivered`` (again).
    """
    counts = {"queued": 0, "failed": 0, "cancelled": 0, "settled": 0, "delivered": 0}
    for job in Job.objects.filter(state=State.RUNNING, lease_until__lt=at):
        outcome = _reap_lost(job, at=at)
        if outcome:
            counts[outcome] += 1
    counts["settled"] = settle_forgotten(at=at)

    undelivered = Job.objects.filter(state=State.QUEUED, delivered_at=None, queued_at__lte=at)
    forgotten = Job.objects.filter(state=State.QUEUED, delivered_at__lt=at - DELIVERY_PATIENCE)
    for job_id in (undelivered | forgotten).order_by("queued_at").values_list("pk", flat=True)[:500]:
        if not deliver_job(job_id=job_id, at=at):
            break  # the broker is down: asking it once is enough
        counts["delivered"] += 1
    return counts


def _reap_lost(job, *, at):
    """Take the job from a worker that did not renew its lease; None when it did meanwhile."""
    lost = Job.objects.under_lease(job, job.attempt).filter(lease_until__lt=at)
    if job.cancel_requested_at:
        return "cancelled" if _end(lost, job, state=State.CANCELLED, error=None, at=at) else None
    if job.is_last_attempt:
        error = job.error or {
            "code": "worker-lost",
            "message": (
                f"The work was started {settings.JOB_MAX_ATTEMPTS} times, and each time the process that did "
                "it was ended from outside, most often because memory ran out. Try a smaller file, or tell "
                f"the operator the number {job.pk}."
            ),
        }
        ended = _end(lost, job, state=State.FAILED, error=error, at=at)
        if ended:
            logger.error("Job %s (%s) lost its worker %s times; given up.", job.pk, job.task, job.attempt)
        return "failed" if ended else None
    if not lost.update(state=State.QUEUED, error=None, lease_until=None, delivered_at=None, worker=""):
        return None
    logger.warning("Job %s (%s) lost worker %s; queued again.", job.pk, job.task, job.worker)
    return "queued"


def _change_under_lease(job, attempt, **changes):
    if not Job.objects.under_lease(job, attempt).update(**changes):
        raise LeaseLost(f"Attempt {attempt} of job {job.pk} was taken over.")


def _raise_if_cancelled(job):
    if Job.objects.filter(pk=job.pk, cancel_requested_at__isnull=False).exists():
        raise JobCancelled(f"Job {job.pk} was cancelled.")


def _lease_end(at):
    return at + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def _tell(error, job):
    if isinstance(error, DomainError):
        return error.as_dict()
    if fault := fault_of(error):
        return fault.as_dict()
    return {
        "code": "internal",
        "message": f"Something went wrong on our side. Try again, or tell the operator the number {job.pk}.",
    }


def _create_once(key, **fields):
    known = Job.objects.filter(idempotency_key=key).first()
    if known:
        return known, False
    try:
        with transaction.atomic():
            return Job.objects.create(idempotency_key=key, **fields), True
    except IntegrityError:
        # The other sender won: the unique column made us wait until its row was committed.
        known = Job.objects.filter(idempotency_key=key).first()
        if known is None:
            raise
        return known, False
