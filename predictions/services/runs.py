"""Starting a prediction: the file is checked, then the run and its job appear together, or nothing does."""

from datetime import date, datetime, timedelta

from django.core.files.base import File
from django.utils import timezone

from companies.identity import Member
from companies.services.conditions import one_line
from core.errors import DomainError, NotFound, Unprocessable
from intake.services.checking import REFUSE, FileRefused, take_in_table, what_was_read
from intake.services.submissions import Submission, run_of_earlier_send, start_run
from intake.services.waiting import WaitingUpload
from ml.matrix.schemas import FeatureSchema
from predictions import files
from predictions.models import Prediction
from registry.engines.tables import customers_table
from registry.models import ModelVersion, Population
from registry.selectors import deployment_of, snapshot_bases, versions_for
from registry.services.opening import load_manifest
from registry.services.populations import refuse_archived
from tabular.snapshots.ages import say_day

TASK = "predictions.score"
LONGEST_NAME = 255


class VersionNotOffered(NotFound):
    code = "no-such-model"


class FileOfOtherBase(Unprocessable):
    """The file has the columns of another base of the company, `base`; it is `kept` to be sent there."""

    code = "file-of-other-base"

    def __init__(self, *, base: Population, wanted: Population, kept: str | None):
        self.base, self.kept = base, kept
        super().__init__(
            f"This file has the columns of {base}, and not those of {wanted}. Predict it there.",
            field="file",
            extra={"base": str(base.uuid), "kept": kept},
        )


class NameMissing(DomainError):
    code = "name-missing"


class DayRefused(Unprocessable):
    code = "day-refused"


def start_prediction(
    *,
    member: Member,
    name: str,
    version: ModelVersion,
    upload: File | WaitingUpload | str,
    bad_rows: str = REFUSE,
    as_of: date | None = None,
    encoding: str = "",
    sheet: str = "",
    idempotency_key: str | None = None,
    at: datetime,
) -> Prediction:
    """Check a file and, where it can be read, queue it to be scored with `version`.

    Parameters
    ----------
    member
        Who asks: the run belongs to this developer or user.
    name
        What people find it by in the history; need not be unique.
    version
        One of those that the registry offers this member.
    upload
        What came with a form, or an upload that an earlier refusal kept, by itself or by its token. It is
        never left behind, except where the refusal says under which token it is kept for an hour.
    bad_rows
        ``"refuse"`` the file for a single row that cannot be read, or ``"leave_out"`` such rows.
    as_of
        The day from which the dates of the file are counted back; by default the latest of them. Of the same
        day a part of a file, be it a single customer, is scored as the whole.
    encoding, sheet
        As for `intake.services.checking.take_in_table`.
    idempotency_key
        Sent twice by the same member, the first run comes back and the second file is dropped unread.
    at
        Aware UTC instant of the request.

    Raises
    ------
    FileRefused
        With kind, line and column of the first mistake and how many rows have one.
    FileOfOtherBase
        Its columns are those of other customers of the company.
    DayRefused
        The day lies in the future, or no date of these customers is counted from it.
    VersionNotOffered
        The version does not exist, or not for this member.
    registry.services.populations.BaseIsArchived
        Its customers were put away.
    UploadIsGone
        The hour of a kept upload is over.
    """
    submission = Submission(member=member, task=TASK, kind="prediction", sent_key=idempotency_key)
    if earlier := run_of_earlier_send(submission, runs=Prediction.objects, upload=upload):
        return earlier
    refuse_archived(version.population)
    name = read_name(name)
    if not versions_for(member, version.population).filter(pk=version.pk).exists():
        raise VersionNotOffered("There is no such model. Choose one of the list.", field="model")
    if version.population.is_log:
        raise VersionNotOffered(
            f"{version} learned from purchases, and a file of customers has none. Choose a model of "
            "customers, or send a purchase log.",
            field="model",
        )

    schema = _table_schema(version, at)
    _refuse_day(as_of, version.population, at)
    said = {"bad_rows": bad_rows, "as_of": as_of, "encoding": encoding, "sheet": sheet, "at": at}
    waiting, report = _take_in(upload, member, version.population, schema, **said)
    relative = files.new_upload(member.portal, member.company.pk, report.spec.format)
    return start_run(
        submission,
        runs=Prediction.objects,
        waiting=waiting,
        stored=relative,
        title=name,
        fields={
            "prediction_name": name,
            member.role: member.row,
            "model": version,
            "population": version.population,
            "deployment": deployment_of(version, member.company),
            "original_filename": waiting.name,
            "upload_dataset_path": relative,
            "input_data": {**what_was_read(report), "schema": schema.to_dict()},
        },
        at=at,
    )


def read_name(name: str) -> str:
    """Return the name of a prediction as it is kept.

    Raises
    ------
    NameMissing
        There is none, or it is too long.
    """
    name = one_line(name)
    if not name or len(name) > LONGEST_NAME:
        raise NameMissing(f"Give the prediction a name of at most {LONGEST_NAME} characters.", field="name")
    return name


def _refuse_day(as_of, base, at):
    if as_of is None:
        return
    if not base.dates:
        raise DayRefused(
            f"{base} has no column of dates, so no day changes anything. Leave it out.", field="as_of"
        )
    # Where the day has begun already, further east, it is no future.
    if as_of > timezone.localdate(at) + timedelta(days=1):
        raise DayRefused(
            f"{say_day(as_of)} lies in the future. Give the day as of which the file tells.", field="as_of"
        )


def _take_in(upload, member, base, schema, **said):
    others = {str(other.uuid): other for other in snapshot_bases(member.company) if other != base}
    try:
        return take_in_table(
            upload,
            member=member,
            schema=schema,
            purpose="predict",
            other_tables={
                name: customers_table(other.features, other.reading, purpose="predict")
                for name, other in others.items()
            },
            **said,
        )
    except FileRefused as refusal:
        if refusal.fits is None:
            raise
        raise FileOfOtherBase(base=others[refusal.fits], wanted=base, kept=refusal.kept) from refusal


def _table_schema(version, at):
    manifest = load_manifest(version, at=at)
    features = FeatureSchema.from_dict(manifest["schema"])
    reading = version.population.reading
    return customers_table(features, reading, purpose="predict", observed=manifest["observed"])
