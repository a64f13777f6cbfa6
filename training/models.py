"""What was trained: from which data, why, and what came of it."""

import uuid

from django.db import models
from django.utils import timezone

from companies.models import Company, Developer
from jobs.models import Job
from registry.models import Dataset, ModelType, ModelVersion, Population
from transactions.models import FeatureMatrix


class TrainingRunQuerySet(models.QuerySet):
    def of_customers(self):
        """Those that learned from a table, one row for each customer."""
        return self.filter(kind=TrainingRun.Kind.CUSTOMERS)

    def of_purchases(self):
        """Those that learned from the features of a purchase log."""
        return self.filter(kind=TrainingRun.Kind.PURCHASES)

    def done(self):
        return self.filter(version__isnull=False)

    def with_related(self):
        """Fetch with the row of one page, or of one answer, what it shows."""
        return self.select_related(
            "company", "developer__account", "job", "model_type", "population", "version__model_type",
            "version__metrics", "upload_dataset", "combined_dataset__population",
            "parent_dataset__population",
            "matrix__analysis__dataset", "search__job",
        )  # fmt: skip

    def listed(self):
        """Fetch with each row what a line of a list shows, and no document that fills the page of one."""
        rows = self.select_related(
            "company", "developer__account", "job", "model_type", "population", "version__model_type",
            "combined_dataset__population", "matrix",
        )  # fmt: skip
        return rows.without_documents().defer("matrix__report")

    def listed_for_programs(self):
        """Fetch the same for programs, who are told besides who was combined and what the model warns of."""
        versions = ModelVersion.objects.with_figures()
        rows = self.select_related("developer__account", "job", "model_type", "population")
        return rows.prefetch_related(models.Prefetch("version", versions)).defer("comparison", "report")

    def without_documents(self):
        """Fetch the rows of a list without what fills the page of each."""
        return self.defer("combination", "comparison", "report")


class TrainingRun(models.Model):
    """One row is one training, and the version that came of it.

    One of customers adds an upload to the data of its base; data sets, version and number appear together,
    when it is done. One of purchases learns from the features of a log; version, figures and report appear
    together. Before that the row only says what is meant to happen.
    """

    class Kind(models.TextChoices):
        CUSTOMERS = "CUSTOMERS", "A table of customers"
        PURCHASES = "PURCHASES", "The features of a purchase log"

    class Labels(models.TextChoices):
        GIVEN = "given", "The label column of the file"
        DEFINITION = "definition", "The churn definition: no purchase for so many days"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="training_runs")
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="training_runs", verbose_name="customer base"
    )
    developer = models.ForeignKey(Developer, models.SET_NULL, null=True, related_name="training_runs")
    job = models.OneToOneField(Job, models.CASCADE, related_name="training_run")
    model_type = models.ForeignKey(ModelType, models.PROTECT, related_name="training_runs")
    version = models.OneToOneField(ModelVersion, models.SET_NULL, null=True, related_name="training_run")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    # What a search chose; the defaults of the type where nobody searched.
    params = models.JSONField(null=True, editable=False)

    # --- Of customers -------------------------------------------------------------------------------------
    reason = models.CharField(max_length=500, blank=True)
    # Weights start fresh every time: what served before is only compared with.
    warm_start = models.BooleanField(default=False, editable=False)
    original_filename = models.CharField(max_length=255, blank=True)
    upload_path = models.CharField(max_length=255, blank=True, help_text="Relative to the media folder.")
    input_data = models.JSONField(null=True, help_text="What was read: parse specification and counts.")
    # Counts the finished retrainings of a base: uploadDataset3 and combinedDataset3 belong to number 3.
    number = models.PositiveIntegerField(null=True, editable=False)
    upload_dataset = models.OneToOneField(Dataset, models.SET_NULL, null=True, related_name="uploaded_for")
    combined_dataset = models.OneToOneField(Dataset, models.SET_NULL, null=True, related_name="combined_for")
    # One to one: two retrainings that both went on from the same data set would fork the chain.
    parent_dataset = models.OneToOneField(Dataset, models.SET_NULL, null=True, related_name="continued_by")
    combination = models.JSONField(null=True, help_text="How many customers came, stayed and were replaced.")
    comparison = models.JSONField(null=True, help_text="The new version beside the one that served and v1.")

    # --- Of purchases -------------------------------------------------------------------------------------
    # Deleting a log takes its features along; what was learned from it stays told.
    matrix = models.ForeignKey(FeatureMatrix, models.SET_NULL, null=True, related_name="training_runs")
    label_source = models.CharField(max_length=10, choices=Labels, blank=True)
    training_samples = models.PositiveIntegerField(null=True)
    churn_rate = models.FloatField(null=True)
    report = models.JSONField(null=True, help_text="Cutoffs, simple rule, random split, warnings.")

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        db_table = "trainingruns"
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("company", "population", "number"), name="one_training_run_per_number"
            ),
            models.CheckConstraint(
                name="training_run_has_what_its_kind_has",
                condition=models.Q(
                    kind="CUSTOMERS", input_data__isnull=False, matrix=None, label_source="",
                    training_samples=None, churn_rate=None, report__isnull=True,
                )
                | models.Q(
                    kind="PURCHASES", reason="", original_filename="", upload_path="",
                    input_data__isnull=True, number=None, upload_dataset=None, combined_dataset=None,
                    parent_dataset=None, combination__isnull=True, comparison__isnull=True,
                ),
            ),
        )  # fmt: skip

    def __str__(self):
        return str(self.job)

    @property
    def parameters(self) -> dict:
        """What it learns with."""
        return self.model_type.parameters if self.params is None else self.params

    @property
    def found_search(self) -> "ModelSearch | None":
        """How its type was found; None where somebody chose it."""
        return getattr(self, "search", None)

    @property
    def is_searching(self) -> bool:
        """Whether nobody knows yet which type it will be of."""
        return self.found_search is not None and self.search.ranking is None

    @property
    def is_first(self) -> bool:
        """Whether nothing was learned of these customers before it; the telecom base comes with models."""
        return self.population.company_id is not None and self.number == 1

    @property
    def is_done(self) -> bool:
        return self.job.state == Job.State.SUCCEEDED and self.combined_dataset_id is not None


class ModelSearch(models.Model):
    """How a training finds its type and parameters: several are tried on the customers that it learns from.

    Its own job prepares the customers; then each type is tried by a job of its own, and the training, which
    waits for all of them, ranks what they found.
    """

    training = models.OneToOneField(TrainingRun, models.CASCADE, related_name="search")
    job = models.OneToOneField(Job, models.CASCADE, related_name="model_search")
    seconds = models.PositiveIntegerField(help_text="For all types together.")
    weights = models.CharField(max_length=20, help_text="By which figures the types are ranked.")
    matrix_path = models.CharField(max_length=255, help_text="Relative to the media folder.")
    prepared = models.JSONField(null=True, help_text="How many customers are learned from, and their hash.")
    ranking = models.JSONField(null=True, help_text="The types, the best first, and why.")
    # People may have enough of it: what was tried until then is ranked.
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "modelsearches"
        verbose_name_plural = "model searches"

    def __str__(self):
        return f"Search for the best model: {self.training}"


class SearchPart(models.Model):
    """One type of a search, and what came of it."""

    search = models.ForeignKey(ModelSearch, models.CASCADE, related_name="parts")
    model_type = models.ForeignKey(ModelType, models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="search_part")
    result = models.JSONField(null=True, help_text="Parameters tried, and figures out of fold.")

    class Meta:
        db_table = "searchparts"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("search", "model_type"), name="one_search_part_per_type"),
        )

    def __str__(self):
        return f"{self.model_type} in {self.search}"

    @property
    def said_path(self) -> str:
        """Where what it said of the customers lies until all types are ranked, beside the matrix."""
        return f"{self.search.matrix_path.rpartition('.')[0]}.{self.model_type.slug}.npy"
