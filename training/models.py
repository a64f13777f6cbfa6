"""What was trained: from which data, why, and what came of it."""

import uuid

from django.db import models
from django.utils import timezone

from companies.models import Company, Developer
from jobs.models import Job
from registry.models import Dataset, ModelType, ModelVersion, Population
from transactions.models import FeatureMatrix


class TrainingRunQuerySet(models.QuerySet):
    def with_related(self):
        """Fetch with each row what a line of the list shows."""
        return self.select_related(
            "company", "developer__account", "job", "model_type", "population", "version__model_type",
            "upload_dataset", "combined_dataset", "parent_dataset",
        )  # fmt: skip

    def done(self):
        return self.filter(version__isnull=False)


class TrainingRun(models.Model):
    """One row is one retraining: an upload, added to the company's data, and the version that came of it.

    Data sets, version and number appear together, when it is done; before that the row only says what is
    meant to happen.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="training_runs")
    population = models.ForeignKey(Population, models.RESTRICT, related_name="training_runs")
    developer = models.ForeignKey(Developer, models.SET_NULL, null=True, related_name="training_runs")
    job = models.OneToOneField(Job, models.CASCADE, related_name="training_run")
    model_type = models.ForeignKey(ModelType, models.PROTECT, related_name="training_runs")
    reason = models.CharField(max_length=500)
    # Weights start fresh every time: what served before is only compared with.
    warm_start = models.BooleanField(default=False, editable=False)

    original_filename = models.CharField(max_length=255, blank=True)
    upload_path = models.CharField(max_length=255, help_text="Relative to the media folder.")
    input_data = models.JSONField(help_text="What was read: parse specification and counts.")

    # Counts the finished retrainings of a base: uploadDataset3 and combinedDataset3 belong to number 3.
    number = models.PositiveIntegerField(null=True, editable=False)
    upload_dataset = models.OneToOneField(Dataset, models.SET_NULL, null=True, related_name="uploaded_for")
    combined_dataset = models.OneToOneField(Dataset, models.SET_NULL, null=True, related_name="combined_for")
    # One to one: two retrainings that both went on from the same data set would fork the chain.
    parent_dataset = models.OneToOneField(Dataset, models.SET_NULL, null=True, related_name="continued_by")
    version = models.OneToOneField(ModelVersion, models.SET_NULL, null=True, related_name="training_run")
    combination = models.JSONField(null=True, help_text="How many customers came, stayed and were replaced.")
    comparison = models.JSONField(null=True, help_text="The new version beside the one that served and v1.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        db_table = "trainingruns"
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("company", "population", "number"), name="one_training_run_per_number"
            ),
        )

    def __str__(self):
        return str(self.job)

    @property
    def is_first(self) -> bool:
        """Whether nothing was learned of these customers before it; the telecom base comes with models."""
        return self.population.company_id is not None and self.number == 1

    @property
    def is_done(self) -> bool:
        return self.job.state == Job.State.SUCCEEDED and self.combined_dataset_id is not None


class FeatureTrainingQuerySet(models.QuerySet):
    def with_related(self):
        """Fetch with each row what its status tells."""
        return self.select_related(
            "company", "job__account", "model_type", "version__metrics", "matrix__analysis__dataset"
        )


class FeatureTraining(models.Model):
    """One row is one training on the features of a purchase log, and the version that came of it."""

    class Labels(models.TextChoices):
        GIVEN = "given", "The label column of the file"
        DEFINITION = "definition", "The churn definition: no purchase for so many days"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="feature_trainings")
    population = models.ForeignKey(Population, models.RESTRICT, related_name="feature_trainings")
    job = models.OneToOneField(Job, models.CASCADE, related_name="feature_training")
    model_type = models.ForeignKey(ModelType, models.PROTECT, related_name="feature_trainings")
    # Deleting a log takes its features along; what was learned from it stays told.
    matrix = models.ForeignKey(FeatureMatrix, models.SET_NULL, null=True, related_name="trainings")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    # Known once it is done: customers learned from and the share of them who left, beside the version.
    version = models.OneToOneField(ModelVersion, models.SET_NULL, null=True, related_name="feature_training")
    label_source = models.CharField(max_length=10, choices=Labels, blank=True)
    training_samples = models.PositiveIntegerField(null=True)
    churn_rate = models.FloatField(null=True)
    report = models.JSONField(null=True, help_text="Cutoffs, simple rule, random split, warnings.")

    objects = FeatureTrainingQuerySet.as_manager()

    class Meta:
        db_table = "featuretrainings"
        ordering = ("-created_at", "-id")

    def __str__(self):
        return f"{self.model_type} on {self.matrix or 'features that were deleted'}"
