"""Long work, and where it stands."""

import math
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from jobs.pace import Pace, Promise


class JobQuerySet(models.QuerySet):
    def under_lease(self, job, attempt: int):
        """Return the row of `job` while `attempt` is the one that runs; nothing once another took over."""
        return self.filter(pk=job.pk, state=Job.State.RUNNING, attempt=attempt)


class Job(models.Model):
    """One row is one piece of long work. The row, not the message broker, says whether it is done."""

    class State(models.TextChoices):
        WAITING = "WAITING", "Waiting for other work"
        QUEUED = "QUEUED", "Waiting"
        RUNNING = "RUNNING", "Running"
        SUCCEEDED = "SUCCEEDED", "Done"
        FAILED = "FAILED", "Failed"
        CANCELLED = "CANCELLED", "Cancelled"

    ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
    UNFINISHED = (State.WAITING, State.QUEUED, State.RUNNING)
    CAME_TO_NOTHING = (State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=60, help_text="The kind of work.")
    title = models.CharField(max_length=255, blank=True)
    company = models.ForeignKey("companies.Company", models.CASCADE, null=True, related_name="jobs")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="jobs")
    payload = models.JSONField(default=dict)
    # NULL where the caller gave none: NULLs do not collide. Otherwise a hash of company, task and key.
    idempotency_key = models.CharField(max_length=120, unique=True, null=True)  # noqa: DJ001

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    step = models.CharField(max_length=80, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    error = models.JSONField(null=True)

    attempt = models.PositiveSmallIntegerField(
        default=0, help_text="Number of the current attempt. What an earlier attempt still writes is refused."
    )
    first_attempt = models.PositiveSmallIntegerField(
        default=1,
        help_text="Attempts are counted from this one on. It moves up when the job is queued again.",
    )
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=120, blank=True)
    cancel_requested_at = models.DateTimeField(null=True)

    # Who queued it while it ran. Not what it waits for: a parent may be done long before.
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    after_any_end = models.BooleanField(
        default=False, help_text="It begins even if the jobs that it waited for failed or were cancelled."
    )

    queued_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, help_text="When it was last handed to the broker.")
    started_at = models.DateTimeField(null=True)
    step_started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="When who started it was told that it ended.")

    plan = models.JSONField(null=True, help_text="The steps of the current attempt, and their weights.")
    planned_at = models.DateTimeField(null=True)
    told_end_at = models.DateTimeField(
        null=True, help_text="The time at which people were told to expect the end."
    )
    put_off_at = models.DateTimeField(
        null=True, help_text="When the expected end was first moved to a later time."
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "jobs"
        ordering = ("-queued_at",)
        indexes = (models.Index(fields=("state", "lease_until"), name="jobs_state_lease"),)

    def __str__(self):
        return self.title or self.task

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def is_cancelling(self) -> bool:
        return self.state == self.State.RUNNING and self.cancel_requested_at is not None

    @property
    def awaited(self) -> list[str]:
        """What it still waits for, by name, in the order in which that was queued."""
        if self.state != self.State.WAITING:
            return []
        rows = sorted(self.waits_for.all(), key=lambda row: row.pk)
        return [str(row.predecessor) for row in rows if not row.predecessor.has_ended]

    @property
    def is_last_attempt(self) -> bool:
        return self.attempt - self.first_attempt + 1 >= settings.JOB_MAX_ATTEMPTS

    @property
    def begun_anew(self) -> bool:
        """Whether an earlier attempt was lost: what it had done is done again."""
        return self.state == self.State.RUNNING and self.attempt > self.first_attempt

    @property
    def promise(self) -> Promise:
        return Promise(self.told_end_at, self.put_off_at)

    @property
    def pace(self) -> Pace | None:
        """How it gets on; None where nobody planned its steps."""
        if not self.plan or self.planned_at is None:
            return None
        return Pace(
            plan=self.plan,
            planned_at=self.planned_at,
            step=self.step,
            step_started_at=self.step_started_at or self.planned_at,
            done=self.done,
            total=self.total,
        )

    def percent(self, *, at: datetime) -> int | None:
        """Return how much is done of the whole, or of the current step where nobody planned the whole.

        None where the size of that is not known.
        """
        if self.state == self.State.SUCCEEDED:
            return 100
        if self.pace:
            if self.state != self.State.RUNNING:
                return None
            return math.floor(100 * self.pace.share_done(at=at))
        return min(100, 100 * self.done // self.total) if self.total > 0 else None

    def time_left(self, *, at: datetime) -> timedelta | None:
        """Return how long it will go on, as far as people were told; None while that is a guess.

        Of the current step alone, at its pace so far, where nobody planned the whole.
        """
        if self.state != self.State.RUNNING:
            return None
        if self.plan:
            return self.told_end_at - at if self.told_end_at and self.told_end_at > at else None
        if not self.step_started_at or not 0 < self.done <= self.total:
            return None
        spent = at - self.step_started_at
        if spent < timedelta(seconds=2):
            return None
        return spent * (self.total - self.done) / self.done

    def takes_longer(self, *, at: datetime) -> bool:
        """Tell whether it goes on longer than people were told at first."""
        is_late = self.told_end_at is not None and at >= self.told_end_at
        return self.state == self.State.RUNNING and (self.put_off_at is not None or is_late)


class JobMail(models.Model):
    """One row says that somebody wants a mail when `job` ends; gone once it was sent."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="mails")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "jobmails"
        constraints = (models.UniqueConstraint(fields=("job", "account"), name="jobs_one_mail_each"),)

    def __str__(self):
        return f"{self.account}: {self.job}"


class JobDependency(models.Model):
    """One row says that `job` waits for the end of `predecessor`, which is older: so they form no circle."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="waits_for")
    predecessor = models.ForeignKey(Job, models.CASCADE, related_name="awaited_by")

    class Meta:
        db_table = "jobdependencies"
        constraints = (
            models.UniqueConstraint(fields=("job", "predecessor"), name="jobs_waits_for_once"),
            models.CheckConstraint(
                condition=~models.Q(job=models.F("predecessor")), name="jobs_never_waits_for_itself"
            ),
        )

    def __str__(self):
        return f"{self.job} waits for {self.predecessor}"
