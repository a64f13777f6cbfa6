"""What data and which model versions exist, how good they are, and which of them serves whom."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from companies.models import Account, Company, Developer
from core.deletion import cascade_whole
from registry.engines.tables import PURCHASE_SCHEMAS


class Dataset(models.Model):
    """One row is one stored table: customers (original, upload, or both combined), a log, its features."""

    class Type(models.TextChoices):
        SNAPSHOT = "snapshot", "Customers, one row each"
        RAW = "raw", "Purchase log"
        FEATURES = "features", "Features of a purchase log"

    company = models.ForeignKey(Company, models.CASCADE, null=True, blank=True, related_name="datasets")
    name = models.CharField(max_length=255)
    file_path = models.CharField(max_length=255, help_text="Relative to its storage.")
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
    # What purchase logs need beside: the name by which programs know the row, and the storage of its file.
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset_type = models.CharField(max_length=8, choices=Type, default=Type.SNAPSHOT)
    bucket_name = models.CharField(
        max_length=40, blank=True, help_text="Storage alias; empty: the media folder."
    )
    has_churn_label = models.BooleanField(null=True)
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

    @property
    def reads_purchases(self) -> bool:
        """Whether it learned from a purchase log: then it serves the V2 API, and no file of customers."""
        return self.schema_name in PURCHASE_SCHEMAS

    @property
    def is_deployable(self) -> bool:
        """Whether its kind may be deployed, once it is ready: not what a later default replaced."""
        return (self.company_id is not None or bool(self.is_default)) and not self.reads_purchases


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

    def offered(self):
        """Return what people may choose: a challenger scores in the shadow, and nobody chooses it."""
        return self.active().exclude(role=ModelDeployment.Role.CHALLENGER)

    def champions(self):
        return self.filter(champion_slot=True)

    def challengers(self):
        return self.filter(challenger_slot=True)


class ModelDeployment(models.Model):
    """One row is one version serving one company in one role, from when until when, and by whose decision.

    A version that changes its role ends one row and begins another, so each row is true for its whole time.
    That a version of one company never serves another stands in triggers: no constraint of SQL looks at two
    tables.
    """

    class Role(models.TextChoices):
        CHAMPION = "CHAMPION", "Champion: chosen unless somebody chooses another"
        ALTERNATIVE = "ALTERNATIVE", "Alternative: offered beside the champion"
        CHALLENGER = "CHALLENGER", "Challenger: scores in the shadow, and nobody is offered it"

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

    role = models.CharField(max_length=12, choices=Role, default=Role.ALTERNATIVE)
    reason = models.CharField(max_length=500, blank=True)
    # Operators deploy as well, and they are no developers. The name is the one of that time.
    actor = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=255, blank=True)
    # The champion that this one took over from: rolling back walks along these rows.
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+", editable=False)
    # True for the champion while it is active, NULL otherwise: a company has one champion at most.
    champion_slot = models.BooleanField(null=True, editable=False)
    # The same for the challenger.
    challenger_slot = models.BooleanField(null=True, editable=False)

    objects = ModelDeploymentQuerySet.as_manager()

    class Meta:
        db_table = "modeldeployments"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("company", "model", "active_slot"), name="one_active_deployment"),
            models.UniqueConstraint(fields=("company", "champion_slot"), name="one_champion"),
            models.UniqueConstraint(fields=("company", "challenger_slot"), name="one_challenger"),
            models.CheckConstraint(
                name="active_deployment_holds_its_slot",
                # Spelt out, because a CHECK that comes to NULL passes.
                condition=Q(
                    is_active__isnull=False, is_active=True, active_slot__isnull=False, active_slot=True
                )
                | Q(is_active=False, active_slot__isnull=True)
                | Q(is_active__isnull=True, active_slot__isnull=True),
            ),
            models.CheckConstraint(
                name="champion_holds_its_slot",
                condition=Q(
                    role="CHAMPION",
                    active_slot__isnull=False,
                    champion_slot__isnull=False,
                    champion_slot=True,
                )
                | Q(role="CHAMPION", active_slot__isnull=True, champion_slot__isnull=True)
                | Q(role__in=("ALTERNATIVE", "CHALLENGER"), champion_slot__isnull=True),
            ),
            models.CheckConstraint(
                name="challenger_holds_its_slot",
                condition=Q(
                    role="CHALLENGER",
                    active_slot__isnull=False,
                    challenger_slot__isnull=False,
                    challenger_slot=True,
                )
                | Q(role="CHALLENGER", active_slot__isnull=True, challenger_slot__isnull=True)
                | Q(role__in=("CHAMPION", "ALTERNATIVE"), challenger_slot__isnull=True),
            ),
        )

    def __str__(self):
        return f"{self.model} for {self.company}"

    @property
    def is_champion(self) -> bool:
        return self.champion_slot is True

    @property
    def is_challenger(self) -> bool:
        return self.challenger_slot is True

    @property
    def who(self) -> str:
        """Who deployed it, by the name of that time."""
        return self.actor_name or "the installation"


class Ledger(models.QuerySet):
    """Rows that may be added and read. Triggers hold the same against whoever goes around this class."""

    def update(self, **kwargs):
        raise TypeError(DeploymentEvent.REFUSAL)

    def bulk_update(self, *args, **kwargs):
        raise TypeError(DeploymentEvent.REFUSAL)

    def bulk_create(self, objs, *args, update_conflicts=False, **kwargs):
        if update_conflicts:
            raise TypeError(DeploymentEvent.REFUSAL)
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self):
        raise TypeError(DeploymentEvent.REFUSAL)


class DeploymentEvent(models.Model):
    """One row is one change of what serves a company: a line of the ledger, which is only ever added to.

    `sequence` counts the lines of a company without a gap, and `at` never runs backwards along it. Only
    erasing the company takes its lines along (see `LedgerErasure`).
    """

    REFUSAL = "The ledger of deployments is only ever added to."

    class Action(models.TextChoices):
        DEPLOYED = "DEPLOYED", "Deployed"
        ROLE_CHANGED = "ROLE_CHANGED", "Changed its role"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"
        ROLLED_BACK = "ROLLED_BACK", "Rolled back"
        SUSPENDED = "SUSPENDED", "Out of service"
        RESUMED = "RESUMED", "In service again"

    company = models.ForeignKey(Company, models.CASCADE, related_name="deployment_events")
    sequence = models.PositiveIntegerField()
    action = models.CharField(max_length=12, choices=Action)
    # A version or a deployment that stands in the ledger cannot be deleted: the cascade is refused below.
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="events")
    deployment = models.ForeignKey(ModelDeployment, models.CASCADE, related_name="events")
    role = models.CharField(max_length=12, choices=ModelDeployment.Role)
    reason = models.CharField(max_length=500)
    actor = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=255)
    at = models.DateTimeField()

    objects = Ledger.as_manager()

    class Meta:
        db_table = "deploymentevents"
        ordering = ("company", "-sequence")
        constraints = (
            models.UniqueConstraint(fields=("company", "sequence"), name="one_ledger_line_per_sequence"),
        )
        indexes = (models.Index(fields=("company", "at"), name="ledger_by_time"),)

    def __str__(self):
        return f"{self.sequence}: {self.version} {self.get_action_display().lower()}"

    def save(self, *args, **kwargs):
        # No workflow, only the promise of this table: a row that is there stays as it is.
        if not self._state.adding:
            raise TypeError(self.REFUSAL)
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError(self.REFUSAL)


class LedgerErasure(models.Model):
    """One row is a company that is being erased: the triggers of the ledger let its lines go.

    It is written and removed inside the transaction that erases the company; nobody else ever sees one.
    """

    company_id = models.CharField(max_length=10, primary_key=True)

    class Meta:
        db_table = "ledgererasures"

    def __str__(self):
        return self.company_id


class ShadowRun(models.Model):
    """One row is one batch of customers that a challenger scored in the shadow of the version that was used.

    Where it could not, `failure` says why in a sentence, and the figures are NULL. Who the customers are is
    no part of the row: their scores lie in a file of the floor that predicts.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="shadow_runs")
    challenger = models.ForeignKey(ModelDeployment, models.CASCADE, related_name="shadow_runs")
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="shadow_runs")
    compared_with = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    batch = models.UUIDField(unique=True, help_text="By which those who predict know the batch.")
    batch_name = models.CharField(max_length=255)
    at = models.DateTimeField()

    failure = models.CharField(max_length=255, blank=True)
    customers = models.BigIntegerField(null=True)
    newly_leaving = models.BigIntegerField(null=True, help_text="Said to leave by the challenger alone.")
    newly_staying = models.BigIntegerField(null=True, help_text="Said to stay by the challenger alone.")
    mean_difference = models.FloatField(null=True, help_text="Mean absolute difference of the probability.")
    distribution = models.JSONField(null=True, help_text="Thresholds, and customers by probability, of both.")

    class Meta:
        db_table = "shadowruns"
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("company", "at"), name="shadow_runs_by_time"),)
        constraints = (
            models.CheckConstraint(
                name="shadow_run_failed_or_has_figures",
                condition=Q(
                    failure="",
                    customers__isnull=False,
                    newly_leaving__isnull=False,
                    newly_staying__isnull=False,
                    mean_difference__isnull=False,
                    distribution__isnull=False,
                )
                | (~Q(failure="") & Q(customers__isnull=True)),
            ),
        )

    def __str__(self):
        return f"{self.batch_name}: {self.version} in the shadow of {self.compared_with}"

    @property
    def disagree(self) -> int | None:
        return None if self.customers is None else self.newly_leaving + self.newly_staying


class Gate(models.Model):
    """One row is a gate that one transaction at a time may pass (see `registry.services.ledger`)."""

    name = models.CharField(max_length=40, primary_key=True)

    class Meta:
        db_table = "gates"

    def __str__(self):
        return self.name
