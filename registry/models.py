"""What data and which model versions exist, how good they are, and which of them serves whom."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from companies.models import Company, Developer
from core.deletion import cascade_whole


class Dataset(models.Model):
    """One row is one stored table of customers: an original, an upload, or the two combined."""

    company = models.ForeignKey(Company, models.CASCADE, null=True, blank=True, related_name="datasets")
    name = models.CharField(max_length=255)
    file_path = models.CharField(max_length=255, help_text="Relative to the media folder.")
    is_original = models.BooleanField(null=True)
    is_uploaded = models.BooleanField(null=True)
    is_combined = models.BooleanField(null=True)
    # Erasing a company deletes the chain in any order; nothing is left pointing at a hole.
    parent_dataset = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children"
    )
    created_at = models.DateTimeField(default=timezone.now)

    original_filename = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    row_count = models.BigIntegerField(default=0)
    churn_count = models.BigIntegerField(null=True)
    schema_name = models.CharField(max_length=40, default="telco_v1")
    # "default" for the original of the installation, the company's ID for the one it was given, NULL for all
    # others: nobody has two originals, also when two processes set up the same company.
    original_slot = models.CharField(max_length=10, null=True, unique=True, editable=False)  # noqa: DJ001 - NULLs are distinct

    class Meta:
        db_table = "datasets"
        ordering = ("id",)

    def __str__(self):
        return self.name


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


class ModelVersionQuerySet(models.QuerySet):
    def ready(self):
        return self.filter(state=ModelVersion.State.READY)

    def defaults(self):
        """Return the default of each type; a default that was replaced is history."""
        return self.filter(company__isnull=True, is_default=True)

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
    training_dataset = models.ForeignKey(
        Dataset, models.SET_NULL, null=True, blank=True, related_name="versions"
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

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
    schema_name = models.CharField(max_length=40, default="telco_v1")

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        db_table = "models"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("model_type", "version", "company"), name="unique_model_version_company"
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


class ModelMetrics(models.Model):
    """One row is how well one version did on customers it had not seen."""

    model = models.OneToOneField(ModelVersion, models.CASCADE, related_name="metrics")
    accuracy = models.FloatField(null=True)
    precision = models.FloatField(
        null=True, help_text="Weighted by class, as all five; churn-class values beside."
    )
    recall = models.FloatField(null=True)
    f1_score = models.FloatField(null=True)
    auc_roc = models.FloatField(null=True)
    additional_metrics = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "modelmetrics"
        verbose_name_plural = "model metrics"

    def __str__(self):
        return f"Metrics of {self.model}"


class ModelDeploymentQuerySet(models.QuerySet):
    def active(self):
        return self.filter(active_slot=True)


class ModelDeployment(models.Model):
    """One row is one version serving one company, from when until when, and by whose decision.

    That a version of one company never serves another stands in triggers: no constraint of SQL looks at two
    tables.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="deployments")
    model = models.ForeignKey(ModelVersion, models.CASCADE, related_name="deployments")
    deployed_by = models.ForeignKey(
        Developer, models.SET_NULL, null=True, related_name="deployments", db_column="deployed_by"
    )
    is_active = models.BooleanField(null=True)
    deployed_at = models.DateTimeField(default=timezone.now)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    # True while active, NULL after: a version is active in a company once at most, on any database.
    active_slot = models.BooleanField(null=True, editable=False)

    objects = ModelDeploymentQuerySet.as_manager()

    class Meta:
        db_table = "modeldeployments"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("company", "model", "active_slot"), name="one_active_deployment"),
            models.CheckConstraint(
                name="active_deployment_holds_its_slot",
                # Spelt out, because a CHECK that comes to NULL passes.
                condition=Q(
                    is_active__isnull=False, is_active=True, active_slot__isnull=False, active_slot=True
                )
                | Q(is_active=False, active_slot__isnull=True)
                | Q(is_active__isnull=True, active_slot__isnull=True),
            ),
        )

    def __str__(self):
        return f"{self.model} for {self.company}"
