"""Whether a folder that holds files is there: a volume that is not mounted yet has lost none.

That a folder was there once is noted beside the database. One that was and is gone is never made anew by a
write: files would be kept where the volume hides them as soon as it is back.
"""

import hashlib
import os
from pathlib import Path

from django.conf import settings

from core.faults import FilesAway

_FOLDER, _VOLUME = "folder", "volume"


def refuse_if_away(root: Path) -> None:
    """Raise `core.faults.FilesAway` where `root` was there and is not, or is the empty place of a volume."""
    if _holds_something(root):
        return
    was = _noted(root)
    if was and (not root.is_dir() or (was == _VOLUME and not os.path.ismount(root))):
        raise FilesAway


def ready(root: Path) -> None:
    """Make `root` on first use; raise `core.faults.FilesAway` where it was there before."""
    refuse_if_away(root)
    if not (root.is_dir() and _noted(root)):
        make(root)


def note(root: Path, *, has_files: bool) -> None:
    """Note at a start that `root` is there; that it is away, where rows name files in it and it holds none.

    What was noted before stands.
    """
    if _holds_something(root):
        make(root)
    elif has_files and not _noted(root):
        # As the place of a volume: also an empty folder may be one that is not mounted yet.
        _write_note(root, _VOLUME)


def make(root: Path) -> bool:
    """Make `root`, also where it was there before, note that it is there, and tell whether it was missing."""
    is_new = not root.is_dir()
    root.mkdir(parents=True, exist_ok=True)
    _write_note(root, _VOLUME if os.path.ismount(root) else _FOLDER)
    return is_new


def _write_note(root, kind):
    place = _note_of(root)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(kind)


def _holds_something(root):
    try:
        with os.scandir(root) as found:
            return next(found, None) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False


def _noted(root):
    try:
        return _note_of(root).read_text()
    except FileNotFoundError:
        return ""


def _note_of(root):
    # Another media folder has files of its own.
    name = hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:16]
    return Path(settings.STATE_DIR) / "roots" / name
