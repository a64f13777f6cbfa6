"""Features of a log at one cutoff: a job computes them, and what is found wanting is refused by name."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from companies.models import Account
from companies.services.locking import lock_company
from core.errors import DomainError
from core.files.store import local_copy, remove_file, store_file
from core.files.stored import DATASETS, UTILS
from jobs.models import Job
from jobs.runner import JobRun
from jobs.services import enqueue
from ml.logs.features.catalogue import FEATURE_SETS
from registry.models import Dataset
from sandbox.child import ChildRefused, run_in_child
from transactions.cutoffs import of_log, plan_features
from transactions.engines.features import MATRIX, TABLE
from transactions.files import features_of, scratch_folder
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.services.steps import steps_of_features

TASK = "transactions.features"
ENGINE = "transactions.engines.features:build_matrix"


class NoSuchFeatures(DomainError):
    code = "no-such-features"
    http_status = 422


class FeaturesRefused(DomainError):
    """A feature knows the future, or tells the label by itself; the message names it."""

    code = "features-refused"
    http_status = 422


@transaction.atomic
def start_features(
    *,
    analysis: AnalysisSession,
    feature_set: str,
    as_of: date | datetime | None = None,
    by: Account | None = None,
    at: datetime,
) -> FeatureMatrix:
    """Queue the features of a log to be computed, with labels where outcomes are known.

    Parameters
    ----------
    feature_set
        A key of the catalogue's `FEATURE_SETS`.
    as_of
        The cutoff by the clock of the log; see `transactions.cutoffs.plan_features` for the default.
    by
        Who asks; default: who uploaded the log.

    Raises
    ------
    NoSuchFeatures
        `feature_set` is another word.
    transactions.cutoffs.LogNotRead, transactions.cutoffs.CutoffRefused
        There is nothing to compute from.
    """
    refuse_unknown_set(feature_set)
    # Reading the log anew waits here, and then finds that something was made of it.
    lock_company(analysis.company_id)
    analysis = AnalysisSession.objects.select_related("company", "dataset", "account").get(pk=analysis.pk)
    plan = plan_features(analysis=analysis, as_of=as_of)
    return queue_matrix(
        task=TASK,
        analysis=analysis,
        by=by or analysis.account,
        at=at,
        feature_set=feature_set,
        **plan.fields(),
    )


def refuse_unknown_set(feature_set: str) -> None:
    """Raise `NoSuchFeatures` unless the catalogue has the set."""
    if feature_set not in FEATURE_SETS:
        raise NoSuchFeatures(
            f"There are no features called {feature_set[:60]}. Choose one of: {', '.join(FEATURE_SETS)}.",
            field="feature_set",
        )


def queue_matrix(
    *,
    task: str,
    analysis: AnalysisSession,
    by: Account | None,
    after: Iterable[Job] = (),
    at: datetime,
    **fields,
) -> FeatureMatrix:
    """Write down a matrix that is to be computed, with the job that does it.

    Parameters
    ----------
    task
        Name of the handler.
    after
        Jobs that have to end well before.
    fields
        Of the matrix: which features, and the plan where it is known already.
    """
    matrix_id = uuid.uuid4()
    job = enqueue(
        task=task,
        title=f"Features of {analysis}"[:255],
        company=analysis.company,
        account=by,
        payload={"matrix": str(matrix_id)},
        after=after,
        at=at,
    )
    return FeatureMatrix.objects.create(
        id=matrix_id, analysis=analysis, account=by, created_at=at, job=job, **fields
    )


def compute_matrix(*, run: JobRun, matrix: FeatureMatrix, at: datetime) -> None:
    """Compute a matrix and publish it, unless another attempt did.

    Parameters
    ----------
    run
        The attempt: shows progress, tells when to stop, and refuses to finish once another attempt took over.

    Raises
    ------
    FeaturesRefused
        With the name of the feature that knows the future.
    """
    analysis, company = matrix.analysis, matrix.analysis.company
    # The name of the objects is that of their row, and each attempt has a row of its own.
    dataset_id = uuid.uuid4()
    parquet, table = features_of(company, dataset_id)
    published = False
    run.plan(steps_of_features())
    try:
        with local_copy(DATASETS, analysis.events_path) as events, scratch_folder() as folder:
            report = _compute_in_child(run, matrix, events, folder)
            store_file(UTILS, parquet, folder / MATRIX)
            store_file(UTILS, table, folder / TABLE)
            size = (folder / TABLE).stat().st_size
        labels = report["labels"] or {}
        with run.finish():
            dataset = Dataset.objects.create(
                uuid=dataset_id,
                company=company,
                population_id=analysis.population_id,
                name=f"{analysis}: {matrix.feature_set}"[:255],
                file_path=table,
                bucket_name=UTILS,
                dataset_type=Dataset.Type.FEATURES,
                parent_dataset=analysis.dataset,
                created_at=at,
                original_filename=table.rpartition("/")[2],
                size_bytes=size,
                row_count=report["rows"],
                churn_count=labels.get("churned"),
                has_churn_label=bool(labels),
                holds_invented=analysis.dataset.holds_invented,
            )
            FeatureMatrix.objects.filter(pk=matrix.pk).update(
                state=FeatureMatrix.State.READY,
                dataset=dataset,
                report=report,
                parquet_path=parquet,
                csv_path=table,
            )
        published = True
    finally:
        if not published:
            for name in (parquet, table):
                remove_file(UTILS, name)


def _compute_in_child(run, matrix, events, folder):
    labels = None
    if matrix.label_source:
        labels = {
            "source": matrix.label_source,
            "horizon_days": matrix.horizon_days,
            "gap_days": matrix.gap_days,
            "active_window_days": matrix.active_window_days,
        }
    memory = settings.FEATURE_MEMORY_MB
    try:
        report = run.in_child(
            run_in_child,
            ENGINE,
            {
                "events": str(events),
                "folder": str(folder),
                "as_of": of_log(matrix.as_of).isoformat(),
                "feature_set": matrix.feature_set,
                "labels": labels,
                "engine": settings.FEATURE_ENGINE,
                "spark_master": settings.SPARK_MASTER,
                # The rest is for the libraries themselves.
                "memory_limit": f"{memory * 3 // 4}MB",
            },
            memory_mb=memory,
            what="Computing the features",
            advice="Choose a smaller set of features, or ask the operator to allow more.",
        )
    except ChildRefused as refused:
        raise FeaturesRefused(refused.refusal["message"], code=refused.refusal["kind"]) from refused
    if refused := report.get("refused"):
        raise FeaturesRefused(
            refused["message"], code=refused["code"], extra={"feature": refused.get("feature")}
        )
    return report
