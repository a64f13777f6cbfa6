"""What was learned from what, and what a new version is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from companies.identity import Member
from companies.models import Company
from companies.services.conditions import one_line
from jobs.models import Job
from registry.models import Dataset, ModelType, ModelVersion, Population
from registry.selectors import (
    best_default,
    champion_for,
    snapshot_bases,
    telecom_base,
    visible_versions,
)
from training.models import TrainingRun
from transactions.models import AnalysisSession, FeatureMatrix

# A picture with more steps is no picture any more; the table beside it has them all.
MOST_STEPS = 8
# Whoever fails this often in a row is told so, instead of learning from what is long out of date.
MOST_FAILED = 10


@dataclass(frozen=True)
class Plan:
    """What a retraining that starts now would do; without a type, whoever starts it chooses one."""

    base: Dataset | None
    model_type: ModelType | None
    serving: ModelVersion | None
    most_accurate: ModelVersion | None

    @property
    def follows_the_rule(self) -> bool:
        """Whether the pinned type is the one that the rule, the highest accuracy, would choose."""
        return self.most_accurate is not None and self.most_accurate.model_type == self.model_type


@dataclass(frozen=True)
class LineageStep:
    """One table of the chain, what was added to the one before, and what learned from it."""

    dataset: Dataset
    upload: Dataset | None
    run: TrainingRun | None
    versions: tuple[ModelVersion, ...]


@dataclass(frozen=True)
class Lineage:
    """Steps, the oldest first, and how many older ones there are beside them."""

    steps: list[LineageStep]
    left_out: int


@dataclass(frozen=True)
class JudgedPair:
    """Two versions that a training judged on the same customers: the one that it made, and another.

    Parameters
    ----------
    version, other
        Their ids.
    name
        That of the other one at the time.
    verdict
        ``better``, ``worse`` or ``no_real_difference``: how `version` did.
    """

    run: UUID
    at: datetime
    version: int
    other: int
    name: str
    verdict: str
    is_of_purchases: bool


def judged_pairs(company: Company, population_id: int, *, versions: Iterable[int]) -> list[JudgedPair]:
    """Return what the trainings of `versions` found beside others, the latest first.

    Only the verdicts are fetched: of a hundred comparisons each would fill a page.
    """
    told = company.training_runs.filter(population=population_id, version__in=versions).filter(
        Q(comparison__isnull=False) | Q(report__isnull=False)
    )
    columns = ("uuid", "created_at", "version_id", "kind", "comparison__existing", *_PAIRS, *_CHAMPION)
    return [pair for row in told.order_by("-created_at", "-pk").values(*columns) for pair in _judged(row)]


# What serves, and v1: nothing else is compared with.
_PAIRS = tuple(f"comparison__pairs__{place}__{what}" for place in (0, 1) for what in ("name", "verdict"))
_CHAMPION = tuple(f"report__beside_champion__{what}" for what in ("version", "name", "verdict"))


def _judged(row):
    is_of_purchases = row["kind"] == TrainingRun.Kind.PURCHASES
    if is_of_purchases:
        other, name, verdict = (row[column] for column in _CHAMPION)
        found = [(other, name, verdict)]
    else:
        ids = {each["name"]: each["id"] for each in row["comparison__existing"] or ()}
        pairs = zip(_PAIRS[::2], _PAIRS[1::2], strict=True)
        found = [(ids.get(row[name]), row[name], row[verdict]) for name, verdict in pairs]
    return [
        JudgedPair(row["uuid"], row["created_at"], row["version_id"], other, name, verdict, is_of_purchases)
        for other, name, verdict in found
        if other is not None and verdict is not None
    ]


def training_runs_for(member: Member) -> QuerySet[TrainingRun]:
    """Return every training on customers of the member's company, latest first."""
    return member.company.training_runs.of_customers().with_related()


def list_training_runs(member: Member) -> QuerySet[TrainingRun]:
    """Return the same for a list: without the documents, of which each fills a page."""
    return member.company.training_runs.of_customers().listed()


def serving_version(company: Company, member: Member | None, population: Population) -> ModelVersion | None:
    """Return what serves a base of `company` at the moment: what its people are suggested."""
    return champion_for(member, population) if member else best_default(population)


def the_first_version(model_type: ModelType, population: Population) -> ModelVersion | None:
    """Return the default of a type, which every retraining of it is measured against."""
    return ModelVersion.objects.defaults().filter(model_type=model_type, population=population).first()


def latest_version(company: Company, population: Population) -> ModelVersion | None:
    """Return the version of a base of `company` that was made last and is in order."""
    versions = ModelVersion.objects.ready().filter(company=company, population=population)
    return versions.order_by("-pk").first()


def latest_made(company: Company, population: Population) -> ModelVersion | None:
    """Return the version of a base of `company` that was made last, also where it is out of service."""
    return ModelVersion.objects.filter(company=company, population=population).order_by("-pk").first()


def base_without_model(company: Company, name: str) -> Population | None:
    """Return the base of that name whose first training ended without a model, so that it may begin anew."""
    tables = Population.objects.open().filter(company=company, kind=Population.Kind.SNAPSHOT)
    found = tables.filter(name__iexact=one_line(name), versions=None).first()
    runs = found.training_runs.all() if found else TrainingRun.objects.none()
    has_more = runs.filter(job__state__in=Job.UNFINISHED).exists() or runs.done().exists()
    return found if runs.exists() and not has_more else None


def bases_of_file(company: Company, header: Iterable[str]) -> list[Population]:
    """Return the bases with a model that a file of these columns has all columns of, but for the outcome."""
    has = {name.strip().casefold() for name in header}
    trained = snapshot_bases(company).filter(versions__state=ModelVersion.State.READY).distinct()
    return [
        base for base in trained
        if all(name.strip().casefold() in has for name in base.columns_of_file(with_outcome=False))
    ]  # fmt: skip


def base_to_retrain(member: Member) -> Population:
    """Return the base that `member` is likeliest to retrain: that of the latest training."""
    latest = list_training_runs(member).filter(population__archived_at=None).first()
    return latest.population if latest else telecom_base()


def plan_for(member: Member, population: Population) -> Plan:
    """Return what a retraining of a base by `member` would start from, train and be compared with."""
    company = member.company
    latest = company.datasets.filter(is_combined=True, population=population).order_by("-pk").first()
    if population.company_id is not None:
        before = serving_version(company, member, population) or latest_version(company, population)
        return Plan(latest, None, before, None)
    return Plan(
        base=latest or Dataset.objects.filter(original_slot__in=(company.pk, "default")).first(),
        model_type=ModelType.objects.filter(slug=settings.RETRAIN_MODEL_TYPE).first(),
        serving=serving_version(company, member, population),
        most_accurate=best_default(population),
    )


# --- Of purchases -----------------------------------------------------------------------------------------


def latest_features(company: Company, population: Population | None) -> FeatureMatrix | None:
    """Return what a training on the purchases of a base learns from: the latest features that stand or are on
    their way.
    """
    matrices = FeatureMatrix.objects.filter(
        analysis__company=company, analysis__population=population
    ).select_related("analysis", "job")
    for matrix in matrices.order_by("-created_at", "-id")[:MOST_FAILED]:
        if not matrix.has_failed:
            return matrix
    return None


def latest_feature_training(
    company: Company, population: Population | None, *, model_type: str | None = None
) -> TrainingRun | None:
    """Return the latest training on the purchases of a base, where `model_type` says so of that type."""
    runs = company.training_runs.of_purchases().filter(population=population)
    trainings = runs.with_related()
    return (trainings.filter(model_type__slug=model_type) if model_type else trainings).first()


def trainings_of(analysis: AnalysisSession) -> QuerySet[TrainingRun]:
    """Return the trainings on the features of a log, latest first, for a list."""
    return analysis.company.training_runs.of_purchases().listed().filter(matrix__analysis=analysis)


# --- Data sets -------------------------------------------------------------------------------------------


def datasets_for(member: Member) -> QuerySet[Dataset]:
    """Return the tables of customers of the member's company, latest first."""
    tables = member.company.datasets.filter(dataset_type=Dataset.Type.SNAPSHOT)
    tables = tables.select_related("parent_dataset__population", "population", "uploaded_for")
    documents = ("combination", "comparison", "report")
    return tables.defer(*(f"uploaded_for__{name}" for name in documents)).order_by("-pk")


def trained_on(dataset: Dataset, company: Company) -> QuerySet[ModelVersion]:
    """Return the versions that `company` may see and that learned from `dataset`.

    The defaults learned from the original of the installation, which each company's original is a row of.
    """
    rows = [dataset.pk]
    if dataset.is_original and dataset.parent_dataset_id:
        rows.append(dataset.parent_dataset_id)
    return (
        visible_versions(company)
        .filter(training_dataset__in=rows)
        .select_related("model_type")
        .order_by("model_type", "number")
    )


def chain_of(dataset: Dataset, *, whole: bool = False) -> Lineage:
    """Return the chain that leads to `dataset`; for an upload, to what it became part of."""
    used = TrainingRun.objects.filter(upload_dataset=dataset).select_related("combined_dataset").first()
    if used and used.combined_dataset:
        dataset = used.combined_dataset
    company = dataset.company
    tables = {table.pk: table for table in company.datasets.select_related("population")}
    chain = [dataset]
    while parent := tables.get(chain[-1].parent_dataset_id):
        chain.append(parent)
    shown = chain if whole else chain[:MOST_STEPS]
    runs = {
        run.combined_dataset_id: run
        for run in TrainingRun.objects.filter(combined_dataset__in=shown)
        .select_related("upload_dataset", "parent_dataset")
        .defer("comparison")
    }
    return Lineage(
        steps=[_step(table, runs.get(table.pk), company) for table in reversed(shown)],
        left_out=len(chain) - len(shown),
    )


def _step(table, run, company):
    return LineageStep(
        dataset=table,
        upload=run.upload_dataset if run else None,
        run=run,
        versions=tuple(trained_on(table, company)),
    )
