"""Files are looked at before anything is begun with them, in a process of limited size."""

from collections.abc import Mapping
from datetime import date, datetime

from django.conf import settings
from django.core.files.base import File
from django.utils import timezone

from companies.identity import Member
from core.errors import DomainError
from intake.limits import upload_limit
from intake.services.waiting import WaitingUpload, find_kept, keep, take_in
from tabular.errors import TableError
from tabular.previews.preview import Preview, preview_table_in_child
from tabular.previews.recognition import looks_like_a_log
from tabular.snapshots.check import CheckReport, check_table_in_child
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


class FileRefused(DomainError):
    """The file cannot be used as it is.

    `kept` is a token to try it again without its bad rows; `is_log` says that it is a purchase log, which has
    a door of its own; `fits` names another table that it has the columns of; `is_other_table` says that
    columns are missing, as in a table of other customers.
    """

    code = "file-refused"
    http_status = 422

    def __init__(
        self,
        error: TableError,
        *,
        kept: str | None = None,
        log: str | None = None,
        fits: str | None = None,
    ):
        self.rejected = (error.rejects or {}).get("rows", 0)
        self.kept, self.fits = kept, fits
        self.is_log = log is not None
        self.is_other_table = error.kind in {"missing_columns", "needs_mapping"}
        super().__init__(
            f"{log} Add it under Purchase logs. Here a file has one row for each customer."
            if log
            else error.message,
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
                "is_log": self.is_log,
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
    at
        Aware UTC instant of the request: dates are counted back from no later day.

    Raises
    ------
    FileRefused
        Nothing of the file is left, except where the refusal says under which token it is kept for an hour.
    UploadIsGone
        The hour of a kept upload is over.
    """
    if bad_rows not in (REFUSE, LEAVE_OUT):
        raise DomainError(
            "Rows with mistakes are either refused or left out.", code="bad-rows", field="bad_rows"
        )
    waiting = find_kept(upload, member=member) if isinstance(upload, str) else None
    try:
        waiting = waiting or take_in(upload)
        report = check_table_in_child(
            waiting.path,
            schema,
            purpose=purpose,
            bad_rows=bad_rows,
            rejects_path=waiting.rejects_path,
            max_bytes=upload_limit(),
            today=timezone.localdate(at),
            as_of=as_of,
            memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
            seconds=settings.UPLOAD_SECONDS,
        )
    except TableError as error:
        if waiting and bad_rows == REFUSE and error.rejects and error.rejects.get("path"):
            raise FileRefused(error, kept=keep(waiting, member=member)) from error
        elsewhere = _where_it_belongs(waiting, error, other_tables or {}) if waiting else {}
        if waiting:
            waiting.remove()
        raise FileRefused(error, **elsewhere) from error
    except BaseException:
        if waiting:
            waiting.remove()
        raise
    return waiting, report


def _where_it_belongs(waiting, error, other_tables):
    """Return what `FileRefused` says of a file without the columns of these customers, where it is known."""
    if error.kind != "missing_columns":
        return {}
    try:
        preview = preview_upload(waiting)
    except TableError:
        return {}
    named = {column.name.strip().casefold() for column in preview.columns}
    for name, table in other_tables.items():
        if {column.name.casefold() for column in table.columns if column.required} <= named:
            return {"fits": name}
    return {"log": looks_like_a_log(preview)}


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


def preview_upload(waiting: WaitingUpload, *, largest: int | None = None) -> Preview:
    """Return what the beginning of a file looks like, of which nobody has said yet how it is read.

    Parameters
    ----------
    largest
        Size in bytes up to which it was accepted, where that is not the limit of uploads.

    Raises
    ------
    tabular.errors.TableError
        It cannot be read.
    """
    return preview_table_in_child(
        waiting.path,
        max_bytes=largest or upload_limit(),
        memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
        # Nobody waits in front of a page for a file beyond the limit.
        seconds=settings.JOB_MAX_MINUTES * 60 if largest else settings.UPLOAD_SECONDS,
    )
