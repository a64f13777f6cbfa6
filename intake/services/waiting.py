"""Files that nobody has accepted yet: they wait under a name of our own, for an hour until somebody decides.

What an upload is for is decided above: to predict from it, to learn from it, to analyse it.
"""

import json
import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.core.files.base import File

from companies.identity import Member
from core.errors import DomainError
from core.files.drafts import write_atomically
from core.files.media import media_exists, remove_media
from core.files.store import is_remote, local_copy, store_file
from core.files.stored import MEDIA, FileIsGone
from intake.limits import upload_limit
from tabular.snapshots.check import CheckReport
from tabular.source.spec import CANONICAL_SUFFIX, SKIP_SUFFIX
from tabular.source.upload import display_name, receive

REJECTS_SUFFIX = ".rejects.csv"
REPORT_SUFFIX = ".report.json"
NOTES_SUFFIX = ".notes.json"
# What may lie beside an upload and goes where it goes.
COMPANIONS = (CANONICAL_SUFFIX, SKIP_SUFFIX, REJECTS_SUFFIX)
KEPT_FOR = timedelta(hours=1)
# Where a kept upload lies for all machines, where they share a server of files.
KEPT_FOLDER = "waiting"
# Folders in the waiting room, each for one reading of an upload.
SCRATCH = "reading-"
_SALT = "intake.kept-upload"


class UploadIsGone(DomainError):
    code = "upload-is-gone"
    http_status = 410


def waiting_room() -> Path:
    """Return the folder of files that nobody has accepted yet; it lies outside the media folder."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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

    def write_note(self, name: str, found: dict | None) -> None:
        """Remember under `name` what somebody found out about the upload, in place of what stood there."""
        notes = self._read_notes() | {name: found}
        Path(f"{self.path}{NOTES_SUFFIX}").write_text(json.dumps(notes))

    def read_note(self, name: str) -> dict | None:
        return self._read_notes().get(name)

    def _read_notes(self):
        notes = Path(f"{self.path}{NOTES_SUFFIX}")
        return json.loads(notes.read_text()) if notes.exists() else {}

    @property
    def parts(self) -> dict[str, Path]:
        """Where the upload and all that may lie beside it are, by the ends of their names."""
        suffixes = (*COMPANIONS, REPORT_SUFFIX, NOTES_SUFFIX, "")
        return {suffix: Path(f"{self.path}{suffix}") for suffix in suffixes}

    def remove(self) -> None:
        for suffix, part in self.parts.items():
            part.unlink(missing_ok=True)
            if is_remote(MEDIA):
                remove_media(_kept_name(self, suffix))


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


# --- Kept for its owner ----------------------------------------------------------------------------------


def keep(waiting: WaitingUpload, *, member: Member) -> str:
    """Return a token by which `member`, and nobody else, finds the upload again within the hour.

    The next request may come to another machine.
    """
    if is_remote(MEDIA):
        for suffix, part in waiting.parts.items():
            if part.exists():
                store_file(MEDIA, _kept_name(waiting, suffix), part)
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
    if found["account"] != member.account.pk or not _is_here(waiting):
        raise gone
    return waiting


def name_of_kept(token: str, *, member: Member) -> str | None:
    """Return under which name the upload of `token` lay in the waiting room, also when it is gone.

    None where the token is not one of ours, or somebody else's.
    """
    try:
        found = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return found["file"] if found["account"] == member.account.pk else None


def name_of_waiting(token: str, *, member: Member) -> str | None:
    """Return what its owner calls the upload of `token`; None where there is none to go on with."""
    try:
        return find_kept(token, member=member).name or "without a name"
    except UploadIsGone:
        return None


def _is_here(waiting):
    """Whether the upload is on this machine, after it was fetched if another one took it in."""
    if not is_remote(MEDIA):
        return waiting.path.exists()
    if not media_exists(_kept_name(waiting, "")):
        return False  # another machine has begun its run
    if not waiting.path.exists():
        for suffix, part in waiting.parts.items():
            with (
                suppress(FileIsGone),
                local_copy(MEDIA, _kept_name(waiting, suffix)) as copy,
                write_atomically(part) as draft,
            ):
                shutil.copyfile(copy, draft)
    return waiting.path.exists()


def _kept_name(waiting, suffix):
    return f"{KEPT_FOLDER}/{waiting.path.name}{suffix}"
