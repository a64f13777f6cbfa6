"""What happened, and who is still to be told of it."""

import uuid
from datetime import datetime

from django.db import models


class UntoldEvent(models.Model):
    """One row is one thing that happened and one subscriber still to be told of it; once told, it is gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=60)
    subscriber = models.CharField(max_length=60)
    ids = models.JSONField(help_text="The ids of the rows that it is about, never their contents.")
    # Core knows no company: whoever publishes says whose event it is, and may take it back by that.
    about = models.CharField(max_length=40, db_index=True)
    happened_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True, help_text="From when it may be told, or told again.")
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, help_text="Why telling it failed the latest time.")

    class Meta:
        db_table = "untoldevents"
        ordering = ("happened_at",)
        verbose_name = "event to be told"
        verbose_name_plural = "events to be told"

    def __str__(self):
        return f"{self.event} to {self.subscriber}"


class HealthMark(models.Model):
    """The one row that is written to see whether anything can be: by `GET /health`, and before a 429."""

    written_at = models.DateTimeField()

    class Meta:
        db_table = "healthmarks"

    def __str__(self):
        return f"{self.written_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def write(cls, *, at: datetime) -> None:
        """Write the row; what keeps it from being written rises."""
        cls.objects.update_or_create(pk=1, defaults={"written_at": at})
