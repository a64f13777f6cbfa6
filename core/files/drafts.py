"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial-"


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed, on error removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{PARTIAL}{secrets.token_hex(8)}-{path.name}")
    try:
        yield draft
        sync(draft)
        os.replace(draft, path)
        sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


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
