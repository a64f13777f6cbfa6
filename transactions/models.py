"""Purchase logs: what was uploaded, how it is read, what it says, and the features made of it."""

import uuid

from django.db import models
from django.utils import timezone

from companies.models import Account, Company
from jobs.models import Job
from registry.models import Dataset, Population
from tabular.logs.event_spec import VISIT, EventSpec


class AnalysisSession(models.Model):
    """One row is one purchase log and what was decided about it: mapping, cutoff, churn definition."""

    class State(models.TextChoices):
        UPLOADED = "UPLOADED", "Waiting for its columns"
        IMPORTING = "IMPORTING", "Being read"
        READY = "READY", "Ready"
        FAILED = "FAILED", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="analyses")
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="analyses", verbose_name="customer base"
    )
    # The row of type "raw": the file as it was sent.
    dataset = models.OneToOneField(Dataset, models.CASCADE, related_name="analysis")
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    # Of the send that began it: NULL where the sender gave none. Otherwise a hash, as that of a Job.
    idempotency_key = models.CharField(max_length=120, unique=True, null=True)  # noqa: DJ001

    # What the preview found, with the guesses; then what was decided; then the one way the file is read.
    preview = models.JSONField(default=dict)
    mapping = models.JSONField(null=True)
    parse_spec = models.JSONField(null=True)
    # The account of the rows: rows in = accepted + duplicates + rejected.
    import_report = models.JSONField(null=True)
    # Names within the storage "datasets".
    events_path = models.CharField(max_length=255, blank=True)
    rejects_path = models.CharField(max_length=255, blank=True)
    profile = models.JSONField(null=True)

    # When a customer counts as lost (see `ml.logs.churn_definition`); NULL until somebody confirmed it.
    horizon_days = models.PositiveSmallIntegerField(null=True)
    gap_days = models.PositiveSmallIntegerField(default=0)
    active_window_days = models.PositiveSmallIntegerField(null=True)
    configured_at = models.DateTimeField(null=True)
    # First and last days on which nothing was open: they are no days that are missing from the log.
    closed_days = models.JSONField(null=True)
    # Days that may be missing although its own profile does not name them, as between it and the logs that it
    # continues; `ml.logs.profile.silence` writes them. NULL until it was read together with those.
    days_between = models.JSONField(null=True)

    class Meta:
        db_table = "analysissessions"
        ordering = ("-created_at",)
        verbose_name = "purchase log"

    def __str__(self):
        return self.dataset.name

    # The state says what was reached; a job that ended without a result leaves it as it was.
    @property
    def is_being_read(self) -> bool:
        return self.state == self.State.IMPORTING and self.job is not None and not self.job.has_ended

    @property
    def has_failed(self) -> bool:
        return self.state == self.State.IMPORTING and not self.is_being_read

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def has_amounts(self) -> bool:
        """Whether its columns say what was paid; before they have a meaning, that is what a log is for."""
        return self.parse_spec is None or EventSpec.from_dict(self.parse_spec).has_amounts

    @property
    def event_columns(self) -> frozenset[str] | None:
        """The columns of its events; None before its own have a meaning."""
        return None if self.parse_spec is None else EventSpec.from_dict(self.parse_spec).event_columns

    @property
    def is_of_visits(self) -> bool:
        """Whether no column says that something was bought."""
        return self.parse_spec is not None and EventSpec.from_dict(self.parse_spec).called == VISIT


class FeatureMatrix(models.Model):
    """One row is the features of one log at one cutoff, one line per customer; the lines are in files."""

    class State(models.TextChoices):
        PROCESSING = "PROCESSING", "Being computed"
        READY = "READY", "Ready"
        FAILED = "FAILED", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    analysis = models.ForeignKey(AnalysisSession, models.CASCADE, related_name="matrices")
    # The row of type "features"; NULL until its file stands.
    dataset = models.OneToOneField(Dataset, models.CASCADE, null=True, related_name="feature_matrix")
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.PROCESSING)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")

    feature_set = models.CharField(max_length=40, help_text="Which set of the catalogue, such as retail_v1.")
    as_of = models.DateTimeField(
        null=True, help_text="Features know what happened before it, labels the rest."
    )
    # Where the label comes from: the file's own column, or the churn definition of these numbers.
    label_source = models.CharField(max_length=12, blank=True)
    horizon_days = models.PositiveSmallIntegerField(null=True)
    gap_days = models.PositiveSmallIntegerField(default=0)
    active_window_days = models.PositiveSmallIntegerField(null=True)
    # Counts, absent features and why, what selection dropped and why.
    report = models.JSONField(null=True)
    # Names within the storage "utils": what the program reads, and the CSV for people.
    parquet_path = models.CharField(max_length=255, blank=True)
    csv_path = models.CharField(max_length=255, blank=True)

    class Meta:
        db_table = "featurematrices"
        ordering = ("-created_at",)
        verbose_name_plural = "feature matrices"

    def __str__(self):
        return f"{self.feature_set} of {self.analysis}"

    @property
    def is_being_computed(self) -> bool:
        return self.state == self.State.PROCESSING and self.job is not None and not self.job.has_ended

    @property
    def has_failed(self) -> bool:
        return self.state == self.State.PROCESSING and not self.is_being_computed

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY
