"""Trainings on the features of purchase logs: what they learn from, and which was the latest."""

from django.db.models import QuerySet

from companies.identity import Member
from companies.models import Company
from registry.models import ModelVersion
from training.models import TrainingRun
from training.presenting.purchases import describe_report
from transactions.models import AnalysisSession, FeatureMatrix

# Whoever fails this often in a row is told so, instead of learning from what is long out of date.
MOST_FAILED = 10


def latest_features(company: Company) -> FeatureMatrix | None:
    """Return what a training of `company` learns from: the latest features that stand or are on their way."""
    matrices = FeatureMatrix.objects.filter(analysis__company=company).select_related("analysis", "job")
    for matrix in matrices.order_by("-created_at", "-id")[:MOST_FAILED]:
        if not matrix.has_failed:
            return matrix
    return None


def latest_feature_training(company: Company, *, model_type: str | None = None) -> TrainingRun | None:
    """Return the latest training of `company`, where `model_type` says so the latest of that type."""
    trainings = company.training_runs.of_purchases().with_related()
    return (trainings.filter(model_type__slug=model_type) if model_type else trainings).first()


def trainings_of(analysis: AnalysisSession) -> QuerySet[TrainingRun]:
    """Return the trainings on the features of a log, latest first."""
    return analysis.company.training_runs.of_purchases().with_related().filter(matrix__analysis=analysis)


def analysis_section(member: Member, analysis: AnalysisSession) -> dict | None:
    """Return what the page of a log says of training, which is a developer's: the latest of this log."""
    return {"training": trainings_of(analysis).first(), "analysis": analysis} if member.is_developer else None


def log_section(member: Member, version: ModelVersion) -> dict | None:
    """Return the training on a purchase log that `version` came of, for its card, or None."""
    training = member.company.training_runs.of_purchases().with_related().filter(version=version).first()
    if training is None or training.report is None:
        return None
    return {
        "training": training,
        "warnings": training.report.get("warnings", []),
        "findings": describe_report(training),
    }
