"""What was retrained, and what a new version is compared with."""

from django.db.models import QuerySet

from companies.access import Member
from companies.models import Company
from registry.models import Dataset, ModelType, ModelVersion
from registry.selectors import best_default, champion_for
from training.models import TrainingRun


def training_runs_for(member: Member) -> QuerySet[TrainingRun]:
    """Return every retraining of the member's company, latest first."""
    return member.company.training_runs.with_related()


def serving_version(company: Company, member: Member | None) -> ModelVersion | None:
    """Return what serves `company` at the moment: what its people are suggested."""
    return champion_for(member) if member else best_default()


def the_first_version(model_type: ModelType) -> ModelVersion | None:
    """Return the default of a type, which every retraining of it is measured against."""
    return ModelVersion.objects.defaults().filter(model_type=model_type).first()


def datasets_for(member: Member) -> QuerySet[Dataset]:
    """Return the data sets of the member's company, latest first."""
    return member.company.datasets.select_related("parent_dataset").order_by("-pk")
