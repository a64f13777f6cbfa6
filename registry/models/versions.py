"""Kinds of models, trained ones, and how good each is."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from companies.models import Company
from core.deletion import cascade_whole
from ml.logs.visits import say_visits
from registry.models.datasets import Dataset
from registry.models.populations import Population


class ModelType(models.Model):
    """One row is one kind of model the product can train, with the parameters it is trained with."""

    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - the dump's column is nullable
    slug = models.SlugField(max_length=40, unique=True)
    parameters = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "modeltypes"
        ordering = ("id",)

    def __str__(self):
        return self.name


# What is known of a version that its own page draws and lists: nine tenths of its figures.
DRAWN = ("slices", "roc", "precision_recall", "importance")


def listed(document: str) -> models.Func:
    """Return the figures in the column `document` without what only the page of a version draws."""
    drawn = (models.Value(f"$.{name}") for name in DRAWN)
    return models.Func(document, *drawn, function="JSON_REMOVE", output_field=models.JSONField())


class ModelVersionQuerySet(models.QuerySet):
    def ready(self):
        return self.filter(state=ModelVersion.State.READY)

    def defaults(self):
        """Return the default of each type; a default that was replaced is history."""
        return self.filter(company__isnull=True, is_default=True)

    def with_figures(self):
        """Fetch with each version how good it is, without what only its own page draws (see `figures`)."""
        rows = self.select_related("metrics").defer("metrics__additional_metrics")
        return rows.annotate(listed_figures=listed("metrics__additional_metrics"))

    def of_installation_or(self, company):
        """Return what `company` may see at all: its own versions, and those that belong to everybody."""
        return self.filter(Q(company__isnull=True) | Q(company=company))


class ModelVersion(models.Model):
    """One row is one trained model: its files, its number, and whether it may serve."""

    class State(models.TextChoices):
        READY = "READY", "Ready"
        DAMAGED = "DAMAGED", "Damaged"
        QUARANTINED = "QUARANTINED", "Quarantined"

    model_type = models.ForeignKey(ModelType, models.PROTECT, related_name="versions")
    name = models.CharField(max_length=255)
    version = models.CharField(max_length=10)
    file_path = models.CharField(max_length=255, help_text="The .pkl; manifest and ONNX stand beside it.")
    is_default = models.BooleanField(null=True)
    company = models.ForeignKey(Company, cascade_whole, null=True, blank=True, related_name="versions")
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="versions", verbose_name="customer base"
    )
    training_dataset = models.ForeignKey(
        Dataset, models.SET_NULL, null=True, blank=True, related_name="versions"
    )
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    number = models.PositiveIntegerField(help_text="The version as a number: v10 comes after v9.")
    state = models.CharField(max_length=12, choices=State, default=State.READY)
    state_reason = models.CharField(max_length=255, blank=True)
    # NULLs are distinct, so the uniqueness of the dump does not bind what belongs to no company; this slot
    # does. It is the type's slug for the default that serves, and "slug:number" for one that was replaced.
    default_slot = models.CharField(max_length=60, null=True, unique=True, editable=False)  # noqa: DJ001 - NULLs are distinct
    # Name to SHA-256 of every file of the version, so that all of them are checked before any of them is
    # parsed.
    file_hashes = models.JSONField(default=dict, editable=False)
    manifest_sha256 = models.CharField(max_length=64, editable=False)
    signature = models.CharField(max_length=64, editable=False)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        db_table = "models"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("model_type", "version", "company", "population"), name="one_version_per_population"
            ),
            models.CheckConstraint(
                name="default_slot_where_no_company",
                condition=Q(company__isnull=True, default_slot__isnull=False)
                | Q(company__isnull=False, default_slot__isnull=True),
            ),
        )

    def __str__(self):
        return f"{self.name} {self.version}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def invented(self) -> str:
        """What stands beside its figures where the customers that they are of are invented."""
        return self.training_dataset.invented if self.training_dataset else ""

    @property
    def figures(self) -> dict:
        """What was measured, or nothing; of a version of a list without what only its own page draws."""
        if hasattr(self, "listed_figures"):
            return self.listed_figures or {}
        metrics = getattr(self, "metrics", None)
        return (metrics and metrics.additional_metrics) or {}

    @property
    def is_of_visits(self) -> bool:
        """Whether it learned from a log in which no column says that something was bought."""
        return bool(self.figures.get("of_visits"))

    def label_of(self, column: str) -> str:
        """Return what people call one of the columns that it reads."""
        label = self.population.label_of(column)
        return say_visits(label) if self.is_of_visits else label

    def heading_of(self, column: str) -> str:
        """Return the same as it stands alone or begins a sentence: the first letter large."""
        heading = self.population.heading_of(column)
        return say_visits(heading) if self.is_of_visits else heading

    @property
    def is_deployable(self) -> bool:
        """Whether its kind may be deployed, once it is ready: not what a later default replaced."""
        return self.company_id is not None or bool(self.is_default)


class ModelMetricsQuerySet(models.QuerySet):
    def listed(self):
        """Fetch the rows of a list without what only the page of a version draws (see `figures`)."""
        return self.defer("additional_metrics").annotate(listed_figures=listed("additional_metrics"))


class ModelMetrics(models.Model):
    """One row is how well one version did on customers it did not learn from."""

    model = models.OneToOneField(ModelVersion, models.CASCADE, related_name="metrics")
    accuracy = models.FloatField(null=True)
    precision = models.FloatField(
        null=True,
        help_text="Averaged over both classes by their size, like all five figures. Those of "
        "leavers alone stand in additional_metrics.",
    )
    recall = models.FloatField(null=True)
    f1_score = models.FloatField(null=True)
    auc_roc = models.FloatField(null=True)
    additional_metrics = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    objects = ModelMetricsQuerySet.as_manager()

    class Meta:
        db_table = "modelmetrics"
        verbose_name_plural = "model metrics"

    def __str__(self):
        return f"Metrics of {self.model}"

    @property
    def figures(self) -> dict:
        """All that was measured, or nothing; in a list without what only the page of a version draws."""
        kept = self.listed_figures if hasattr(self, "listed_figures") else self.additional_metrics
        return kept or {}
