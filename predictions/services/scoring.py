"""Scoring a run: the worker's part. The engine itself works in a child process that knows no database."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.conf import settings

from core.errors import DomainError
from core.faults import FilesAway, fault_of
from intake.services.stored import open_upload
from jobs.runner import JobRun, TookTooMuch
from predictions import files
from predictions.engines.kinds import LOADING
from predictions.models import Prediction
from predictions.services.challenge import Challenge, prepare_challenge, record_challenge, take_findings
from predictions.services.learned import learned_table
from predictions.services.steps import steps_of_scoring
from registry.services.opening import DamagedArtefact, verified_files
from registry.services.states import mark_damaged
from sandbox.child import ChildFailed, ChildLost, ChildRefused, run_in_child

logger = logging.getLogger(__name__)

ENGINE = "predictions.engines.batch:score_file"
AGAIN = "the scoring, which was done again without it."
ENDED = f"It ended {AGAIN}"
NOT_TO_BLAME = f"It is not to blame: the machine ended {AGAIN}"


class ScoringFailed(DomainError):
    code = "scoring-failed"
    http_status = 422


def score_prediction(*, run: JobRun, prediction: Prediction, at: datetime) -> None:
    """Score the upload of `prediction` and publish the result, unless another attempt did.

    Where the company has a challenger, it scores the same customers in the shadow. Whatever becomes of that
    is noted for the developer, and changes nothing for who predicts.

    Parameters
    ----------
    run
        The attempt: shows progress, tells when to stop, and refuses to finish once another attempt took over.
    at
        Aware UTC instant from which a file that is found damaged is out of service.

    Raises
    ------
    DamagedArtefact, registry.services.states.VersionNotServing
        The version may not be used; nothing of its files was parsed.
    intake.services.stored.UploadIsMissing, ScoringFailed
        The file is gone, or is not the one that was checked.
    jobs.runner.TookTooMuch
        Scoring took more memory or time than a job may take.
    """
    # A name of its own for every attempt: two that overlap for a moment never write the same file.
    relative = files.new_result(prediction.portal, prediction.company_id)
    challenge = prepare_challenge(prediction=prediction, at=at)
    published = False
    run.plan(steps_of_scoring(customers=prediction.input_data["accepted"]))
    run.progress(LOADING)
    try:
        with files.result_drafts() as drafts:
            summary = _score_upload(challenge, run, prediction, drafts, at)
            files.publish_result(drafts, relative)
        with run.finish():
            Prediction.objects.filter(pk=prediction.pk).update(result=summary, result_dataset_path=relative)
            if challenge:
                record_challenge(challenge, prediction=prediction, at=at)
        published = True
    finally:
        if not published:
            files.remove_result(relative)


def _score_upload(challenge, run, prediction, drafts, at):
    with open_upload(prediction.upload_dataset_path) as source:
        score = partial(_score_in_child, run, prediction, source, drafts, at)
        return score_beside(challenge, score, drafts, run=run, at=at)


def score_beside(
    challenge: Challenge | None,
    score: Callable[[dict | None], dict],
    drafts: files.ResultDrafts,
    *,
    run: JobRun,
    at: datetime,
) -> dict:
    """Score, with the challenger in the shadow if there is one, and without it where it is in the way.

    Parameters
    ----------
    score
        Scores in a child; takes what `predictions.engines.shadow.Shadow` takes, or None.
    run
        The attempt. A process that others ended is another one's to try again, beside the challenger too.

    Raises
    ------
    sandbox.child.ChildLost
        Others ended the process, and there is another attempt.
    """
    if challenge and challenge.files:
        try:
            found = score(_shadow_of(challenge, drafts))
        except (ScoringFailed, TookTooMuch, ChildFailed) as error:
            if isinstance(error, ChildLost) and not run.job.is_last_attempt:
                raise
            # It may have been the challenger that took too much, or that ended the process.
            logger.warning("scoring with challenger %s failed: %s", challenge.deployment.pk, error)
            challenge.failure = NOT_TO_BLAME if fault_of(error) else ENDED
            drafts.shadow.unlink(missing_ok=True)
        else:
            take_findings(challenge, found.pop("shadow"), at=at)
            return found
    return score(None)


def _shadow_of(challenge, drafts):
    return {
        "version": challenge.files.to_dict(),
        "path": str(drafts.shadow),
        # Half the time of the job: the result of the user must be ready whatever the challenger does.
        "seconds": settings.JOB_MAX_MINUTES * 30,
    }


def _score_in_child(run, prediction, source, drafts, at, shadow):
    read = prediction.input_data
    learned = learned_table(prediction, at=at)
    try:
        found = run.in_child(
            run_in_child,
            ENGINE,
            {
                "source": str(source),
                "spec": read["spec"],
                "schema": read["schema"],
                "version": verified_files(prediction.model, at=at).to_dict(),
                "policy": prediction.population.policies["risk_tiers"],
                "csv_path": str(drafts.csv),
                "table_path": str(drafts.table),
                "value_column": prediction.population.value_column,
                "wording": prediction.population.words,
                "learned": learned and learned.to_dict(),
                "shadow": shadow,
            },
            memory_mb=settings.UPLOAD_MEMORY_MB,
            what="Scoring these customers",
            advice="Split the file and upload the parts, or ask the operator to allow more.",
        )
    except ChildRefused as refused:
        raise ScoringFailed(refused.refusal["message"], code=refused.refusal["kind"]) from refused
    refuse_changed_files(found, prediction=prediction, at=at)
    return found


def refuse_changed_files(found: dict, *, prediction: Prediction, at: datetime) -> None:
    """Take the version out of service where the engine found its files changed.

    Raises
    ------
    DamagedArtefact
        They are not those that were registered.
    core.faults.FilesAway
        They could not be read.
    """
    if "unreachable" in found:
        raise FilesAway
    if "mismatch" in found:
        mark_damaged(version=prediction.model, reason=found["mismatch"], at=at)
        raise DamagedArtefact(
            f"{prediction.model} cannot be used: its stored files are not those that were registered. "
            "Choose another model."
        )
