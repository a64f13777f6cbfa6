"""Retraining: the file is checked and the run written down at once; the work is done by a job."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from companies.identity import Member
from companies.services.conditions import checked_reason
from companies.services.locking import lock_company
from core.errors import Conflict
from intake.services.checking import REFUSE, take_in_table, what_was_read
from intake.services.submissions import Submission, run_of_earlier_send, start_run
from intake.services.waiting import UploadIsGone, WaitingUpload, find_kept, keep, name_of_kept
from jobs.models import Job
from jobs.selectors import job_of_key
from registry.engines.tables import customers_table
from registry.models import ModelType, Population
from registry.services.model_types import UnknownModelType
from tabular.snapshots.check import CheckReport
from training.models import TrainingRun
from training.services.lineage import (
    latest_dataset,
    new_upload_path,
)
from training.services.runs import refuse_others
from training.services.searching import begin_search

TASK = "training.retrain"
SAY_WHY = "Say why you retrain: it stands beside the version."
NOBODY_IS_FOUND_AGAIN = (
    "No column names these customers, so nobody is found again: every row counts as a new customer. Who "
    "stands in an earlier file as well is in the data twice, perhaps once to learn from and once to be "
    "tested on, and the figures may look better than they are."
)
# In place of a type: several are tried, and the best of them learns.
SEARCH = "automl"
# What a base of a company is learned by where nobody chooses: the most accurate type on most tables.
USUAL_OWN_TYPE = "lightgbm"


class NoTypeToRetrain(Conflict):
    code = "no-type-to-retrain"


class NotToBeRetrained(Conflict):
    code = "not-to-be-retrained"


@dataclass(frozen=True)
class CheckedUpload:
    """A file that could be learned from: what was found in it, and the token that starts with it."""

    report: CheckReport
    name: str
    token: str


def check_upload(
    *,
    member: Member,
    upload: File | WaitingUpload | str,
    population: Population,
    bad_rows: str = REFUSE,
    encoding: str = "",
    sheet: str = "",
    at: datetime,
) -> CheckedUpload:
    """Check a file as one to learn from, and keep it for an hour until its owner decides.

    Its columns must be those of `population`.

    Raises
    ------
    FileRefused
        With kind, line and column of the first mistake.
    """
    refuse_others(member)
    _refuse_base(population, member.company)
    waiting, report = _checked(member, upload, population, bad_rows, encoding, sheet, at)
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
    population: Population,
    model_type: str | None = None,
    bad_rows: str = REFUSE,
    encoding: str = "",
    sheet: str = "",
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
    population
        Of which customers.
    model_type
        Slug of the type, or `SEARCH`; by default the pinned one of the telecom base, which has no other, and
        of a base of the company the one that was trained last.
    bad_rows
        ``"refuse"`` the file for a single row that cannot be read, or ``"leave_out"`` such rows.
    encoding, sheet
        As for `intake.services.checking.take_in_table`.
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
    NotToBeRetrained
        The base was archived, or is one of purchases.
    UnknownModelType
        There is no such type, or the telecom base is not retrained with it.
    """
    refuse_others(member)
    submission = submission_of(member, idempotency_key)
    if earlier := run_of_earlier_send(submission, runs=TrainingRun.objects, upload=upload):
        return earlier
    reason = checked_reason(reason, missing=SAY_WHY)
    _refuse_base(population, member.company)
    chosen_type = type_to_retrain(population, model_type)
    latest_dataset(company=member.company, population=population, at=at)

    waiting, report = _checked(member, upload, population, bad_rows, encoding, sheet, at)
    with transaction.atomic():
        # Two that are sent at once stand in a row: the second waits for the first.
        lock_company(member.company.pk)
        return queue_training(
            submission,
            population=population,
            model_type=chosen_type,
            reason=reason,
            waiting=waiting,
            report=report,
            title=f"Retraining with {waiting.name or 'a file without a name'}",
            searches=model_type == SEARCH,
            at=at,
        )


def queue_training(
    submission: Submission,
    *,
    population: Population,
    model_type: ModelType,
    reason: str,
    waiting: WaitingUpload,
    report: CheckReport,
    title: str,
    searches: bool = False,
    at: datetime,
) -> TrainingRun:
    """Begin the run that learns from a checked upload. Called under the lock of the company.

    Parameters
    ----------
    searches
        Whether the best type is looked for first; `model_type` stands in the row until it is found.
    """
    member = submission.member
    relative = new_upload_path(member.company, report.spec.format)
    run = start_run(
        submission,
        runs=TrainingRun.objects,
        waiting=waiting,
        stored=relative,
        title=title,
        fields={
            "kind": TrainingRun.Kind.CUSTOMERS,
            "developer": member.row,
            "population": population,
            "model_type": model_type,
            "reason": reason,
            "original_filename": waiting.name,
            "upload_path": relative,
            "input_data": what_was_read(report) | {"kept_as": waiting.path.name},
        },
        # Each begins with the data that the one before leaves behind; at once, it would begin again.
        after=Job.objects.filter(
            training_run__company=member.company,
            training_run__population=population,
            state__in=Job.UNFINISHED,
        ),
        at=at,
    )
    if searches and run.found_search is None:
        begin_search(run, at=at)
    return run


def submission_of(member: Member, idempotency_key: str | None) -> Submission:
    return Submission(member=member, task=TASK, kind="training_run", sent_key=idempotency_key)


def training_of_key(member: Member, idempotency_key: str | None) -> TrainingRun | None:
    """Return the run that `member` began with a request of that key."""
    submission = submission_of(member, idempotency_key)
    job = job_of_key(submission.key, company=member.company, task=TASK)
    return job.training_run if job else None


def training_of_upload(member: Member, token: str) -> TrainingRun | None:
    """Return the run that `member` began with the upload that was kept under `token`."""
    name = name_of_kept(token, member=member)
    runs = TrainingRun.objects.filter(company=member.company, developer=member.row)
    return runs.filter(input_data__kept_as=name).first() if name else None


def type_to_retrain(population: Population, slug: str | None = None) -> ModelType:
    """Return the type that the next version of a base is of.

    That the pinned type of the telecom base is also the most accurate default is shown, not assumed.
    """
    if population.company_id is not None:
        return find_type(_trained_last(population) if slug in (None, "", SEARCH) else slug)
    if slug not in (None, settings.RETRAIN_MODEL_TYPE):
        raise UnknownModelType(
            f"{population} is retrained as {settings.RETRAIN_MODEL_TYPE} alone, not as {slug}. Choose that "
            "type, or leave it out.",
            field="model_type",
        )
    try:
        return ModelType.objects.get(slug=settings.RETRAIN_MODEL_TYPE)
    except ModelType.DoesNotExist as error:
        raise NoTypeToRetrain(
            f"There is no model type {settings.RETRAIN_MODEL_TYPE} to retrain. Ask the operator of this "
            "installation to run: manage.py seed_defaults"
        ) from error


def find_type(slug: str) -> ModelType:
    """Return the type of that slug. Raises `UnknownModelType`."""
    found = ModelType.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(ModelType.objects.values_list("slug", flat=True))
        raise UnknownModelType(f"There is no model type {slug}. Choose one of: {known}.", field="model_type")
    return found


def _trained_last(population):
    latest = population.training_runs.order_by("-pk").values_list("model_type__slug", flat=True).first()
    return latest or USUAL_OWN_TYPE


def _refuse_base(population, company):
    if population.company_id not in (None, company.pk):
        raise NotToBeRetrained(f"{company} has no such customer base. Choose one of its own.")
    if population.is_archived:
        raise NotToBeRetrained(f"{population} was archived. Choose another customer base.")
    if population.is_log:
        raise NotToBeRetrained(
            f"{population} learns from purchases, whose features are computed first. Add the file under "
            "Purchase logs."
        )


def _checked(member, upload, population, bad_rows, encoding, sheet, at):
    schema = customers_table(population.features, population.reading, purpose="train")
    waiting, report = take_in_table(
        upload,
        member=member,
        schema=schema,
        purpose="train",
        bad_rows=bad_rows,
        encoding=encoding,
        sheet=sheet,
        at=at,
    )
    if population.has_ids or not population.datasets.exists():
        return waiting, report
    return waiting, replace(report, warnings=(*report.warnings, NOBODY_IS_FOUND_AGAIN))
