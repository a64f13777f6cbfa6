"""Retraining: the file is checked and the run written down at once; the work is done by a job."""

import json
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from companies.access import Member, membership
from core.errors import Conflict, DomainError, Forbidden
from jobs.models import Job
from jobs.runner import JobRun
from jobs.selectors import job_of_key
from jobs.services import enqueue
from ml.schemas import TELCO_V1
from registry.artefacts import DamagedArtefact, media_path, verified_files
from registry.models import ModelType
from registry.schemas import table_schema
from registry.selectors import best_default
from registry.services.datasets import verified_path
from registry.services.states import VersionNotServing
from registry.services.versions import register_version
from registry.uploads import (
    REFUSE,
    UploadIsGone,
    WaitingUpload,
    find_kept,
    keep,
    move_with_companions,
    remove_with_companions,
    take_in_table,
    upload_limit,
    what_was_read,
)
from tabular.check import CheckReport
from tabular.child import ChildStopped, run_in_child
from tabular.errors import TableError
from training.models import TrainingRun
from training.selectors import serving_version, the_first_version
from training.services.lineage import (
    DataMovedOn,
    held_out_of,
    latest_dataset,
    new_upload_path,
    register_lineage,
    remove_combined,
    store_combined,
)

TASK = "training.retrain"
ENGINE = "training.engine:retrain"
LONGEST_REASON = 500
POLL_SECONDS = 1.0


class OnlyDevelopers(Forbidden):
    code = "only-developers"


class ReasonMissing(DomainError):
    code = "reason-missing"


class NoTypeToRetrain(Conflict):
    code = "no-type-to-retrain"


class UploadIsMissing(Conflict):
    code = "upload-is-missing"


class RetrainingFailed(DomainError):
    code = "retraining-failed"
    http_status = 422


@dataclass(frozen=True)
class CheckedUpload:
    """A file that could be learned from: what was found in it, and the token that starts with it."""

    report: CheckReport
    name: str
    token: str


# --- Before the job --------------------------------------------------------------------------------------


def check_upload(
    *, member: Member, upload: File | WaitingUpload | str, bad_rows: str = REFUSE
) -> CheckedUpload:
    """Check a file as one to learn from, and keep it for an hour until its owner decides.

    Raises
    ------
    FileRefused
        With kind, line and column of the first mistake.
    """
    _refuse_others(member)
    waiting, report = _checked(member, upload, bad_rows)
    waiting.write_report(report)
    return CheckedUpload(report=report, name=waiting.name, token=keep(waiting, member=member))


def find_checked(token: str, *, member: Member) -> CheckedUpload:
    """Return what `check_upload` found in the file that it gave `token` for.

    Raises
    ------
    UploadIsGone
        The hour is over, or the token is somebody else's.
    """
    waiting = find_kept(token, member=member)
    report = waiting.read_report()
    if report is None:
        raise UploadIsGone("The file was not checked to its end. Please choose it again.", field="file")
    return CheckedUpload(report=report, name=waiting.name, token=token)


def start_retraining(
    *,
    member: Member,
    upload: File | WaitingUpload | str,
    reason: str,
    bad_rows: str = REFUSE,
    idempotency_key: str | None = None,
    at: datetime,
) -> TrainingRun:
    """Check a file and, where it can be learned from, queue a retraining with it.

    Parameters
    ----------
    member
        Who asks: a developer.
    upload
        What came with a form, or an upload that `check_upload` kept, by itself or by its token.
    reason
        Why the company retrains; stands beside the version.
    bad_rows
        ``"refuse"`` the file for a single row that cannot be read, or ``"leave_out"`` such rows.
    idempotency_key
        Sent twice by the same member, the first run comes back and the second file is dropped unread.
    at
        Aware UTC instant of the request.

    Raises
    ------
    FileRefused
        Nothing was combined, and nothing of the file is left.
    NothingToCombineWith, NoTypeToRetrain
        The installation is not set up.
    """
    _refuse_others(member)
    key = f"{member.account.pk}:{idempotency_key}" if idempotency_key else None
    # Before anything else: a kept upload is gone once its run has begun, and a second check takes minutes.
    if earlier := job_of_key(key, company=member.company, task=TASK):
        if isinstance(upload, WaitingUpload):
            upload.remove()
        return earlier.training_run
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise ReasonMissing(
            f"Say in at most {LONGEST_REASON} signs why you retrain: it stands beside the version.",
            field="reason",
        )
    model_type = type_to_retrain()
    latest_dataset(company=member.company, at=at)

    waiting, report = _checked(member, upload, bad_rows)
    relative = new_upload_path(member.company, report.spec.format)
    stored = media_path(relative)
    try:
        move_with_companions(waiting.path, stored)
        with transaction.atomic():
            training_run, is_new = _create_once(
                member=member,
                key=key,
                at=at,
                model_type=model_type,
                reason=reason,
                original_filename=waiting.name,
                upload_path=relative,
                input_data=what_was_read(report),
            )
    except BaseException:
        waiting.remove()
        remove_with_companions(stored)
        raise
    if not is_new:
        remove_with_companions(stored)
    return training_run


def type_to_retrain() -> ModelType:
    """Return the pinned type. That it is also the most accurate default is shown, not assumed."""
    try:
        return ModelType.objects.get(slug=settings.RETRAIN_MODEL_TYPE)
    except ModelType.DoesNotExist as error:
        raise NoTypeToRetrain(
            f"There is no model type {settings.RETRAIN_MODEL_TYPE} to retrain. The operator of this "
            "installation adds it with: manage.py seed_defaults"
        ) from error


def _refuse_others(member):
    if not member.is_developer:
        raise OnlyDevelopers(f"Only the developer of {member.company} retrains its models.")


def _checked(member, upload, bad_rows):
    schema = table_schema(TELCO_V1, purpose="train")
    return take_in_table(upload, member=member, schema=schema, purpose="train", bad_rows=bad_rows)


def _create_once(*, member, key, at, **fields):
    public_id = uuid.uuid4()
    job = enqueue(
        task=TASK,
        title=f"Retraining with {fields['original_filename'] or 'a file without a name'}"[:255],
        company=member.company,
        account=member.account,
        payload={"training_run": str(public_id)},
        idempotency_key=key,
        at=at,
    )
    # The job of an earlier send comes with its run: both were committed together.
    return TrainingRun.objects.get_or_create(
        job=job,
        defaults={
            **fields,
            "uuid": public_id,
            "company": member.company,
            "developer": member.row,
            "created_at": at,
        },
    )


# --- In the worker ---------------------------------------------------------------------------------------


def retrain(*, run: JobRun, training_run: TrainingRun, at: datetime) -> None:
    """Combine, check, split, train, evaluate, export, register; all that is to be seen of it appears at once.

    Where another retraining of the company was done first, this one begins again from its data: each upload
    stands in the chain once, in the order in which they were done.

    Raises
    ------
    RetrainingFailed
        The data teaches nothing, or took more memory or time than a job may take.
    """
    if training_run.number is not None:
        # Done before; somebody queued the job again.
        return
    with tempfile.TemporaryDirectory(dir=_work_folder(), prefix=f"{training_run.uuid}-") as folder:
        while True:
            _wait_for_earlier(run, training_run)
            work = Path(folder) / uuid.uuid4().hex
            work.mkdir()
            try:
                _attempt(run, training_run, work, at)
            except DataMovedOn:
                shutil.rmtree(work, ignore_errors=True)
            else:
                return


def _attempt(run, training_run, work, at):
    company = training_run.company
    base = latest_dataset(company=company, at=at)
    existing, left_out = _existing(training_run, at)
    found = _in_child(run, training_run, base, existing, work)
    exported = _read_exported(work)
    run.progress("Register", 0, 0)
    combined = store_combined(
        company=company,
        draft=work / "combined.csv",
        held_out=work / "held_out.bits",
        found=found["combined"],
    )
    registered = False
    try:
        with run.finish():
            register_lineage(
                training_run=training_run,
                base=base,
                combined=combined,
                churned_in_upload=found["combination"]["newer_churned"],
                at=at,
            )
            training_run.version = register_version(
                company=company,
                model_type=training_run.model_type,
                exported=exported,
                dataset=training_run.combined_dataset,
                at=at,
            )
            training_run.combination = {
                **found["combination"],
                "held_out_sha256": combined.held_out_sha256,
            }
            training_run.comparison = {
                **found["comparison"],
                "existing": [{"id": version["id"], "name": version["name"]} for version in existing],
                "not_compared": left_out,
                "choice": _choice(training_run),
                "seconds": found["seconds"],
            }
            training_run.save()
        registered = True
    finally:
        if not registered:
            remove_combined(combined)


def _in_child(run, training_run, base, existing, work):
    upload = media_path(training_run.upload_path)
    if not upload.exists():
        raise UploadIsMissing("The uploaded file is no longer there. Please upload it again.")
    try:
        found = run_in_child(
            ENGINE,
            {
                "folder": str(work),
                "older": {
                    "path": str(verified_path(base)),
                    "sha256": base.sha256,
                    "held_out": held_out_of(base),
                },
                "newer": {"path": str(upload), "spec": training_run.input_data["spec"]},
                "schema": TELCO_V1.to_dict(),
                "model_type": training_run.model_type.slug,
                "params": training_run.model_type.parameters,
                "existing": existing,
                "max_bytes": upload_limit(),
            },
            memory_bytes=settings.TRAINING_MEMORY_MB * 1024 * 1024,
            seconds=settings.JOB_MAX_MINUTES * 60,
            on_progress=run.progress,
            should_stop=run.should_stop,
        )
    except ChildStopped:
        run.check()  # raises what the run was stopped by
        raise
    except TableError as error:
        raise RetrainingFailed(_in_our_words(error), code=error.kind) from error
    if "refusal" in found:
        raise RetrainingFailed(found["refusal"], code="cannot-learn")
    return found


def _in_our_words(error):
    if error.kind == "too_much_memory":
        return (
            f"Learning from these customers takes more than {settings.TRAINING_MEMORY_MB:,} MB of memory. "
            "Retrain with fewer customers, or ask the operator to allow more."
        )
    if error.kind == "too_slow":
        return (
            f"Learning took longer than {settings.JOB_MAX_MINUTES} minutes and was stopped. Retrain with "
            "fewer customers, or ask the operator to allow more time."
        )
    return error.message


def _existing(training_run, at):
    """Return what the new version is compared with, for the child, and the names of what it cannot be."""
    member = training_run.job.account and membership(training_run.job.account)
    wanted = {"serving": serving_version(training_run.company, member)}
    first = the_first_version(training_run.model_type)
    if first and first != wanted["serving"]:
        wanted["v1"] = first
    existing, left_out = [], []
    for key, version in wanted.items():
        if version is None:
            continue
        try:
            files = verified_files(version).to_dict()
        except (DamagedArtefact, VersionNotServing):
            left_out.append(str(version))
            continue
        data = version.training_dataset
        existing.append(
            {
                "key": key,
                "id": version.pk,
                "name": str(version),
                "files": files,
                "data": data
                and {
                    "path": str(media_path(data.file_path)),
                    "sha256": data.sha256,
                    "held_out": held_out_of(data),
                },
            }
        )
    return existing, left_out


def _read_exported(work):
    # Imported here: it brings the learning libraries, which only whoever registers needs.
    from ml.export import ExportedModel

    graph = work / "model.onnx"
    return ExportedModel(
        manifest=json.loads((work / "manifest.json").read_bytes()),
        onnx=graph.read_bytes() if graph.exists() else None,
        pipeline_pickle=(work / "pipeline.pkl").read_bytes(),
        metadata=json.loads((work / "metadata.json").read_bytes()),
    )


def _choice(training_run):
    """Return what the rule would have chosen: the default with the highest accuracy."""
    best = best_default()
    return {
        "pinned": training_run.model_type.slug,
        "most_accurate": best and best.model_type.slug,
        "name": best and str(best),
        "accuracy": best and best.metrics.accuracy,
    }


def _wait_for_earlier(run, training_run):
    """Let an earlier retraining of the company finish first: this one would have to begin again after it."""
    while _earlier_at_work(training_run):
        run.progress("Wait for the retraining before", 0, 0)
        time.sleep(POLL_SECONDS)


def _earlier_at_work(training_run):
    # Only those that a worker has in its hands: waiting for one that waits for a worker could last for ever.
    return TrainingRun.objects.filter(
        company=training_run.company_id, pk__lt=training_run.pk, job__state=Job.State.RUNNING
    ).exists()


def _work_folder():
    folder = Path(settings.STATE_DIR) / "training"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
