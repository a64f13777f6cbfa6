"""Learning from features of a purchase log: written down at once, done by a job, registered as a version."""

from datetime import datetime
from pathlib import Path

from companies.identity import Member
from companies.services.locking import lock_company
from core.errors import Conflict, DomainError
from core.files.store import local_copy
from core.files.stored import DATASETS
from intake.services.submissions import Submission, begin_run, run_of_earlier_send
from jobs.runner import JobRun
from ml.logs.known_until import learned_outcomes_until
from registry.engines.exported import read_exported
from registry.models import ModelType
from registry.selectors import champion_that_serves
from registry.services.model_types import add_missing_model_types, read_model_type
from registry.services.opening import DamagedArtefact, load_manifest, verified_files
from registry.services.populations import refuse_archived
from registry.services.versions import register_version
from training.models import TrainingRun
from training.services.children import learn_in_child
from training.services.deploying import deploy_after_training
from training.services.runs import refuse_others, room_for
from training.services.steps import steps_of_log
from transactions.models import FeatureMatrix

TASK = "training.learn_features"
ENGINE = "training.engines.purchases:learn"


class NoFeatures(Conflict):
    code = "no-features"


class FeaturesFailed(DomainError):
    code = "features-failed"
    http_status = 422


def start_feature_training(
    *,
    member: Member,
    matrix: FeatureMatrix | None,
    model_type: str | None = None,
    idempotency_key: str | None = None,
    at: datetime,
) -> TrainingRun:
    """Queue a training on features of a purchase log.

    Parameters
    ----------
    member
        Who asks: the developer.
    matrix
        Features to learn from. Where they are still being computed, the training waits for them; None where
        there are none yet.
    model_type
        Slug of any type; by default `USUAL_LOG_TYPE` of `registry.services.model_types`.
    idempotency_key
        Sent twice by the same member, the first training comes back.

    Raises
    ------
    registry.services.model_types.UnknownModelType
        Logs are not learned with that type.
    NoFeatures
        There are none yet.
    registry.services.populations.BaseIsArchived
        Its customers were put away.
    """
    refuse_others(member)
    submission = submission_of(member, idempotency_key)
    if earlier := run_of_earlier_send(submission, runs=TrainingRun.objects):
        return earlier
    model_type = read_model_type(model_type)
    if matrix is None:
        raise NoFeatures(
            "There are no features to learn from yet. Upload a purchase log and process its features first."
        )
    refuse_archived(matrix.analysis.population)
    add_missing_model_types()
    training, _ = begin_run(
        submission,
        runs=TrainingRun.objects,
        title=f"Training on {matrix}",
        fields={
            "kind": TrainingRun.Kind.PURCHASES,
            "developer": member.row,
            "population": matrix.analysis.population,
            "model_type": ModelType.objects.get(slug=model_type),
            "matrix": matrix,
        },
        after=[matrix.job] if matrix.job and not matrix.is_ready else [],
        at=at,
    )
    return training


def submission_of(member: Member, sent_key: str | None) -> Submission:
    """Return the wish to learn from a log, which is one however often it is sent under one key."""
    return Submission(member=member, task=TASK, kind="training_run", sent_key=sent_key)


# --- In the worker ---------------------------------------------------------------------------------------


def train_on_features(*, run: JobRun, training: TrainingRun, at: datetime) -> None:
    """Learn, and let version, figures and report appear at once.

    Raises
    ------
    FeaturesFailed
        The features are not there, or were deleted.
    RetrainingFailed
        The log teaches nothing.
    """
    matrix = _features_of(training)
    labels = _labels_of(matrix.analysis)
    with local_copy(DATASETS, matrix.analysis.events_path) as events, room_for(training) as folder:
        arguments = _arguments(training, matrix, labels, at) | {"folder": folder, "events": str(events)}
        run.plan(_steps_of(training, arguments))
        found = learn_in_child(ENGINE, arguments, run=run)
        exported = read_exported(Path(folder))
    run.progress("Register", 0, 0)
    with run.finish():
        # The company before the type, as a retraining takes them.
        lock_company(training.company_id)
        training.version = register_version(
            company=training.company,
            population=training.population,
            model_type=training.model_type,
            exported=exported,
            dataset=matrix.dataset,
            at=at,
        )
        training.label_source = labels
        training.training_samples = found["training_samples"]
        training.churn_rate = found["churn_rate"]
        training.report = found["report"]
        training.report["deployment"] = deploy_after_training(training=training, at=at)
        training.save(update_fields=("version", "label_source", "training_samples", "churn_rate", "report"))


def _steps_of(training, arguments):
    return steps_of_log(
        training.model_type,
        labels_are_given=arguments["labels"] == TrainingRun.Labels.GIVEN,
        has_champion=arguments["champion"] is not None,
    )


def _labels_of(analysis):
    is_given = "label" in (analysis.mapping or {})
    return TrainingRun.Labels.GIVEN if is_given else TrainingRun.Labels.DEFINITION


def _arguments(training, matrix, labels, at):
    """Return what the child is told, but for its files."""
    return {
        "feature_set": matrix.feature_set,
        # By the clock of the log, which knows no time zone.
        "as_of": matrix.as_of.replace(tzinfo=None).isoformat() if matrix.as_of else None,
        "labels": labels,
        "definition": {
            "horizon_days": matrix.horizon_days,
            "gap_days": matrix.gap_days,
            "active_window_days": matrix.active_window_days,
            "confirmed": matrix.analysis.configured_at is not None,
        },
        "model_type": training.model_type.slug,
        "params": training.model_type.parameters,
        "closed": matrix.analysis.closed_days or [],
        "minimum": (matrix.analysis.profile or {}).get("minimum"),
        "champion": _champion_of(training, at),
    }


def _champion_of(training, at):
    """Return what serves the base, for a comparison on the customers of this log; None where nothing does."""
    champion = champion_that_serves(training.company, training.population)
    if champion is None:
        return None
    try:
        files = verified_files(champion, at=at)
    except DamagedArtefact:
        return None
    known_until = learned_outcomes_until(load_manifest(champion, at=at).get("evidence", {}))
    return {
        "id": champion.pk,
        "name": str(champion),
        "version": files.to_dict(),
        "known_until": known_until and known_until.isoformat(),
    }


def _features_of(training):
    matrix = FeatureMatrix.objects.select_related("analysis", "dataset").filter(pk=training.matrix_id).first()
    if matrix is None:
        raise FeaturesFailed(
            "The features were deleted before anything was learned from them. Compute some again, then train."
        )
    if not matrix.is_ready:
        raise FeaturesFailed("The features are not computed. Process the log, then train again.")
    return matrix
