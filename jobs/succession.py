"""What comes after a job: once it ends, who waits for it begins, or fails with the reason."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from jobs.delivery import deliver_after_commit
from jobs.ends import tell_end
from jobs.models import Job, JobDependency

State = Job.State


def hold_back(job: Job, *, after: Iterable[Job]) -> None:
    """Write down that `job`, which is new, waits for those of `after`."""
    for predecessor in sorted(after, key=lambda one: one.queued_at):
        if predecessor.company_id != job.company_id:
            raise ValueError(f"Job {job.pk} may not wait for one of another company.")
        # Whoever ends it waits for this lock, and then finds the new row. One by one and the oldest first, as
        # those who end them lock them.
        Job.objects.select_for_update().get(pk=predecessor.pk)
        JobDependency.objects.create(job=job, predecessor=predecessor)


def settle(job_ids: Iterable[UUID], *, at: datetime) -> int:
    """Let each job that waits begin if nothing is left to wait for, or end if that came to nothing.

    Returns
    -------
    int
        How many no longer wait.
    """
    settled = 0
    left = deque(job_ids)
    while left:
        job_id = left.popleft()
        state = _settle(job_id, at=at)
        settled += state is not None
        if state == State.FAILED:
            left.extend(_who_waits_for(job_id))
    return settled


def settle_after(job_ids: Iterable[UUID], *, at: datetime) -> None:
    """Do `settle` with all that wait for one of `job_ids`, in the transaction that ended these, and tell."""
    job_ids = list(job_ids)
    tell_end(job_ids, at=at)
    for job_id in job_ids:
        settle(_who_waits_for(job_id), at=at)


def settle_forgotten(*, at: datetime) -> int:
    """Do `settle` with what waits for nothing any more and was not told, such as after a row was deleted."""
    of_job = JobDependency.objects.filter(job=OuterRef("pk"))
    waits = Exists(of_job.exclude(predecessor__state__in=Job.ENDED))
    came_to_nothing = Q(after_any_end=False) & Exists(
        of_job.filter(predecessor__state__in=Job.CAME_TO_NOTHING)
    )
    forgotten = Job.objects.filter(~waits | came_to_nothing, state=State.WAITING)
    return settle(list(forgotten.values_list("pk", flat=True)), at=at)


def what_failed(job: Job) -> Job | None:
    """Return the first job that `job` waits for in vain, if there is one."""
    if job.after_any_end:
        return None
    failed = Job.objects.filter(awaited_by__job=job, state__in=Job.CAME_TO_NOTHING)
    return failed.order_by("queued_at").first()


def _who_waits_for(job_id):
    waiting = Job.objects.filter(waits_for__predecessor=job_id, state=State.WAITING)
    return list(waiting.order_by("queued_at").values_list("pk", flat=True))


@transaction.atomic
def _settle(job_id, *, at):
    """Return the state that a waiting job came to, or None where it goes on waiting or waits no longer."""
    # Of two predecessors that end at once, the second waits here until the first is committed, and sees it.
    job = Job.objects.select_for_update().filter(pk=job_id, state=State.WAITING).first()
    if job is None:
        return None
    waiting = Job.objects.filter(pk=job_id, state=State.WAITING)
    if failed := what_failed(job):
        if not waiting.update(state=State.FAILED, finished_at=at, error=_why(failed)):
            return None
        tell_end([job_id], at=at)
        return State.FAILED
    if Job.objects.filter(awaited_by__job=job).exclude(state__in=Job.ENDED).exists():
        return None
    if not waiting.update(state=State.QUEUED, delivered_at=None):
        return None
    deliver_after_commit(job_id, at=at)
    return State.QUEUED


def _why(failed):
    if failed.state == State.CANCELLED:
        return {"code": "predecessor-failed", "message": f"This waited for “{failed}”, which was cancelled."}
    reason = (failed.error or {}).get("message", "")
    return {
        "code": "predecessor-failed",
        "message": f"This waited for “{failed}”, which failed. {reason}".strip(),
    }
