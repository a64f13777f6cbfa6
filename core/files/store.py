"""Where files lie that outgrow the database: in buckets, each a local folder or on a server that speaks S3.

Names of objects are made by the program; nothing that a person typed is part of one. A bucket is private:
what leaves it goes through a view that asks who wants it, or by a signed address that holds for a while.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.http import Http404

from core.downloads import UNKNOWN, send_file, send_stored
from core.files.local import URL_SALT, LocalBucket
from core.files.stored import FileIsGone, StoredObject

# As many names as a server gives at once.
PAGE = 1_000


def store_file(bucket: str, name: str, source: Path) -> None:
    """Put a copy of the file at `source` into `bucket`; it appears whole or not at all."""
    with source.open("rb") as handle:
        storages[bucket].save(name, File(handle, name=name))


def take_file(bucket: str, name: str, source: Path) -> None:
    """Make the file at `source` an object of `bucket`, whole or not at all; at `source` it is gone then."""
    storages[bucket].take(name, source)


def store_bytes(bucket: str, name: str, payload: bytes) -> None:
    storages[bucket].save(name, ContentFile(payload, name=name))


def cached_path(bucket: str, name: str) -> Path:
    """Return where the object can be read on this machine, now and as long as somebody reads it.

    What lies on a server is copied here, and the copy is used again as long as the object is the same. It
    goes with the sweep once nobody has asked for it for a day.

    Raises
    ------
    FileIsGone
        There is no such object.
    core.faults.FilesAway
        The folder of the bucket is not there: what is in it, nobody knows now.
    """
    try:
        return storages[bucket].cached_path(name)
    except FileNotFoundError as error:
        raise _gone() from error


@contextmanager
def local_copy(bucket: str, name: str) -> Iterator[Path]:
    """Yield where the object can be read on this machine; a copy made for that is removed at the end.

    Raises
    ------
    FileIsGone
        There is no such object.
    core.faults.FilesAway
        The folder of the bucket is not there: what is in it, nobody knows now.
    """
    try:
        copy = storages[bucket].local_copy(name)
        path = copy.__enter__()
    except FileNotFoundError as error:
        raise _gone() from error
    try:
        yield path
    finally:
        copy.__exit__(None, None, None)


def is_remote(bucket: str) -> bool:
    """Tell whether the bucket is on a server, and what this machine has of it a copy."""
    return not isinstance(storages[bucket], LocalBucket)


def exists(bucket: str, name: str) -> bool:
    """Tell whether there is such an object; raises `core.faults.FilesAway` as `cached_path` does."""
    return bool(name) and storages[bucket].exists(name)


def remove_file(bucket: str, name: str) -> None:
    """Remove an object; one that is not there is no mistake."""
    if name:
        storages[bucket].delete(name)


def remove_under(bucket: str, prefix: str) -> None:
    """Remove all objects whose name begins with the folder `prefix`."""
    if not prefix.strip("/"):
        raise ValueError("An empty prefix would remove the whole bucket.")
    storages[bucket].remove_under(f"{prefix.rstrip('/')}/")


def objects_under(bucket: str, prefix: str = "") -> Iterator[StoredObject]:
    return storages[bucket].objects_under(prefix)


def pages_under(bucket: str, prefix: str = "", *, size: int = PAGE) -> Iterator[list[StoredObject]]:
    """Yield the objects in lists of at most `size`: a full bucket never stands in memory at once."""
    found = objects_under(bucket, prefix)
    while page := list(islice(found, size)):
        yield page


def remove_if_older(bucket: str, name: str, *, than: datetime) -> bool:
    """Remove an object unless somebody wrote it again since it was listed, and tell whether it went."""
    since = written_at(bucket, name)
    if since is None or since >= than:
        return False
    remove_file(bucket, name)
    return True


def written_at(bucket: str, name: str) -> datetime | None:
    """Return since when the object is as it is now, as an aware UTC instant; None where there is none."""
    return storages[bucket].written_at(name)


def note_root(bucket: str, prefix: str, *, has_files: bool) -> None:
    """Note the folder of all that begins with `prefix`, or that it is away; a server keeps its own count."""
    if not is_remote(bucket):
        storages[bucket].note(prefix, has_files=has_files)


def make_root(bucket: str, prefix: str) -> None:
    """Make the folder of all that begins with `prefix`, also where it was there before and is away."""
    if not is_remote(bucket):
        storages[bucket].make_for(prefix)


def is_certain(bucket: str, name: str) -> bool:
    """Tell whether an object that is not there is gone for good, and not away with a volume."""
    return is_remote(bucket) or storages[bucket].is_given_up(name)


def file_url(bucket: str, name: str) -> str:
    """Return an address of the object that works without a login for `FILE_URL_MINUTES`."""
    return storages[bucket].url(name)


def send_object(request, bucket: str, name: str, *, filename: str, content_type: str = UNKNOWN):
    """Send an object as a download called `filename`; one that is gone answers as if it had never been."""
    storage = storages[bucket]
    try:
        if not is_remote(bucket):
            path = storage.cached_path(name)
            return send_stored(request, path, name=filename, content_type=content_type)
        file = storage.open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    return send_file(request, file, size=file.size, name=filename, content_type=content_type)


def read_token(token: str) -> tuple[str, str]:
    """Return bucket and name that a signed address stands for.

    Raises
    ------
    FileIsGone
        Its time is over, or it is not one of ours: both answer alike.
    """
    try:
        bucket, name = signing.loads(token, salt=URL_SALT, max_age=settings.FILE_URL_MINUTES * 60)
    except signing.BadSignature as error:
        raise _gone() from error
    return bucket, name


def _gone():
    return FileIsGone("The file is not there, or the time of this address is over. Ask for a new one.")
