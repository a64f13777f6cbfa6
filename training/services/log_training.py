"""Training on a purchase log in one step: features that are not there are computed first."""

from datetime import datetime

from django.db import transaction

from companies.identity import Member
from companies.services.locking import lock_company
from intake.services.submissions import run_of_earlier_send
from training.models import TrainingRun
from training.services.feature_training import start_feature_training, submission_of
from training.services.runs import refuse_others
from transactions.cutoffs import plan_features
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.services.matrices import start_features


@transaction.atomic
def train_on_log(
    *,
    member: Member,
    analysis: AnalysisSession,
    feature_set: str,
    model_type: str,
    idempotency_key: str | None = None,
    at: datetime,
) -> TrainingRun:
    """Queue a training on `analysis`, behind its features where they have to be computed.

    Parameters
    ----------
    feature_set
        A key of the catalogue's `FEATURE_SETS`.
    model_type
        Slug of any type.
    idempotency_key
        Sent twice by the same member, the first training comes back, and no features are computed again.

    Raises
    ------
    OnlyDevelopers
        A user asks.
    registry.services.model_types.UnknownModelType, transactions.services.matrices.NoSuchFeatures
        There is no such type, or no such set.
    transactions.cutoffs.LogNotRead
        Its columns have no meaning yet.
    """
    refuse_others(member)
    # The second of two sends at once waits here, and then finds the first.
    lock_company(member.company.pk)
    submission = submission_of(member, idempotency_key)
    if earlier := run_of_earlier_send(submission, runs=TrainingRun.objects):
        return earlier
    matrix = _features_as_planned(analysis, feature_set) or start_features(
        analysis=analysis, feature_set=feature_set, by=member.account, at=at
    )
    return start_feature_training(
        member=member, model_type=model_type, matrix=matrix, idempotency_key=idempotency_key, at=at
    )


def _features_as_planned(analysis, feature_set) -> FeatureMatrix | None:
    """Return features that stand, or are on their way, at the cutoff and by the definition of today."""
    plan = plan_features(analysis=analysis).fields()
    found = analysis.matrices.filter(feature_set=feature_set, **plan).select_related("job", "analysis")
    return next((matrix for matrix in found if not matrix.has_failed), None)
