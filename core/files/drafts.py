"""Files that appear whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

PARTIAL = ".partial-"

_room: ContextVar[Path | None] = ContextVar("room", default=None)


@contextmanager
def work_room(parent: Path, *, owner: str, attempt: int) -> Iterator[Path]:
    """Let what is written within be known as that of one attempt of `owner`, in a folder below `parent`.

    What earlier attempts left on this machine goes first: they were killed. All of it goes at the end.
    """
    for left in parent.glob(f"{owner}-*"):
        _clear(left)
    room = parent / f"{owner}-{attempt}"
    room.mkdir(parents=True, exist_ok=True)
    entered = _room.set(room)
    try:
        yield room
    finally:
        _room.reset(entered)
        _clear(room)


def drafts_in(default: Path) -> Path:
    """Return where a temporary folder belongs: the room of the work that is being done, or `default`."""
    return _room.get() or default


def _clear(room):
    # A draft that has to stand beside its file is known by a link to it.
    for link in room.glob(f"{PARTIAL}*"):
        with suppress(OSError):
            Path(os.readlink(link)).unlink(missing_ok=True)
    shutil.rmtree(room, ignore_errors=True)


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed, on error removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{PARTIAL}{secrets.token_hex(8)}-{path.name}")
    with _known_in_room(draft):
        try:
            yield draft
            sync(draft)
            os.replace(draft, path)
            sync(path.parent)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _known_in_room(draft):
    room = _room.get()
    if room is None:
        yield
        return
    link = room / f"{PARTIAL}{secrets.token_hex(8)}"
    link.symlink_to(draft.absolute())
    try:
        yield
    finally:
        link.unlink(missing_ok=True)


def sweep_partial(root: Path, *, older_than: float, now: float) -> list[Path]:
    """Remove the drafts that a killed process left under `root`, if last written `older_than` seconds ago."""
    oldest = now - older_than
    stale = [path for path in root.rglob(f"{PARTIAL}*") if path.is_file() and is_older(path, oldest)]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def is_older(path: Path, instant: float) -> bool:
    """Tell whether `path` was last written before `instant`; what somebody removed meanwhile is not."""
    try:
        return path.stat().st_mtime < instant
    except FileNotFoundError:
        return False


def sync(path: Path) -> None:
    """Wait until what was written to the file or folder at `path` survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
