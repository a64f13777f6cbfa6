"""Uploads that were accepted: where every machine of the installation finds them, with what lies beside."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Conflict
from core.files.drafts import drafts_in
from core.files.media import media_exists, readable_path, remove_media, take_media
from intake.services.waiting import COMPANIONS, REJECTS_SUFFIX, SCRATCH, WaitingUpload, waiting_room


class UploadIsMissing(Conflict):
    code = "upload-is-missing"


def store_upload(waiting: WaitingUpload, relative: str) -> None:
    """Put an upload at its place; in the waiting room it is gone then.

    The file itself comes last: where it is, all that belongs to it is.
    """
    for suffix in (*COMPANIONS, ""):
        part = Path(f"{waiting.path}{suffix}")
        if part.exists():
            take_media(f"{relative}{suffix}", part)
    waiting.remove()


def remove_upload(relative: str) -> None:
    for suffix in ("", *COMPANIONS):
        remove_media(f"{relative}{suffix}")


def rejects_of(relative: str) -> str:
    """Return where the list of rows of an upload stands that were left out."""
    return f"{relative}{REJECTS_SUFFIX}"


@contextmanager
def open_upload(relative: str) -> Iterator[Path]:
    """Yield where an upload can be read on this machine, with what belongs to it beside it.

    Raises
    ------
    UploadIsMissing
        There is no such file.
    """
    if not media_exists(relative):
        raise UploadIsMissing("The uploaded file is no longer there. Please upload it again.")
    with tempfile.TemporaryDirectory(dir=drafts_in(waiting_room()), prefix=SCRATCH) as folder:
        link = Path(folder) / "upload"
        for suffix in ("", *COMPANIONS):
            if media_exists(f"{relative}{suffix}"):
                Path(f"{link}{suffix}").symlink_to(readable_path(f"{relative}{suffix}").absolute())
        yield link
