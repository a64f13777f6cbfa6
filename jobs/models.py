"""Long work, and where it stands."""

import uuid

from django.conf import settings
from django.db import models


class Job(models.Model):
    """One row is one piece of long work. The row, not the message broker, says whether it is done."""

    class State(models.TextChoices):
        QUEUED = "QUEUED", "Waiting"
        RUNNING = "RUNNING", "Running"
        SUCCEEDED = "SUCCEEDED", "Done"
        FAILED = "FAILED", "Failed"
        CANCELLED = "CANCELLED", "Cancelled"

    ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=60, help_text="Name of the handler that does the work.")
    title = models.CharField(max_length=255, blank=True)
    company = models.ForeignKey("companies.Company", models.CASCADE, null=True, related_name="jobs")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="jobs")
    payload = models.JSONField(default=dict)
    # NULL where the caller gave none: NULLs do not collide. Holds the company, so keys of two companies never meet.
    idempotency_key = models.CharField(max_length=120, unique=True, null=True)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    step = models.CharField(max_length=80, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    error = models.JSONField(null=True)

    attempt = models.PositiveSmallIntegerField(default=0, help_text="Fencing token: a writer of an earlier attempt fails.")
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=120, blank=True)
    cancel_requested_at = models.DateTimeField(null=True)

    queued_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, help_text="When it was last handed to the broker.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "jobs"
        ordering = ("-queued_at",)
        indexes = (models.Index(fields=("state", "lease_until"), name="jobs_state_lease"),)

    def __str__(self):
        return self.title or self.task

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED
