"""Uploads that nobody has accepted yet: taken in, kept for a second try, swept."""

import os
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.core import signing
from django.core.files.base import File

from companies.access import Member
from core.errors import DomainError
from predictions import files
from predictions.uploads import upload_limit
from tabular.upload import display_name, receive

# Long enough to read the list of refused rows, short enough that a stranger's disk is not an archive.
KEPT_FOR = timedelta(hours=1)
_SALT = "predictions.kept-upload"


class UploadIsGone(DomainError):
    code = "upload-is-gone"
    http_status = 410


@dataclass(frozen=True)
class WaitingUpload:
    """A file in the waiting room, and the name that its owner knows it by."""

    path: Path
    name: str

    @property
    def rejects_path(self) -> Path:
        return Path(f"{self.path}{files.REJECTS_SUFFIX}")

    def remove(self) -> None:
        files.remove_with_companions(self.path)


def take_in(upload: File | WaitingUpload) -> WaitingUpload:
    """Put `upload` into the waiting room under a name of our own.

    Raises
    ------
    tabular.errors.TableError
        It is larger than this installation accepts (kind ``too_large``).
    """
    if isinstance(upload, WaitingUpload):
        return upload
    taken = WaitingUpload(
        path=files.waiting_room() / f"upload-{uuid.uuid4()}", name=display_name(upload.name or "")
    )
    if hasattr(upload, "temporary_file_path"):
        os.rename(upload.temporary_file_path(), taken.path)
        return taken
    try:
        receive(upload.chunks(), taken.path, max_bytes=upload_limit())
    except BaseException:
        taken.remove()
        raise
    return taken


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
    gone = UploadIsGone("That file is no longer kept. Please choose it again.", field="file")
    try:
        found = signing.loads(token, salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature as error:
        raise gone from error
    waiting = WaitingUpload(path=files.waiting_room() / found["file"], name=found["name"])
    if found["account"] != member.account.pk or not waiting.path.exists():
        raise gone
    return waiting


def sweep_waiting_room(*, at: datetime) -> int:
    """Remove what was left in the waiting room: what nobody claimed in time."""
    oldest = (at - KEPT_FOR).timestamp()
    stale = [
        path for path in files.waiting_room().iterdir() if path.is_file() and path.stat().st_mtime < oldest
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
