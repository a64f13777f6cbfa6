"""Scoring the customers of a purchase log at its end: started by a person, done by a job."""

from contextlib import ExitStack
from datetime import datetime
from functools import partial
from tempfile import TemporaryDirectory

from django.conf import settings

from companies.identity import Member
from core.errors import Conflict, DomainError
from core.files.media import media_exists, readable_path
from core.files.store import local_copy
from core.files.stored import DATASETS
from intake.services.submissions import Submission, begin_run, run_of_earlier_send
from jobs.runner import JobRun
from ml.logs.known_until import learned_outcomes_until
from ml.logs.visits import say_visits
from predictions import files
from predictions.engines.kinds import CONTINUES, LOADING, NEITHER
from predictions.models import Prediction
from predictions.presenting.logs import why_not_scored
from predictions.selectors import earlier_run, run_before, runs_that_led_to, version_for_log
from predictions.services.challenge import prepare_challenge, record_challenge
from predictions.services.runs import LONGEST_NAME, VersionNotOffered, read_name
from predictions.services.scoring import refuse_changed_files, score_beside
from predictions.services.steps import steps_of_log
from registry.models import ModelVersion
from registry.presenting.signal import warning_about
from registry.selectors import deployment_of, versions_for
from registry.services.opening import load_manifest, verified_files
from registry.services.populations import refuse_archived
from sandbox.child import run_in_child
from transactions.cutoffs import end_of_log
from transactions.files import scratch_folder
from transactions.models import AnalysisSession
from transactions.services.closures import keep_days_between

TASK = "predictions.score_log"
ENGINE = "predictions.engines.purchases:score_log"
# With others, such as blanks, spreadsheets do not tell the cells apart.
DELIMITERS = (",", ";", "\t", "|")


class NoModelOfPurchases(Conflict):
    code = "no-model-of-purchases"


class LogIsGone(Conflict):
    code = "log-is-gone"


class LogCannotBeScored(DomainError):
    """What the log lacks; no challenger has anything to do with it."""

    code = "cannot-score-log"
    http_status = 422


def start_log_prediction(
    *,
    member: Member,
    analysis: AnalysisSession,
    name: str = "",
    version: ModelVersion | None = None,
    follows: Prediction | None = None,
    idempotency_key: str | None = None,
    at: datetime,
) -> Prediction:
    """Queue the active customers of a log to be scored as of its end.

    Parameters
    ----------
    member
        Who asks: the run belongs to this developer or user.
    analysis
        A log of the company; where it is still being read, the scoring waits for that.
    name
        What people find it by in the history; default: the name of the log.
    version
        One of those that the registry offers this member for the base; default: its champion.
    follows
        The result that this one goes on from: then a log that has nothing newer is refused. Default: the
        latest of the base that was made of another log and looks less far.
    idempotency_key
        Sent twice by the same member, the first run comes back.
    at
        Aware UTC instant of the request.

    Raises
    ------
    NoModelOfPurchases
        Nothing serves the base yet.
    VersionNotOffered
        `version` does not exist, or not for this member, or learned from other customers.
    LogCannotBeScored
        It learned from columns that the log does not have.
    registry.services.populations.BaseIsArchived
        Its customers were put away.
    LogIsGone
        The log was never read: nobody said what its columns mean, or they could not be read.
    """
    submission = submission_of(member, idempotency_key)
    if earlier := run_of_earlier_send(submission, runs=Prediction.objects):
        return earlier
    refuse_archived(analysis.population)
    name = read_name(name if name.strip() else str(analysis)[:LONGEST_NAME])
    if not analysis.is_ready and not analysis.is_being_read:
        raise LogIsGone(f"“{analysis}” was not read. Say what its columns mean, then score its customers.")
    version = version or version_for_log(analysis)
    if version is None:
        raise NoModelOfPurchases(
            f"No model serves {analysis.population} yet. Train one on this log, then score its customers."
        )
    if not versions_for(member, analysis.population).filter(pk=version.pk).exists():
        raise VersionNotOffered(
            "There is no such model. Choose one that is offered for these purchases.", field="model"
        )
    refuse_what_it_lacks(analysis, version)
    run, _ = begin_run(
        submission,
        runs=Prediction.objects,
        title=f"Scoring the customers of {analysis}",
        fields={"prediction_name": name, "model": version, **_fields(member, analysis, version, follows)},
        after=[analysis.job] if analysis.is_being_read else [],
        at=at,
    )
    return run


def refuse_what_it_lacks(analysis: AnalysisSession, version: ModelVersion) -> None:
    """Refuse a log without the columns that `version` learned from."""
    if lacks := why_not_scored(analysis, version):
        raise LogCannotBeScored(
            f"{lacks} Say which columns of the log they are, or train a model on this log and deploy it."
        )


def submission_of(member: Member, sent_key: str | None) -> Submission:
    """Return the wish to have a log scored, which is one however often it is sent under one key."""
    return Submission(member=member, task=TASK, kind="prediction", sent_key=sent_key)


def _fields(member, analysis, version, follows):
    return {
        member.role: member.row,
        "population": analysis.population,
        "deployment": deployment_of(version, member.company),
        "original_filename": analysis.dataset.original_filename,
        "input_data": {
            "source": "log",
            # Known when it is done: who of the log is scored.
            "accepted": None,
            "analysis": str(analysis.pk),
            "log": str(analysis),
            "of_visits": analysis.is_of_visits,
            "follows": str(follows.uuid) if follows else None,
            "warnings": [],
        },
    }


# --- In the worker ---------------------------------------------------------------------------------------


def score_log_prediction(*, run: JobRun, prediction: Prediction, at: datetime) -> None:
    """Score the customers of the log of `prediction` and publish the result, unless another attempt did.

    Parameters
    ----------
    run
        The attempt: shows progress, tells when to stop, and refuses to finish once another attempt took over.

    Raises
    ------
    LogIsGone
        The log was deleted, or not read.
    LogCannotBeScored
        The model cannot read it, it has nothing newer, or nobody in it is active.
    jobs.runner.TookTooMuch
        It took more memory or time than a job may take.
    registry.services.opening.DamagedArtefact
        The version may not be used.
    """
    analysis = _log_of(prediction)
    earlier, logs_before, warnings = _what_it_follows(prediction, analysis)
    relative = files.new_result(prediction.portal, prediction.company_id)
    challenge = prepare_challenge(prediction=prediction, at=at)
    published = False
    run.plan(steps_of_log(is_compared=bool(logs_before)))
    run.progress(LOADING)
    try:
        with files.result_drafts() as drafts:
            score = partial(_score_in_child, run, prediction, analysis, drafts, (earlier, logs_before), at)
            found = score_beside(challenge, score, drafts, run=run, at=at)
            files.publish_result(drafts, relative)
        read = _what_was_read(prediction, analysis, found, (earlier, logs_before), warnings, at)
        with run.finish():
            Prediction.objects.filter(pk=prediction.pk).update(
                result=found, result_dataset_path=relative, input_data=read
            )
            keep_days_between(analysis=analysis, found=found["days_between"])
            if challenge:
                record_challenge(challenge, prediction=prediction, at=at)
        published = True
    finally:
        if not published:
            files.remove_result(relative)


def _log_of(prediction):
    logs = AnalysisSession.objects.select_related("dataset", "company", "population")
    analysis = logs.filter(company=prediction.company_id, pk=prediction.input_data["analysis"]).first()
    if analysis is None or not analysis.is_ready:
        raise LogIsGone(f"“{prediction.input_data['log']}” was deleted, or not read. Upload it again.")
    return analysis


def _what_it_follows(prediction, analysis):
    """Return the result before, the logs that it was made of, and a warning where they are not there."""
    earlier = earlier_run(prediction) or run_before(analysis)
    if earlier is None:
        return None, [], []
    ids = earlier.input_data["logs"]
    found = {str(log.pk): log for log in analysis.company.analyses.filter(pk__in=ids).exclude(events_path="")}
    if len(found) < len(ids) or not media_exists(files.table_beside(earlier.result_dataset_path)):
        return None, [], [f"The log of “{earlier}” was deleted, so nothing is compared with that result."]
    return earlier, [found[name] for name in ids], []


def _words_of(prediction):
    """Return what people call the features of the log, whatever its model learned from."""
    base = prediction.population
    called = {name: base.label_of(name) for name in base.words}
    if prediction.is_of_visits:
        called = {name: say_visits(label) for name, label in called.items()}
    return {name: told | {"label": called[name]} for name, told in base.words.items()}


def written_as(analysis: AnalysisSession) -> dict:
    """Return how a log writes its cells: what is made of it is read by the same program."""
    spec = analysis.parse_spec
    delimiter = spec["table"]["delimiter"]
    signs = {how["decimal"] for how in spec["numbers"].values()}
    return {
        "delimiter": delimiter if delimiter in DELIMITERS else ",",
        "decimal": "," if "," in signs else ".",
    }


def _score_in_child(run, prediction, analysis, drafts, before, at, shadow):
    earlier, logs_before = before
    memory = settings.FEATURE_MEMORY_MB
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        arguments = {
            "events": str(stack.enter_context(local_copy(DATASETS, analysis.events_path))),
            "earlier": [
                str(stack.enter_context(local_copy(DATASETS, log.events_path))) for log in logs_before
            ],
            "as_of": end_of_log(analysis).isoformat(),
            "closed": analysis.closed_days or [],
            "version": verified_files(prediction.model, at=at).to_dict(),
            "policy": prediction.population.policies["risk_tiers"],
            "folder": stack.enter_context(TemporaryDirectory(dir=scratch)),
            "csv_path": str(drafts.csv),
            "table_path": str(drafts.table),
            "lapsed_path": str(drafts.lapsed),
            "changes_path": str(drafts.changes),
            "previous": earlier and _list_of(earlier),
            "lists_before": [_list_of(run) for run in _lists_before(earlier)],
            "of_visits": prediction.is_of_visits,
            "wording": _words_of(prediction),
            "written": written_as(analysis),
            "shadow": shadow,
            # The rest is for the libraries themselves.
            "memory_limit": f"{memory // 2}MB",
        }
        found = run.in_child(
            run_in_child,
            ENGINE,
            arguments,
            memory_mb=memory,
            what="Scoring this log",
            advice="Ask the operator to allow more, or export fewer customers.",
        )
    refuse_changed_files(found, prediction=prediction, at=at)
    if "refusal" in found:
        raise LogCannotBeScored(found["refusal"])
    return found


def _lists_before(earlier):
    """Return the results that the one before goes on from and whose customers are still known."""
    led_to = runs_that_led_to(earlier) if earlier else []
    return [run for run in led_to if media_exists(files.table_beside(run.result_dataset_path))]


def _list_of(earlier):
    return {
        "table": str(readable_path(files.table_beside(earlier.result_dataset_path))),
        "as_of": earlier.result["as_of"],
        "threshold": earlier.result["threshold"],
        "definition": earlier.input_data["definition"],
        "knew_until": earlier.input_data.get("knew_until"),
        "promised": earlier.result.get("expected_named"),
        "model": earlier.model_id,
        "by": str(earlier.model),
    }


def _what_was_read(prediction, analysis, found, before, warnings, at):
    """Return what the page says of the log, now that it was read to its end."""
    earlier, logs_before = before
    relation = found["overlap"] and found["overlap"]["relation"]
    own = [str(analysis.pk)]
    evidence = load_manifest(prediction.model, at=at).get("evidence", {})
    knew_until = learned_outcomes_until(evidence)
    is_ahead = knew_until is not None and knew_until > datetime.fromisoformat(found["as_of"])
    return prediction.input_data | {
        "accepted": found["rows"],
        "events": analysis.import_report["accepted"],
        "as_of": found["as_of"],
        "written": written_as(analysis),
        "definition": evidence.get("definition"),
        # Where the model knows what happened after the end of this log, up to when it does.
        "knew_until": knew_until.isoformat() if is_ahead else None,
        # What has other customers is no result before: nothing is compared with it.
        "follows": str(earlier.uuid) if earlier and relation != NEITHER else None,
        "logs": [*(str(log.pk) for log in logs_before if relation == CONTINUES), *own],
        "warnings": warnings,
        "model_warning": warning_about(prediction.model),
    }
