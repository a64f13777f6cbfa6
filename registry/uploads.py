"""Files on their way in: streamed to disk, counted while they come, kept for an hour until somebody decides.

What an upload is for is decided above: to predict from it or to learn from it.
"""

import json
import os
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from companies.access import Member
from core.downloads import CSV, plain_name, send_stored
from core.errors import DomainError, TooLarge
from tabular.errors import TableError
from tabular.snapshots.check import CheckReport, check_table_in_child
from tabular.source.spec import CANONICAL_SUFFIX, SKIP_SUFFIX
from tabular.source.upload import display_name, receive
from tabular.values.schema import TableSchema

REJECTS_SUFFIX = ".rejects.csv"
REPORT_SUFFIX = ".report.json"
# What may lie beside an upload and goes where it goes.
COMPANIONS = (CANONICAL_SUFFIX, SKIP_SUFFIX, REJECTS_SUFFIX)
KEPT_FOR = timedelta(hours=1)
# What may be done with rows that cannot be read.
REFUSE, LEAVE_OUT = "refuse", "leave_out"
# Names, tokens and boundaries around the file in the same request.
FORM_ALLOWANCE = 256 * 1024
STATUSES = {
    "too_large": 413,
    "too_much_memory": 413,
    "type_mismatch": 415,
    "unsupported_type": 415,
    "binary_content": 415,
    "encrypted": 415,
}
_SALT = "registry.kept-upload"


class UploadTooLarge(TooLarge):
    code = "too_large"


class UploadIsGone(DomainError):
    code = "upload-is-gone"
    http_status = 410


class FileRefused(DomainError):
    """The file cannot be used as it is. `kept` is a token to try it again without its bad rows."""

    code = "file-refused"
    http_status = 422

    def __init__(self, error: TableError, *, kept: str | None = None):
        self.rejected = (error.rejects or {}).get("rows", 0)
        self.kept = kept
        super().__init__(
            error.message,
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
            },
        )


def upload_limit() -> int:
    return settings.UPLOAD_MAX_MB * 1024 * 1024


def waiting_room() -> Path:
    """Return the folder of files that nobody has accepted yet; it lies outside the media folder."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# --- Waiting ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WaitingUpload:
    """A file in the waiting room, and the name that its owner knows it by."""

    path: Path
    name: str

    @property
    def rejects_path(self) -> Path:
        return Path(f"{self.path}{REJECTS_SUFFIX}")

    @property
    def report_path(self) -> Path:
        return Path(f"{self.path}{REPORT_SUFFIX}")

    def write_report(self, report: CheckReport) -> None:
        """Remember what the check found, so that looking at it does not read the file again."""
        self.report_path.write_text(json.dumps(report.to_dict()))

    def read_report(self) -> CheckReport | None:
        if not self.report_path.exists():
            return None
        return CheckReport.from_dict(json.loads(self.report_path.read_text()))

    def remove(self) -> None:
        remove_with_companions(self.path)


def take_in(upload: File | WaitingUpload, *, largest: int | None = None) -> WaitingUpload:
    """Put `upload` into the waiting room under a name of our own.

    Parameters
    ----------
    largest
        Size in bytes up to which it is accepted; default: the limit of uploads.

    Raises
    ------
    tabular.errors.TableError
        It is larger than this installation accepts (kind ``too_large``).
    """
    if isinstance(upload, WaitingUpload):
        return upload
    taken = WaitingUpload(
        path=waiting_room() / f"upload-{uuid.uuid4()}", name=display_name(upload.name or "")
    )
    if hasattr(upload, "temporary_file_path"):
        os.rename(upload.temporary_file_path(), taken.path)
        return taken
    try:
        receive(upload.chunks(), taken.path, max_bytes=largest or upload_limit())
    except BaseException:
        taken.remove()
        raise
    return taken


def take_in_table(
    upload: File | WaitingUpload | str, *, member: Member, schema: TableSchema, purpose: str, bad_rows: str
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
            memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
            seconds=settings.UPLOAD_SECONDS,
        )
    except TableError as error:
        if waiting and bad_rows == REFUSE and error.rejects and error.rejects.get("path"):
            raise FileRefused(error, kept=keep(waiting, member=member)) from error
        if waiting:
            waiting.remove()
        raise FileRefused(error) from error
    except BaseException:
        if waiting:
            waiting.remove()
        raise
    return waiting, report


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


def keep(waiting: WaitingUpload, *, member: Member) -> str:
    """Return a token by which `member`, and nobody else, finds the upload again within the hour."""
    found = {"file": waiting.path.name, "name": waiting.name, "account": member.account.pk}
    return signing.dumps(found, salt=_SALT, compress=True)


def find_kept(token: str, *, member: Member) -> WaitingUpload:
    """Return the upload that `keep` gave `token` for.

    Raises
    ------
    UploadIsGone
        The hour is over, or the token is not one of ours, or somebody else's: all three answer alike.
    """
    gone = UploadIsGone(
        "The file was kept for an hour and is gone now. Please choose it again.", field="file"
    )
    try:
        found = signing.loads(token, salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature as error:
        raise gone from error
    waiting = WaitingUpload(path=waiting_room() / found["file"], name=found["name"])
    if found["account"] != member.account.pk or not waiting.path.exists():
        raise gone
    return waiting


def send_refused_rows(request):
    """Send the rows for which the upload of ``?kept=`` was refused, to its owner."""
    waiting = find_kept(request.GET.get("kept", ""), member=request.member)
    name = plain_name(waiting.name.rpartition(".")[0], "-refused-rows.csv")
    return send_stored(request, waiting.rejects_path, name=name, content_type=CSV)


def move_with_companions(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("", *COMPANIONS):
        part = Path(f"{source}{suffix}")
        if part.exists():
            # Across file systems this copies; the row that names the file is only written afterwards.
            shutil.move(part, f"{target}{suffix}")
            os.chmod(f"{target}{suffix}", 0o640)
    Path(f"{source}{REPORT_SUFFIX}").unlink(missing_ok=True)


def remove_with_companions(path: Path) -> None:
    for suffix in ("", *COMPANIONS, REPORT_SUFFIX):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


# --- Receiving -------------------------------------------------------------------------------------------


class StoredUpload(UploadedFile):
    """A file that came with a form and already lies in the waiting room under a name of our own."""

    def __init__(self, name, content_type):
        # Django's own temporary file takes the extension from the sender; a long one breaks the file system.
        file = tempfile.NamedTemporaryFile(dir=waiting_room(), prefix="incoming-", delete=False)  # noqa: SIM115
        super().__init__(file, name, content_type)

    def temporary_file_path(self):
        return self.file.name

    def close(self):
        # Called at the end of every request: what no service took over goes.
        super().close()
        Path(self.file.name).unlink(missing_ok=True)


class UploadToDisk(FileUploadHandler):
    """Write the file while it arrives, and stop reading once it is larger than this installation accepts."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > upload_limit() + FORM_ALLOWANCE:
            self._refuse()

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.file = StoredUpload(self.file_name, self.content_type)
        self.received = 0

    def receive_data_chunk(self, raw_data, start):
        self.received += len(raw_data)
        if self.received > upload_limit():
            self.file.close()
            self._refuse()
        self.file.write(raw_data)

    def file_complete(self, file_size):
        self.file.flush()
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        if hasattr(self, "file"):
            self.file.close()

    def _refuse(self):
        # The body is not read to its end; asking for it again (a template, a middleware) must not start anew.
        self.request._mark_post_parse_error()
        raise UploadTooLarge(
            f"The file is larger than {settings.UPLOAD_MAX_MB:,} MB, the most that is accepted here. "
            "Split it, or leave out columns that the model does not read.",
            field="file",
            extra={"kind": "too_large"},
        )


def receives_upload(view):
    """Decorate a view whose form has a file.

    The CSRF check reads the form, and handlers can only be set before that: the check is moved behind them.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def receiving(request, *args, **kwargs):
        set_handlers(request)
        return checked(request, *args, **kwargs)

    return receiving


def set_handlers(request):
    if request.method == "POST":
        request.upload_handlers = [UploadToDisk(request)]
