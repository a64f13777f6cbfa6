"""The kinds of customers of which leaving is predicted."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from companies.models import Company
from core.deletion import cascade_whole
from ml.logs.features.wording import WORDING
from ml.matrix.schemas import FeatureSchema
from registry.telecom import TELECOM

# Beside the defaults of each type there is one base that belongs to nobody: the telecom base.
INSTALLATION = "installation"
# Where leaving becomes likelier than staying, as far as the probabilities hold.
USUAL_THRESHOLD = 0.5


def usual_policies() -> dict:
    return {
        "risk_tiers": "segments_v2",
        "threshold": None,
        "promotion": Population.Promotion.BY_HAND.value,
    }


class PopulationQuerySet(models.QuerySet):
    def open(self):
        """Return what was not archived."""
        return self.filter(archived_at__isnull=True)


class Population(models.Model):
    """One row is one kind of customer of which leaving is predicted: a customer base, as pages call it.

    Data, versions, deployments, predictions and analyses belong to one, and versions are compared only
    within one. The base without a company is the one that the installation ships with its defaults.
    """

    class Kind(models.TextChoices):
        SNAPSHOT = "SNAPSHOT", "Customers, one row each"
        LOG = "LOG", "Purchase log"

    class Promotion(models.TextChoices):
        BY_HAND = "by_hand", "By hand: somebody deploys it"
        AFTER_TRAINING = "after_training", "After each training, if shown to be better than the champion"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, cascade_whole, null=True, blank=True, related_name="populations")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind)
    # Frozen: `FeatureSchema.to_dict` of snapshots. Features of logs differ from version to version: empty.
    schema = models.JSONField(default=dict, blank=True)
    # `tabular.snapshots.plan.SnapshotPlan` of a company's own tables; frozen with the schema.
    reading = models.JSONField(null=True, blank=True, editable=False)
    roles = models.JSONField(
        default=dict,
        blank=True,
        help_text="Which column is the id, the outcome, the value of a customer, the time; and "
        "which value of the outcome means “left”.",
    )
    definition = models.JSONField(
        default=dict,
        blank=True,
        help_text="What leaving means: a column, or horizon_days, gap_days and active_window_days.",
    )
    wording = models.JSONField(
        default=dict, blank=True, help_text="What pages call each column and its values, and its unit."
    )
    currency = models.CharField(max_length=8, blank=True)
    slices = models.JSONField(
        default=list,
        blank=True,
        help_text="Columns by whose values the figures of a version are shown in groups.",
    )
    policies = models.JSONField(
        default=usual_policies, blank=True, help_text="risk_tiers, threshold and promotion."
    )
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    # NULLs are distinct, so the uniqueness of names does not bind what belongs to no company; this slot does.
    installation_slot = models.CharField(max_length=12, null=True, unique=True, editable=False)  # noqa: DJ001 - NULLs are distinct

    objects = PopulationQuerySet.as_manager()

    class Meta:
        db_table = "populations"
        verbose_name = "customer base"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("company", "name"), name="one_population_per_name"),
            models.CheckConstraint(
                name="population_without_company_holds_its_slot",
                condition=Q(
                    company__isnull=True, installation_slot__isnull=False, installation_slot=INSTALLATION
                )
                | Q(company__isnull=False, installation_slot__isnull=True),
            ),
        )

    def __str__(self):
        return self.name

    @property
    def is_log(self) -> bool:
        return self.kind == self.Kind.LOG

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def features(self) -> FeatureSchema:
        """What every version of a snapshot base reads, and how its outcome is written."""
        return FeatureSchema.from_dict(self.schema)

    def columns_of_file(self, *, with_outcome: bool) -> tuple[str, ...]:
        """Return which columns a file of these customers needs, in the order of the schema."""
        schema = self.features
        id_column = (schema.id_column,) if self.has_ids else ()
        outcome = (schema.label.name,) if with_outcome else ()
        return (*id_column, *schema.features, *outcome)

    @property
    def has_ids(self) -> bool:
        """Whether a file has a column of ids; without one, customers are called after their rows."""
        return self.reading is None or any(column["role"] == "id" for column in self.reading["columns"])

    @property
    def dates(self) -> frozenset[str]:
        """The columns that files have as dates and a model as days before the reference day of the file."""
        columns = self.reading["columns"] if self.reading else ()
        return frozenset(c["name"] for c in columns if c["role"] == "feature" and c["kind"] == "date")

    @property
    def value_column(self) -> str | None:
        """The column that says what a customer is worth, where there is one."""
        return self.roles.get("value")

    @property
    def value_label(self) -> str:
        """What people call that column."""
        return self.label_of(self.value_column) if self.value_column else ""

    @property
    def threshold(self) -> float:
        """The probability from which on the next versions name a customer as leaving."""
        return self.policies.get("threshold") or USUAL_THRESHOLD

    @property
    def deploys_after_training(self) -> bool:
        return self.policies.get("promotion") == self.Promotion.AFTER_TRAINING

    @property
    def words(self) -> dict:
        """The wording of its columns; features of purchases have words that every base shares.

        The base of the installation has those of this release: its row may be older.
        """
        if self.is_log:
            return WORDING | self.wording
        return TELECOM["wording"] if self.installation_slot else self.wording

    def label_of(self, column: str) -> str:
        """Return what people call `column`."""
        return self.words.get(column, {}).get("label") or column

    def heading_of(self, column: str) -> str:
        """Return the same as it stands alone or begins a sentence: the first letter large."""
        label = self.label_of(column)
        return label if label == column else label[0].upper() + label[1:]

    @property
    def money(self) -> str:
        """What amounts are counted in, for a sentence: the currency, where somebody named it."""
        return self.currency or f"the currency of the {'log' if self.is_log else 'file'}"

    def value_of(self, column: str, value: object) -> str:
        """Return what people call a value of `column`."""
        return self.words.get(column, {}).get("values", {}).get(str(value), str(value))
