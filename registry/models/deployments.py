"""Which version serves whom: deployments, their ledger, and what challengers said in the shadow."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from companies.models import Account, Company, Developer
from core.append_only import AppendOnly
from registry.models.populations import Population
from registry.models.versions import ModelVersion

# Why a default serves a company that deployed nothing yet.
FROM_THE_BEGINNING = "The defaults serve every company from its beginning."


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
    That a version of one company never serves another, nor the customers of another base, stands in triggers:
    no constraint of SQL looks at two tables.
    """

    class Role(models.TextChoices):
        CHAMPION = "CHAMPION", "Champion: chosen unless somebody chooses another"
        ALTERNATIVE = "ALTERNATIVE", "Alternative: offered beside the champion"
        CHALLENGER = "CHALLENGER", "Challenger: scores in the shadow, and nobody is offered it"

    company = models.ForeignKey(Company, models.CASCADE, related_name="deployments")
    model = models.ForeignKey(ModelVersion, models.CASCADE, related_name="deployments")
    # That of the version: triggers hold it, so that what is unique in a base is unique by this column.
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="deployments", verbose_name="customer base"
    )
    deployed_by = models.ForeignKey(
        Developer, models.SET_NULL, null=True, related_name="deployments", db_column="deployed_by"
    )
    is_active = models.BooleanField(null=True)
    deployed_at = models.DateTimeField(default=timezone.now, db_default=Now())
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
    # True for the champion while it is active, NULL otherwise: of each base a company has one champion at
    # most.
    champion_slot = models.BooleanField(null=True, editable=False)
    # The same for the challenger.
    challenger_slot = models.BooleanField(null=True, editable=False)

    objects = ModelDeploymentQuerySet.as_manager()

    class Meta:
        db_table = "modeldeployments"
        verbose_name = "deployment"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("company", "model", "active_slot"), name="one_active_deployment"),
            models.UniqueConstraint(fields=("company", "population", "champion_slot"), name="one_champion"),
            models.UniqueConstraint(
                fields=("company", "population", "challenger_slot"), name="one_challenger"
            ),
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
        """Who deployed it, by the name of that time. Nobody did with what a company begins with, also
        where an earlier row has the name of the developer who came that day.
        """
        return "the installation" if self.is_from_the_beginning else self.actor_name or "the installation"

    @property
    def is_from_the_beginning(self) -> bool:
        """Whether it came with the company: then nobody decided it."""
        return self.reason == FROM_THE_BEGINNING


class DeploymentEvent(AppendOnly):
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
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="deployment_events", verbose_name="customer base"
    )
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

    class Meta:
        db_table = "deploymentevents"
        verbose_name = "line of the ledger"
        verbose_name_plural = "ledger"
        ordering = ("company", "-sequence")
        constraints = (
            models.UniqueConstraint(fields=("company", "sequence"), name="one_ledger_line_per_sequence"),
        )
        indexes = (models.Index(fields=("company", "at"), name="ledger_by_time"),)

    def __str__(self):
        return f"{self.sequence}: {self.version} {self.get_action_display().lower()}"

    @property
    def who(self) -> str:
        """Who decided it, by the name of that time. Nobody decided what a company begins with, also where an
        earlier line has the name of the developer who came that day.
        """
        return "the installation" if self.reason == FROM_THE_BEGINNING else self.actor_name


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
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="shadow_runs", verbose_name="customer base"
    )
    challenger = models.ForeignKey(ModelDeployment, models.CASCADE, related_name="shadow_runs")
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="shadow_runs")
    compared_with = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    batch = models.UUIDField(unique=True, help_text="The id of the prediction whose customers it scored.")
    batch_name = models.CharField(max_length=255)
    at = models.DateTimeField()

    failure = models.CharField(max_length=255, blank=True)
    customers = models.BigIntegerField(null=True)
    newly_leaving = models.BigIntegerField(
        null=True, help_text="Customers whom only the challenger names as leaving."
    )
    newly_staying = models.BigIntegerField(
        null=True, help_text="Customers whom only the challenger does not name as leaving."
    )
    mean_difference = models.FloatField(
        null=True, help_text="The mean absolute difference between the two probabilities."
    )
    distribution = models.JSONField(
        null=True,
        help_text="For both versions: the threshold, and how many customers have which probability.",
    )

    class Meta:
        db_table = "shadowruns"
        verbose_name = "run in the shadow"
        verbose_name_plural = "runs in the shadow"
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
