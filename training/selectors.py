"""What was retrained, from what, and what a new version is compared with."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from companies.access import Member
from companies.models import Company
from registry.models import Dataset, ModelType, ModelVersion
from registry.selectors import best_default, champion_for, visible_versions
from training.models import FeatureTraining, TrainingRun
from transactions.models import FeatureMatrix

# A picture with more steps is no picture any more; the table beside it has them all.
MOST_STEPS = 8
# Whoever fails this often in a row is told so, instead of learning from what is long out of date.
MOST_FAILED = 10


@dataclass(frozen=True)
class Plan:
    """What a retraining that starts now would do."""

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


def training_runs_for(member: Member) -> QuerySet[TrainingRun]:
    """Return every retraining of the member's company, latest first."""
    return member.company.training_runs.with_related()


def list_training_runs(member: Member) -> QuerySet[TrainingRun]:
    """Return `training_runs_for` for a list: without the comparisons, of which each fills a page."""
    return training_runs_for(member).defer("comparison")


def serving_version(company: Company, member: Member | None) -> ModelVersion | None:
    """Return what serves `company` at the moment: what its people are suggested."""
    return champion_for(member) if member else best_default()


def the_first_version(model_type: ModelType) -> ModelVersion | None:
    """Return the default of a type, which every retraining of it is measured against."""
    return ModelVersion.objects.defaults().filter(model_type=model_type).first()


def plan_for(member: Member) -> Plan:
    """Return what a retraining by `member` would start from, train and be compared with."""
    company = member.company
    latest = company.datasets.filter(is_combined=True).order_by("-pk").first()
    model_type = ModelType.objects.filter(slug=settings.RETRAIN_MODEL_TYPE).first()
    return Plan(
        base=latest or Dataset.objects.filter(original_slot__in=(company.pk, "default")).first(),
        model_type=model_type,
        serving=serving_version(company, member),
        most_accurate=best_default(),
    )


# --- Data sets -------------------------------------------------------------------------------------------


def datasets_for(member: Member) -> QuerySet[Dataset]:
    """Return the data sets of the member's company, latest first."""
    # Purchase logs and their features have pages of their own.
    snapshots = member.company.datasets.filter(dataset_type=Dataset.Type.SNAPSHOT)
    return snapshots.select_related("parent_dataset").order_by("-pk")


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


def lineage_steps(dataset: Dataset) -> list[LineageStep]:
    """Return the chain that leads to `dataset`, oldest first; for an upload, to what it became part of."""
    used = TrainingRun.objects.filter(upload_dataset=dataset).select_related("combined_dataset").first()
    if used and used.combined_dataset:
        dataset = used.combined_dataset
    company = dataset.company
    chain = []
    while dataset is not None and dataset.company_id == company.pk and len(chain) < MOST_STEPS:
        run = (
            TrainingRun.objects.filter(combined_dataset=dataset)
            .select_related("upload_dataset", "parent_dataset__parent_dataset", "version")
            .first()
        )
        chain.append(
            LineageStep(
                dataset=dataset,
                upload=run.upload_dataset if run else None,
                run=run,
                versions=tuple(trained_on(dataset, company)),
            )
        )
        dataset = dataset.parent_dataset
    return chain[::-1]


# --- Features of purchase logs ---------------------------------------------------------------------------


def latest_features(company: Company) -> FeatureMatrix | None:
    """Return what a training of `company` learns from: the latest features that stand or are on their way."""
    matrices = FeatureMatrix.objects.filter(analysis__company=company).select_related("analysis", "job")
    for matrix in matrices.order_by("-created_at", "-id")[:MOST_FAILED]:
        if not matrix.has_failed:
            return matrix
    return None


def latest_feature_training(company: Company) -> FeatureTraining | None:
    return company.feature_trainings.with_related().first()
