"""Whose the stored files are: each app declares it once, and one sweep and one eraser ask nobody else.

A file without a row is either on its way, for minutes, or was left by a process that was killed.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from core.files.drafts import is_older, sweep_partial
from core.files.store import PAGE, make_root, note_root, pages_under, remove_if_older, remove_under

logger = logging.getLogger(__name__)

# Longer than any request or job may take between its file and its row.
ABANDONED_AFTER = timedelta(days=1)


def _anything(name: str) -> bool:
    return True


class NotErased(OSError):
    """Files of somebody who is gone could not be removed."""


@dataclass(frozen=True)
class Owner:
    """Files of one kind.

    Parameters
    ----------
    bucket, prefixes
        Where they lie: what all their names begin with.
    in_use
        Is given names that were found and returns those that are needed. It is asked after they were listed:
        a row that appears in between names a file that was not.
    abandoned_after
        How old a file must be before nobody can be about to need it.
    may_be_ours
        Whether a file of that name could have been written by the owner; others are left alone.
    has_files
        Whether rows name any file of it.
    erased
        The folders that go with an owner of rows, with ``{id}`` and ``{uuid}`` where its keys stand.
    """

    bucket: str
    prefixes: tuple[str, ...]
    in_use: Callable[[list[str]], set[str]]
    has_files: Callable[[], bool] = lambda: False
    abandoned_after: timedelta = ABANDONED_AFTER
    may_be_ours: Callable[[str], bool] = _anything
    erased: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scratch:
    """A folder of this machine for work that may be killed.

    Parameters
    ----------
    folder
        Returns where it is.
    files_after, folders_after
        How old what lies directly in it must be to go; None where such things stay.
    """

    folder: Callable[[], Path]
    files_after: timedelta | None = None
    folders_after: timedelta | None = None


def beside(names: list[str], paths: Iterable[str]) -> set[str]:
    """Return those of `names` that stand in `paths` or lie beside one of them under the same name."""
    stems = {_stem(path) for path in paths if path}
    return {name for name in names if _stem(name) in stems}


def _stem(name):
    return PurePosixPath(name).name.split(".")[0]


_owners: dict[str, Owner] = {}
_scratch: dict[str, Scratch] = {}


def declare(name: str, owner: Owner) -> None:
    """Say whose files are whose; called by an app when it is ready, under a name that says what they are."""
    _owners[name] = owner


def declare_scratch(name: str, scratch: Scratch) -> None:
    _scratch[name] = scratch


def note_roots() -> None:
    """Note at a start which folders for files are there, and which are away in which rows name files.

    For an installation that is older than the notes: nothing else would know that its folders were there.
    """
    for owner in _owners.values():
        has_files = owner.has_files()
        for prefix in owner.prefixes:
            note_root(owner.bucket, prefix, has_files=has_files)


def make_roots() -> None:
    """Make all folders for files, for who says that nothing comes back that is away."""
    for owner in _owners.values():
        for prefix in owner.prefixes:
            make_root(owner.bucket, prefix)


# --- Sweeping --------------------------------------------------------------------------------------------


def sweep(*, at: datetime, page_size: int = PAGE) -> list[str]:
    """Remove what nobody needs any more, in all buckets and on this machine, and return what that was."""
    removed = []
    for name, owner in _owners.items():
        removed += _guarded(name, lambda owner=owner: _sweep_owner(owner, at, page_size))
    for name, scratch in _scratch.items():
        removed += _guarded(name, lambda scratch=scratch: _sweep_scratch(scratch, at))
    return removed


def sweep_drafts(*folders: Path, at: datetime) -> list[Path]:
    """Remove what killed processes left half-written anywhere below `folders`."""
    age = ABANDONED_AFTER.total_seconds()
    return [path for folder in folders for path in sweep_partial(folder, older_than=age, now=at.timestamp())]


def _guarded(name, do):
    # One bucket that does not answer must not keep the files of all others.
    try:
        return list(do())
    except Exception:
        logger.exception("The files of %s were not swept.", name)
        return []


def _sweep_owner(owner: Owner, at, page_size) -> Iterator[str]:
    oldest = at - owner.abandoned_after
    for prefix in owner.prefixes:
        for page in pages_under(owner.bucket, prefix, size=page_size):
            old = [
                found.name for found in page if found.written_at < oldest and owner.may_be_ours(found.name)
            ]
            needed = owner.in_use(old) if old else set()
            for name in old:
                # The same name may have been written again since it was listed, and its row is not there yet.
                if name not in needed and remove_if_older(owner.bucket, name, than=oldest):
                    yield f"{owner.bucket}/{name}"


def _sweep_scratch(scratch: Scratch, at) -> Iterator[str]:
    folder = scratch.folder()
    for path in folder.iterdir() if folder.is_dir() else ():
        age = scratch.folders_after if path.is_dir() else scratch.files_after
        if age is None or not is_older(path, (at - age).timestamp()):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        yield str(path)


# --- Erasing ---------------------------------------------------------------------------------------------


def erase_files(**keys: object) -> None:
    """Remove all files of whom `keys` name, once the rows are gone. Run twice, the second time finds nothing.

    What cannot be removed now holds up nothing else.

    Raises
    ------
    NotErased
        Some of it is still there: do it again.
    """
    if not all(keys.values()):
        raise ValueError(f"An empty key would remove the files of everybody: {keys}.")
    faults = []
    for name, owner in _owners.items():
        for folder in owner.erased:
            try:
                remove_under(owner.bucket, folder.format_map(keys))
            except Exception as fault:
                logger.exception("The files of %s below %s were not erased.", name, folder)
                faults.append(f"{name} ({fault})")
    if faults:
        raise NotErased(f"Files are still there, of {', '.join(faults)}.")
