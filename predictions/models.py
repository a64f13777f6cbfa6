"""Who predicted what, with which version, and where the result stands."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from companies.models import Company, Developer, User
from jobs.models import Job
from registry.models import ModelVersion


class Prediction(models.Model):
    """One row is one run: a named file of customers scored by one version, for one person."""

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="predictions")
    developer = models.ForeignKey(Developer, models.CASCADE, null=True, blank=True, related_name="predictions")
    model = models.ForeignKey(ModelVersion, models.CASCADE, related_name="predictions")
    prediction_name = models.CharField(max_length=255)
    input_data = models.JSONField(null=True, help_text="What was read: parse specification and counts.")
    result = models.JSONField(null=True, help_text="Summary of the scores; NULL until the job is done.")
    upload_dataset_path = models.CharField(max_length=255, null=True)  # noqa: DJ001 - the dump's column is nullable
    result_dataset_path = models.CharField(max_length=255, null=True)  # noqa: DJ001 - the dump's column is nullable
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="predictions")
    job = models.OneToOneField(Job, models.CASCADE, related_name="prediction")
    original_filename = models.CharField(max_length=255, blank=True)

    class Meta:
        db_table = "predictions"
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                name="prediction_by_exactly_one_person",
                condition=Q(user__isnull=True, developer__isnull=False)
                | Q(user__isnull=False, developer__isnull=True),
            ),
        )

    def __str__(self):
        return self.prediction_name
