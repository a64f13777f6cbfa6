"""Who predicted what, with which version, and where the result stands."""

import uuid
from datetime import date

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from companies.models import Company, Developer, User
from core.deletion import cascade_whole
from jobs.models import Job
from registry.models import ModelDeployment, ModelVersion, Population

BESIDE = ("job", "user__account", "developer__account", "company", "population")


class PredictionQuerySet(models.QuerySet):
    def with_people(self):
        """Fetch with each row what a line of the history shows."""
        return self.select_related("model__model_type", *BESIDE)

    def with_figures(self):
        """Fetch the same, and how good each version is, without what only its own page draws."""
        versions = ModelVersion.objects.with_figures().select_related("model_type", "population")
        # What was selected is not fetched again: it would lack the figures.
        alone = self.select_related(None).select_related(*BESIDE)
        return alone.prefetch_related(models.Prefetch("model", versions))

    def made_by(self, member):
        """Return what this developer or user predicted."""
        return self.filter(**{member.role: member.row})

    def finished(self):
        return self.filter(job__state=Job.State.SUCCEEDED)

    def of_logs(self):
        """Return what was scored from purchase logs."""
        return self.filter(input_data__source="log")


class Prediction(models.Model):
    """One row is one run: a named file of customers scored by one version, for one person."""

    user = models.ForeignKey(User, cascade_whole, null=True, blank=True, related_name="predictions")
    developer = models.ForeignKey(Developer, cascade_whole, null=True, blank=True, related_name="predictions")
    model = models.ForeignKey(ModelVersion, models.CASCADE, related_name="predictions")
    # By which deployment it was offered when it was chosen; NULL for a default that nobody deployed here, and
    # for runs from before deployments were named.
    deployment = models.ForeignKey(
        ModelDeployment, models.SET_NULL, null=True, blank=True, related_name="predictions"
    )
    prediction_name = models.CharField(max_length=255)
    input_data = models.JSONField(null=True, help_text="What was read: parse specification and counts.")
    result = models.JSONField(null=True, help_text="Summary of the scores; NULL until the job is done.")
    upload_dataset_path = models.CharField(max_length=255, null=True)  # noqa: DJ001 - the dump's column is nullable
    result_dataset_path = models.CharField(max_length=255, null=True)  # noqa: DJ001 - the dump's column is nullable
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), db_index=True)

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="predictions")
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="predictions", verbose_name="customer base"
    )
    job = models.OneToOneField(Job, models.CASCADE, related_name="prediction")
    original_filename = models.CharField(max_length=255, blank=True)

    objects = PredictionQuerySet.as_manager()

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

    @property
    def account(self):
        return (self.developer or self.user).account

    @property
    def portal(self) -> str:
        """The portal it was made in, which is also the first folder of its files."""
        return "dev" if self.developer_id else "user"

    @property
    def reads_log(self) -> bool:
        """Whether the customers are those of a purchase log, and not of a file with one row for each."""
        return (self.input_data or {}).get("source") == "log"

    @property
    def is_of_visits(self) -> bool:
        """Whether its customers came and bought nothing: so says their log, whatever its model learned from.

        Runs of earlier days do not say, and are called as their model is.
        """
        of_visits = (self.input_data or {}).get("of_visits")
        return self.model.is_of_visits if of_visits is None else of_visits

    @property
    def as_of(self) -> date | None:
        """The day from which the dates of its file were counted back; None where no model reads any."""
        read = self.input_data or {}
        found = (read.get("spec") or {}).get("reference")
        return date.fromisoformat(found) if found else None

    @property
    def is_done(self) -> bool:
        return self.result is not None and self.job.state == Job.State.SUCCEEDED
