"""Files are looked at before anything is begun with them, in a process of limited size."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.conf import settings
from django.core.files.base import File
from django.utils import timezone

from companies.identity import Member
from core.errors import DomainError
from intake.limits import upload_limit
from intake.services.belonging import OUTCOMES, Belongs, belongs_elsewhere
from intake.services.waiting import WaitingUpload, find_kept, keep, take_in
from tabular.errors import TableError
from tabular.previews.preview import Preview, preview_table_in_child
from tabular.snapshots.check import CheckReport, check_table_in_child
from tabular.source.encodings import BY_HAND, GUESSED, Letters, possible_letters
from tabular.values.schema import TableSchema

# What may be done with rows that cannot be read.
REFUSE, LEAVE_OUT = "refuse", "leave_out"
STATUSES = {
    "too_large": 413,
    "too_much_memory": 413,
    "type_mismatch": 415,
    "unsupported_type": 415,
    "binary_content": 415,
    "encrypted": 415,
}


# Of what a table of other customers is refused for.
OF_OTHERS = frozenset({"missing_columns", "needs_mapping"})
# The note beside a kept upload that tells how a person said it is read: its letters, and which sheet.
WRITTEN = "written"


class UnknownEncoding(DomainError):
    code = "unknown-encoding"


class FileRefused(DomainError):
    """The file cannot be used as it is.

    `kept` is a token to go on with it: without its bad rows, or where it belongs; `belongs` says
    what it is where that has a door of its own; `fits` names another table that it has the columns of;
    `is_other_table` says that columns are missing, as in a table of other customers; `letters` says in which
    encodings it may be written, and `sheets` which sheets may be meant, where a person has to choose one.
    """

    code = "file-refused"
    http_status = 422

    def __init__(
        self,
        error: TableError,
        *,
        kept: str | None = None,
        belongs: Belongs | None = None,
        fits: str | None = None,
        letters: Sequence[Letters] = (),
    ):
        self.rejected = (error.rejects or {}).get("rows", 0)
        self.kept, self.fits, self.letters = kept, fits, tuple(letters)
        self.sheets = error.sheets
        self.belongs = belongs
        self.is_other_table = error.kind in OF_OTHERS
        super().__init__(
            belongs.sentence if belongs else error.message,
            code=error.kind,
            http_status=STATUSES.get(error.kind, self.http_status),
            field="file",
            extra={
                "kind": error.kind,
                "line": error.line,
                "column": error.column,
                "columns": list(error.columns),
                "rejected": self.rejected,
                "kept": kept,
                "belongs": belongs and belongs.what,
                "letters": [one.to_dict() for one in self.letters],
                "sheets": list(self.sheets),
            },
        )


def take_in_table(
    upload: File | WaitingUpload | str,
    *,
    member: Member,
    schema: TableSchema,
    purpose: str,
    bad_rows: str,
    other_tables: Mapping[str, TableSchema] | None = None,
    as_of: date | None = None,
    encoding: str = "",
    sheet: str = "",
    at: datetime,
) -> tuple[WaitingUpload, CheckReport]:
    """Put `upload` into the waiting room and check it there, in a process of limited size.

    Parameters
    ----------
    upload
        What came with a form, or an upload that an earlier refusal kept, by itself or by its token.
    purpose
        ``"predict"`` or ``"train"``.
    bad_rows
        ``"refuse"`` the file for a single row that cannot be read, or ``"leave_out"`` such rows.
    other_tables
        By a name of the caller's: where a file that misses columns may belong instead.
    as_of
        The day from which dates are counted back, where somebody stated it.
    encoding
        How letters are written, where somebody said it: one of `tabular.source.encodings.BY_HAND`. What was
        said of an upload that was kept holds until something else is said.
    sheet
        Of a workbook: name of the sheet that is read, where somebody said it; it holds as long.
    at
        Aware UTC instant of the request: dates are counted back from no later day.

    Raises
    ------
    FileRefused
        Nothing of the file is left, except where the refusal says under which token it is kept for an hour.
    UploadIsGone
        The hour of a kept upload is over.
    UnknownEncoding
        It is none that can be chosen.
    """
    if bad_rows not in (REFUSE, LEAVE_OUT):
        raise DomainError(
            f"Rows with mistakes are either refused or left out. Send {REFUSE} or {LEAVE_OUT}.",
            code="bad-rows",
            field="bad_rows",
        )
    waiting = find_kept(upload, member=member) if isinstance(upload, str) else None
    try:
        waiting = waiting or take_in(upload)
        said = said_of(waiting, encoding=encoding, sheet=sheet)
        report = check_table_in_child(
            waiting.path,
            schema,
            purpose=purpose,
            bad_rows=bad_rows,
            rejects_path=waiting.rejects_path,
            max_bytes=upload_limit(),
            today=timezone.localdate(at),
            as_of=as_of,
            **said,
            memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
            seconds=settings.UPLOAD_SECONDS,
        )
    except TableError as error:
        if waiting is None:
            raise FileRefused(error) from error
        raise _refused(waiting, error, member, bad_rows, other_tables or {}) from error
    except BaseException:
        if waiting:
            waiting.remove()
        raise
    return waiting, _said_of_result(report) if purpose == "predict" else report


def _said_of_result(report):
    """Say of a result that is predicted once more where the earlier prediction stands."""
    named = {name.strip().casefold() for name in report.spec.header}
    if not {"prediction", "churn_probability"} <= named:
        return report
    said = (
        "The file is the result of an earlier prediction. Its columns 'prediction' and 'churn_probability' "
        "are not read; those of this prediction stand at the end, with a 2 after their names."
    )
    return replace(report, warnings=(*report.warnings, said))


def _refused(waiting, error, member, bad_rows, other_tables):
    """Return why a file is refused. It stays where its owner can go on with it, here or elsewhere."""
    if asked := ask_how_to_read(error, waiting, member=member):
        return asked
    if bad_rows == REFUSE and error.rejects and error.rejects.get("path"):
        return FileRefused(error, kept=keep(waiting, member=member))
    if error.kind in OF_OTHERS:
        elsewhere = _where_it_belongs(waiting, error, member, other_tables)
        return FileRefused(error, kept=keep(waiting, member=member), **elsewhere)
    waiting.remove()
    return FileRefused(error)


def said_of(waiting: WaitingUpload, *, encoding: str = "", sheet: str = "") -> dict[str, str | None]:
    """Return ``encoding`` and ``sheet`` as a person said, now or before, that an upload is read; else None.

    Raises
    ------
    UnknownEncoding
        It is none that can be chosen.
    """
    if encoding and encoding not in BY_HAND:
        raise UnknownEncoding(f"Choose one of: {', '.join(BY_HAND)}.", field="encoding")
    now = {"encoding": encoding, "sheet": sheet}
    said = (waiting.read_note(WRITTEN) or {}) | {name: value for name, value in now.items() if value}
    if any(now.values()):
        waiting.write_note(WRITTEN, said)
    return {name: said.get(name) for name in now}


def ask_how_to_read(error: TableError, waiting: WaitingUpload, *, member: Member) -> FileRefused | None:
    """Return the refusal of a file of which a person has to say how it is read; None for any other refusal.

    It is kept while its owner chooses: in which letters it is written, or which sheet is meant.
    """
    if error.sheets:
        return FileRefused(error, kept=keep(waiting, member=member))
    if error.kind == "bad_encoding" and (letters := possible_letters(waiting.path)):
        return FileRefused(error, kept=keep(waiting, member=member), letters=letters)
    return None


def letters_of_kept(token: str, encoding: str, *, member: Member) -> list[Letters]:
    """Return in which encodings an upload that was kept may be written, after it was read in `encoding`.

    None where that is sure. Raises `UploadIsGone` where the hour is over.
    """
    sure = encoding not in (*GUESSED, *BY_HAND)
    return [] if sure else possible_letters(find_kept(token, member=member).path)


def _where_it_belongs(waiting, error, member, other_tables):
    """Return what `FileRefused` says of a file without the columns of these customers, where it is known."""
    if error.kind != "missing_columns":
        return {}
    try:
        preview = preview_upload(waiting, **said_of(waiting))
    except TableError as other:
        return {"belongs": belongs_by_header(other, member=member)}
    named = {column.name.strip().casefold() for column in preview.columns}
    for name, table in other_tables.items():
        if {column.name.casefold() for column in table.columns if column.required} <= named:
            return {"fits": name}
    return {"belongs": belongs_elsewhere(preview, member=member)}


def belongs_by_header(error: TableError, *, member: Member) -> Belongs | None:
    """Return what a file is of which the header said enough to refuse it; else None."""
    return Belongs(OUTCOMES, error.message, member) if error.kind == "only_outcomes" else None


def what_was_read(report: CheckReport) -> dict:
    """Return what a run remembers of the check of its file, so that the worker reads it the same way."""
    return {
        "spec": report.spec.to_dict(),
        "rows_in": report.rows_in,
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "rejected": report.rejected,
        "warnings": list(report.warnings),
        "unknown_categories": report.unknown_categories,
        "out_of_range": report.out_of_range,
    }


def preview_upload(
    waiting: WaitingUpload,
    *,
    largest: int | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Preview:
    """Return what the beginning of a file looks like, of which nobody has said yet how it is read.

    Parameters
    ----------
    largest
        Size in bytes up to which it was accepted, where that is not the limit of uploads.
    encoding, sheet
        As for `tabular.previews.preview.preview_table`.

    Raises
    ------
    tabular.errors.TableError
        It cannot be read.
    """
    return preview_table_in_child(
        waiting.path,
        encoding=encoding,
        sheet=sheet,
        max_bytes=largest or upload_limit(),
        memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
        # Nobody waits in front of a page for a file beyond the limit.
        seconds=settings.JOB_MAX_MINUTES * 60 if largest else settings.UPLOAD_SECONDS,
    )
