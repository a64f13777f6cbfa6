"""Whether a folder that holds files is there: a volume that is not mounted yet has lost none.

That a folder was there once is noted beside the database. One that was and is gone is never made anew by a
write: files would be kept where the volume hides them as soon as it is back.
"""

import hashlib
import os
import re
from pathlib import Path

from django.conf import settings

from core.faults import FilesAway

_FOLDER, _VOLUME, _ANEW = "folder", "volume", "anew"
# How the kernel writes blanks and the like: proc_pid_mountinfo(5).
_OCTAL = re.compile(r"\\(\d{3})")


def refuse_if_away(root: Path) -> None:
    """Raise `core.faults.FilesAway` where `root` was there and is not, or is the empty place of a volume."""
    if _holds_something(root):
        return
    was = _noted(root)
    if was and (not root.is_dir() or (_VOLUME in was and _kind_of(root) != _VOLUME)):
        raise FilesAway


def ready(root: Path) -> None:
    """Make `root` on first use; raise `core.faults.FilesAway` where it was there before."""
    refuse_if_away(root)
    # What was away at a start was taken for a volume: whether it is one shows now.
    if not root.is_dir() or _kind_of(root) not in _noted(root):
        make(root)


def is_given_up(root: Path) -> bool:
    """Tell whether `root` was made anew for good, so that what it does not hold is gone."""
    return _ANEW in _noted(root) and root.is_dir()


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
    """Make `root`, note that it is there, and tell whether it was missing."""
    is_new = not root.is_dir()
    root.mkdir(parents=True, exist_ok=True)
    _write_note(root, _kind_of(root), *_noted(root)[1:])
    return is_new


def make_anew(root: Path) -> bool:
    """Do as `make` for who says that nothing more comes: what was in a `root` that is away is given up."""
    try:
        refuse_if_away(root)
    except FilesAway:
        root.mkdir(parents=True, exist_ok=True)
        _write_note(root, _kind_of(root), _ANEW)
        return True
    return make(root)


def _write_note(root, *said):
    place = _note_of(root)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(" ".join(said))


def _holds_something(root):
    try:
        with os.scandir(root) as found:
            return next(found, None) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        # A server of files that does not answer any more, a volume that may not be read.
        raise FilesAway from error


def _kind_of(root):
    return _VOLUME if os.path.ismount(root) or _is_bound(root) else _FOLDER


def _is_bound(root):
    """Tell whether a folder of the same file system stands in the place of `root`, as containers have it."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return False  # another system than Linux
    return str(root.resolve()) in {_OCTAL.sub(_spelled, line.split()[4]) for line in mounts}


def _spelled(octal):
    return chr(int(octal[1], 8))


def _noted(root) -> list[str]:
    """Return which kind of folder was noted, and what else; nothing where there is no note."""
    try:
        return _note_of(root).read_text().split()
    except FileNotFoundError:
        return []


def _note_of(root):
    # Another media folder has files of its own.
    name = hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:16]
    return Path(settings.STATE_DIR) / "roots" / name
