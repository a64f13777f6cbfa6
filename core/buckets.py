"""Where files lie that outgrow the database: three buckets, local folders or S3, behind one interface.

Names of objects are made by the program; nothing that a person typed is part of one. A bucket is private:
what leaves it goes through a view that asks who wants it, or by a signed address that holds for a while.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages
from django.http import Http404
from django.urls import reverse

from core.downloads import UNKNOWN, send_file, send_stored
from core.errors import DomainError
from core.storage import write_atomically

DATASETS, UTILS, MODELS = "datasets", "utils", "models"
BUCKETS = (DATASETS, UTILS, MODELS)
# As many names as a server gives at once.
PAGE = 1_000
_SALT = "core.file-url"


class FileIsGone(DomainError):
    code = "file-is-gone"
    http_status = 410


@dataclass(frozen=True)
class StoredObject:
    """One object of a bucket; `written_at` is an aware UTC instant."""

    name: str
    written_at: datetime


class LocalBucket(FileSystemStorage):
    """A bucket that is a folder below the media folder.

    Parameters
    ----------
    folder
        Its name below `MEDIA_ROOT`, and the name of the bucket in addresses.
    """

    def __init__(self, *, folder: str):
        super().__init__(file_permissions_mode=0o640, allow_overwrite=True)
        self.folder = folder

    # Asked for each time: the media folder of a test is another one.
    @property
    def base_location(self):
        return Path(settings.MEDIA_ROOT) / self.folder

    @property
    def location(self):
        return str(self.base_location.absolute())

    def _save(self, name, content):
        with write_atomically(Path(self.path(name))) as draft:
            with draft.open("wb") as target:
                for piece in content.chunks():
                    target.write(piece)
            draft.chmod(self.file_permissions_mode)
        return name

    def url(self, name, parameters=None, expire=None, http_method=None):
        """Return an address that needs no login: for a while, or for good where everything is public."""
        if settings.STORAGE_PUBLIC:
            path = reverse("public-file", args=(f"{self.folder}/{quote(name)}",))
        else:
            path = reverse("signed-file", args=(signing.dumps([self.folder, name], salt=_SALT),))
        return settings.BASE_URL.rstrip("/") + path

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        path = Path(self.path(name))
        if not path.is_file():
            raise FileNotFoundError(name)
        yield path

    def objects_under(self, prefix: str) -> Iterator[StoredObject]:
        root = self.base_location
        for path in sorted(root.glob(f"{prefix}*")) if root.is_dir() else ():
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                if file.is_file():
                    written_at = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
                    yield StoredObject(name=file.relative_to(root).as_posix(), written_at=written_at)

    def written_at(self, name: str) -> datetime | None:
        try:
            return self.get_modified_time(name)
        except FileNotFoundError:
            return None

    def remove_under(self, prefix: str) -> None:
        shutil.rmtree(self.path(prefix), ignore_errors=True)

    def make(self) -> bool:
        """Make the folder and tell whether it was missing."""
        is_new = not self.base_location.is_dir()
        self.base_location.mkdir(parents=True, exist_ok=True)
        return is_new


def store_file(bucket: str, name: str, source: Path) -> None:
    """Put a copy of the file at `source` into `bucket`; it appears whole or not at all."""
    with source.open("rb") as handle:
        storages[bucket].save(name, File(handle, name=name))


@contextmanager
def local_copy(bucket: str, name: str) -> Iterator[Path]:
    """Yield where the object can be read on this machine; a copy made for that is removed at the end.

    Raises
    ------
    FileIsGone
        There is no such object.
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


def written_at(bucket: str, name: str) -> datetime | None:
    """Return since when the object is as it is now, as an aware UTC instant; None where there is none."""
    return storages[bucket].written_at(name)


def file_url(bucket: str, name: str) -> str:
    """Return an address of the object that works without a login for `FILE_URL_MINUTES`."""
    return storages[bucket].url(name)


def send_object(request, bucket: str, name: str, *, filename: str, content_type: str = UNKNOWN):
    """Send an object as a download called `filename`; one that is gone answers as if it had never been."""
    storage = storages[bucket]
    if not is_remote(bucket):
        return send_stored(request, Path(storage.path(name)), name=filename, content_type=content_type)
    try:
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
        bucket, name = signing.loads(token, salt=_SALT, max_age=settings.FILE_URL_MINUTES * 60)
    except signing.BadSignature as error:
        raise _gone() from error
    return bucket, name


def _gone():
    return FileIsGone("The file is not there, or the time of this address is over. Ask for a new one.")
