"""The files of model versions beyond this machine: a copy in the bucket, where that is on a server.

Scoring reads files of this machine; one that is missing here is fetched. What came from the bucket is trusted
no more than what lies on the disk: hashes and signature are compared either way.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from core.buckets import (
    MODELS,
    PAGE,
    FileIsGone,
    StoredObject,
    is_remote,
    local_copy,
    pages_under,
    remove_file,
    remove_under,
    store_file,
    written_at,
)
from core.storage import write_atomically

# Below the media folder; the bucket of that name holds what is in it.
FOLDER = f"{MODELS}/"


def push(relative: str, path: Path) -> None:
    """Copy a file of a version to the bucket. `relative` is its path below the media folder."""
    if is_remote(MODELS):
        store_file(MODELS, _name(relative), path)


def pull(relative: str, path: Path) -> None:
    """Fetch a file that this machine does not have; one that the bucket does not have either stays away."""
    if path.exists() or not is_remote(MODELS):
        return
    try:
        with local_copy(MODELS, _name(relative)) as copy, write_atomically(path) as draft:
            shutil.copyfile(copy, draft)
    except FileIsGone:
        return


def drop(relative: str) -> None:
    if is_remote(MODELS):
        remove_file(MODELS, _name(relative))


def drop_folder(relative: str) -> None:
    if is_remote(MODELS):
        remove_under(MODELS, _name(relative))


def pages(relative: str, *, size: int = PAGE) -> Iterator[list[StoredObject]]:
    """Yield what the bucket has of a folder, in lists, each object by its path below the media folder."""
    if not is_remote(MODELS):
        return
    for page in pages_under(MODELS, f"{_name(relative)}/", size=size):
        yield [replace(found, name=FOLDER + found.name) for found in page]


def drop_if_older(relative: str, *, than: datetime) -> bool:
    """Remove a file unless somebody wrote it again since it was listed, and tell whether it went."""
    since = written_at(MODELS, _name(relative)) if is_remote(MODELS) else None
    if since is None or since >= than:
        return False
    drop(relative)
    return True


def _name(relative):
    return relative.removeprefix(FOLDER)
