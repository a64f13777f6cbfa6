"""From a log whose columns name themselves to features, without a person in between."""

from datetime import datetime

from django.db import transaction

from companies.models import Account
from companies.services.locking import lock_company
from core.errors import Conflict, DomainError
from jobs.runner import JobRun
from transactions.cutoffs import plan_features
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.services.importing import start_import
from transactions.services.matrices import (
    FeaturesRefused,
    compute_matrix,
    queue_matrix,
    refuse_unknown_set,
    start_features,
)

TASK = "transactions.features_when_read"
# The names by which programs send what these roles mean.
SELF_NAMED = {
    "customer_id": "customer_id",
    "event_date": "event_at",
    "event_time": "time",
    "amount": "amount",
    "event_type": "event_type",
    "churn_label": "label",
    "order_id": "order_id",
    "product": "product",
    "category": "category",
    "quantity": "quantity",
    "discount": "discount",
}
REQUIRED = ("customer_id", "event_date")
LABEL = "churn_label"


class ColumnsNotNamed(DomainError):
    code = "columns-not-named"
    http_status = 422


class AlreadyProcessing(Conflict):
    code = "already-processing"


@transaction.atomic
def process_features(
    *, analysis: AnalysisSession, feature_set: str = "rfm_v2", by: Account | None = None, at: datetime
) -> FeatureMatrix:
    """Queue all that leads from a log to features; its columns must name themselves unless it was read.

    Parameters
    ----------
    analysis
        Just uploaded, or read before.
    feature_set
        A key of the catalogue's `FEATURE_SETS`.
    by
        Who asks; default: who uploaded the log.

    Raises
    ------
    transactions.services.matrices.NoSuchFeatures
        `feature_set` is another word.
    ColumnsNotNamed
        A person has to say what the columns mean.
    AlreadyProcessing
        The log is being read or computed.
    transactions.services.importing.MappingRefused
        A column does not hold what its name says.
    """
    refuse_unknown_set(feature_set)
    lock_company(analysis.company_id)
    analysis = AnalysisSession.objects.select_related("company", "dataset", "account", "job").get(
        pk=analysis.pk
    )
    if any(matrix.is_being_computed for matrix in analysis.matrices.select_related("job")):
        raise AlreadyProcessing(f"The features of “{analysis}” are being computed already. Wait for them.")
    if analysis.is_ready:
        return start_features(analysis=analysis, feature_set=feature_set, by=by, at=at)
    # Features of an earlier try that never came to be would keep the log from being read.
    analysis.matrices.filter(dataset=None).delete()
    if not analysis.is_being_read:
        analysis = start_import(analysis=analysis, mapping=name_columns(analysis), by=by, at=at)
    return queue_matrix(
        task=TASK,
        analysis=analysis,
        by=by or analysis.account,
        at=at,
        after=[analysis.job],
        feature_set=feature_set,
    )


def name_columns(analysis: AnalysisSession) -> dict[str, str]:
    """Return role to column for a log whose columns have the names that programs send.

    Raises
    ------
    ColumnsNotNamed
        With the names that are missing.
    """
    header = [column["name"] for column in analysis.preview["columns"]]
    by_name = {name.strip().casefold(): name for name in header}
    missing = [name for name in REQUIRED if name not in by_name]
    if "amount" not in by_name and {"amount", "unit_price"} & analysis.preview["guesses"].keys():
        # Visits have none. Where a column seems to hold amounts, leaving it out has to be somebody's wish.
        missing.append("amount")
    if missing:
        raise ColumnsNotNamed(
            f"The file has no column {', '.join(missing)}; it has {', '.join(header)}. Rename the "
            "columns, or say in the portal what they mean.",
            extra={"missing": missing, "columns": header},
        )
    says_label = analysis.dataset.has_churn_label
    if says_label and LABEL not in by_name:
        raise ColumnsNotNamed(
            f"has_churn_label was sent as true, but the file has no column {LABEL}. Rename the column that "
            "says who left, or send false.",
            extra={"missing": [LABEL], "columns": header},
        )
    return {
        role: by_name[name]
        for name, role in SELF_NAMED.items()
        # Who says that there is no label does not want one to be learned from.
        if name in by_name and not (name == LABEL and says_label is False)
    }


# --- In the worker ---------------------------------------------------------------------------------------


def compute_when_read(*, run: JobRun, matrix: FeatureMatrix, at: datetime) -> None:
    """Compute the features of a log that was read, where most can be learned from them.

    Raises
    ------
    FeaturesRefused
        The log is not read.
    """
    matrix.analysis = AnalysisSession.objects.select_related("company", "dataset").get(pk=matrix.analysis_id)
    if not matrix.analysis.is_ready:
        raise FeaturesRefused("The log is not read. Process it again.", code="log-not-read")
    plan = plan_features(analysis=matrix.analysis).fields()
    for name, value in plan.items():
        setattr(matrix, name, value)
    matrix.save(update_fields=tuple(plan))
    compute_matrix(run=run, matrix=matrix, at=at)
