"""An installation that kept its files in folders takes them along to a server."""

from collections.abc import Iterator
from pathlib import Path

from core.files.local import LocalBucket
from core.files.store import exists, is_remote, store_file
from core.files.stored import DATASETS, MEDIA, MODELS, UTILS

# As folders of one machine, buckets lie in each other: what of the folder belongs in the bucket begins so.
_LOGS = "org_"
_BEGINNINGS = {DATASETS: _LOGS, UTILS: _LOGS, MODELS: "", MEDIA: f"{DATASETS}/"}


def bring_files(bucket: str) -> int:
    """Copy what this machine has of `bucket` to the server, where it is not there yet; return how many files.

    What lies here stays: it is a backup until somebody removes it.
    """
    if not is_remote(bucket):
        return 0
    brought = 0
    for name, path in _files_here(bucket):
        if not exists(bucket, name):
            store_file(bucket, name, path)
            brought += 1
    return brought


def _files_here(bucket) -> Iterator[tuple[str, Path]]:
    folder = LocalBucket(folder="" if bucket == MEDIA else bucket)
    for found in folder.objects_under(_BEGINNINGS[bucket]):
        if not found.name.startswith(f"{DATASETS}/{_LOGS}"):
            yield found.name, Path(folder.path(found.name))
