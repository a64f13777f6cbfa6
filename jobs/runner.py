"""Between the worker and a handler: claims, keeps the lease, fences the result, tells how it ended."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from core.errors import DomainError
from core.faults import FilesAway, fault_of
from core.files.drafts import work_room
from jobs import services
from jobs.handlers import find_handler
from jobs.models import Job
from jobs.services import Child, JobCancelled, LeaseLost
from sandbox.child import ChildLost, ChildStopped, LimitReached, TooMuchMemory

logger = logging.getLogger(__name__)
# One line for each thing that happens to a job, with names for programs that collect them.
events = structlog.get_logger(__name__)

# A person sees each step of the bar; the database is not asked for every batch of rows.
SECONDS_BETWEEN_WRITES = 0.7


class TookTooMuch(DomainError):
    """A child took more memory or time than a job may take."""

    http_status = 422


class JobTookTooLong(DomainError):
    code = "job-took-too-long"


class JobRun:
    """One attempt at one job, as its handler sees it.

    Parameters
    ----------
    job
        As claimed; `attempt` is the token under which everything is written.
    clock
        Returns the instant that goes into the row.
    """

    def __init__(self, job: Job, *, clock: Callable[[], datetime] = timezone.now):
        self.job = job
        self.attempt = job.attempt
        self.is_finished = False
        self._clock = clock
        self._end_at = clock() + timedelta(minutes=settings.JOB_MAX_MINUTES)
        self._written_at = float("-inf")
        self._step = None
        self._stopped_by: Exception | None = None

    @property
    def payload(self) -> dict:
        return self.job.payload

    def plan(self, steps: Iterable[tuple[str, float]]) -> None:
        """Say which steps follow, and how many seconds each usually takes: then the whole has a percentage.

        Raises
        ------
        JobCancelled, LeaseLost
            Let them rise.
        """
        services.plan_steps(job=self.job, attempt=self.attempt, plan=steps, at=self._clock())

    def progress(self, step: str, done: int = 0, total: int = 0) -> None:
        """Show `step` and how much of it is done, renew the lease, and stop here if the job shall stop.

        May be called as often as there is news: only some calls reach the database.

        Raises
        ------
        JobCancelled, LeaseLost, JobTookTooLong
            Let them rise.
        """
        self._raise_if_stopped()
        if step == self._step and not self._is_due():
            return
        if step != self._step:
            events.info("job_step", step=step)
        self._step = step
        self._written_at = time.monotonic()
        at = self._clock()
        self._raise_if_too_long(at)
        services.report_progress(job=self.job, attempt=self.attempt, step=step, done=done, total=total, at=at)

    def check(self) -> None:
        """Renew the lease and stop here if the job shall stop; for stretches without progress to show."""
        self._raise_if_stopped()
        if self._is_due():
            self._written_at = time.monotonic()
            self._renew()

    def should_stop(self) -> bool:
        """Tell as an answer what `check` raises: for code that ends a child process itself."""
        try:
            self.check()
        except (JobCancelled, LeaseLost, JobTookTooLong) as reason:
            self._stopped_by = reason
            return True
        return False

    def in_child(
        self,
        start: Callable,
        *arguments,
        memory_mb: int,
        what: str = "The work",
        advice: str = "Ask the operator to allow more.",
        **options,
    ):
        """Call `start`, which works in a child process, with the limits of a job and ended with it.

        Parameters
        ----------
        start
            `sandbox.child.run_in_child`, or a function that hands its limits on to it.
        what, advice
            For the sentence where it takes too much: what that was, as its first words, and what to do.

        Raises
        ------
        TookTooMuch
            It took more memory or time; code ``too_much_memory`` or ``too_slow``.
        JobCancelled, LeaseLost, JobTookTooLong
            What the child was stopped by: let them rise.
        """
        try:
            return start(
                *arguments,
                **options,
                memory_bytes=memory_mb * 1024 * 1024,
                seconds=settings.JOB_MAX_MINUTES * 60,
                on_progress=self.progress,
                should_stop=self.should_stop,
            )
        except ChildStopped:
            self._raise_if_stopped()
            raise
        except LimitReached as limit:
            raise _too_much(limit, memory_mb, what, advice) from limit

    def enqueue_children(
        self, children: Iterable[Child], *, then: Child | None = None, then_after_any_end: bool = False
    ) -> list[Job]:
        """Queue parts of the work and what gathers them; see `jobs.services.enqueue_children`.

        No worker waits for them: the handler returns, and `then` begins when the last of them has ended.
        """
        return services.enqueue_children(
            job=self.job,
            attempt=self.attempt,
            children=children,
            then=then,
            then_after_any_end=then_after_any_end,
            at=self._clock(),
        )

    @contextmanager
    def finish(self) -> Iterator[None]:
        """Write the result and the success of the job in one transaction, or neither.

        Files are renamed to their final place before the block; the rows that name them are written in it.
        """
        with transaction.atomic():
            yield
            services.finish_job(job=self.job, attempt=self.attempt, at=self._clock())
        self.is_finished = True

    def _renew(self):
        at = self._clock()
        self._raise_if_too_long(at)
        services.renew_lease(job=self.job, attempt=self.attempt, at=at)

    def _raise_if_too_long(self, at):
        if at > self._end_at:
            raise JobTookTooLong(
                f"This took longer than {settings.JOB_MAX_MINUTES} minutes and was stopped. Try a smaller "
                "file, or ask the operator to allow more time."
            )

    def _is_due(self):
        return time.monotonic() - self._written_at >= SECONDS_BETWEEN_WRITES

    def _raise_if_stopped(self):
        if self._stopped_by is not None:
            raise self._stopped_by


def _too_much(limit, memory_mb, what, advice):
    if isinstance(limit, TooMuchMemory):
        return TookTooMuch(
            f"{what} takes more than {memory_mb:,} MB of memory. {advice}", code="too_much_memory"
        )
    minutes = settings.JOB_MAX_MINUTES
    return TookTooMuch(
        f"{what} takes longer than {minutes} minutes and was stopped. {advice}", code="too_slow"
    )


def run_job(job_id: UUID, *, clock: Callable[[], datetime] = timezone.now) -> None:
    """Do a job that waits; nothing where another worker has it, or it is over."""
    job = services.claim_job(job_id=job_id, worker=worker_name(), at=clock())
    if job is None:
        return
    who = {"job": str(job.pk), "task": job.task, "attempt": job.attempt, "company": job.company_id}
    with structlog.contextvars.bound_contextvars(**who):
        events.info("job_started", about=job.payload)
        _run_claimed(job, clock)
        _tell_end(job, at=clock())


def _run_claimed(job, clock):
    run = JobRun(job, clock=clock)
    own = {"job": job, "attempt": run.attempt}
    try:
        # An attempt that was killed left its drafts to this one.
        with work_room(Path(settings.FILE_UPLOAD_TEMP_DIR), owner=f"job-{job.pk}", attempt=run.attempt):
            find_handler(job.task)(run)
        if not run.is_finished:
            with run.finish():
                pass
    except LeaseLost:
        logger.warning("This attempt was taken over by another one; it leaves nothing.")
    except JobCancelled:
        services.stop_job(**own, at=clock())
    except ChildLost:
        # As if the worker itself had been killed; after the last attempt the reaper says so.
        logger.exception("The child was killed by others; the job will be tried again.")
    except (OperationalError, InterfaceError, FilesAway) as error:
        # A deadlock, a database that restarts, a volume that is not there yet: nobody's mistake. The lease
        # runs out, the reaper starts anew.
        _note(error, own)
    except DomainError as error:
        services.fail_job(**own, error=error, at=clock())
    except Exception as error:
        # A child tells its parent in words that files went away while it read them.
        if isinstance(fault := fault_of(error), FilesAway):
            _note(fault, own)
        else:
            logger.exception("The handler failed.")
            services.fail_job(**own, error=error, at=clock())


def _note(error, own):
    logger.exception("Database or storage refused; the job will be tried again.")
    # What refuses one write may refuse this one too.
    with suppress(DatabaseError):
        services.note_fault(**own, error=error)


def _tell_end(job, *, at):
    """Write into the log how the attempt ended, as its row has it: somebody else may have ended it."""
    told = {"seconds": round((at - job.started_at).total_seconds(), 3)}
    with suppress(DatabaseError):
        job.refresh_from_db(fields=("state", "error"))
    if job.error:
        told |= {"code": job.error.get("code"), "error": job.error.get("message")}
    tell = events.warning if job.state == Job.State.FAILED else events.info
    tell("job_ended", state=job.state, **told)


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
