"""Buckets that are folders of this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.core.files.storage import FileSystemStorage
from django.urls import reverse

from core.files import roots
from core.files.drafts import PARTIAL, sync, write_atomically
from core.files.stored import StoredObject

URL_SALT = "core.file-url"


class LocalBucket(FileSystemStorage):
    """A bucket that is a folder below the media folder.

    Parameters
    ----------
    folder
        Its name below `MEDIA_ROOT` and in addresses; empty for the media folder itself.
    """

    def __init__(self, *, folder: str):
        super().__init__(file_permissions_mode=0o600, allow_overwrite=True)
        self.folder = folder

    # Asked for each time: the media folder of a test is another one.
    @property
    def base_location(self):
        return Path(settings.MEDIA_ROOT) / self.folder

    @property
    def location(self):
        return str(self.base_location.absolute())

    def root_of(self, name: str) -> Path:
        """Return the folder that may be a volume of its own: that of the bucket, or in the media folder."""
        first, is_below, _ = name.partition("/")
        return self.base_location / first if is_below and not self.folder else self.base_location

    def check(self) -> None:
        """Raise `core.faults.FilesAway` where the folder was there and is away; note one that is there."""
        roots.refuse_if_away(self.base_location)
        if self.base_location.is_dir():
            roots.ready(self.base_location)

    def _save(self, name, content):
        roots.ready(self.root_of(name))
        with write_atomically(Path(self.path(name))) as draft:
            with draft.open("wb") as target:
                for piece in content.chunks():
                    target.write(piece)
            draft.chmod(self.file_permissions_mode)
        return name

    def take(self, name: str, source: Path) -> None:
        """Make the file at `source` the object: moved where both lie on one file system, else copied."""
        target = Path(self.path(name))
        roots.ready(self.root_of(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(self.file_permissions_mode)
        sync(source)
        try:
            os.replace(source, target)
            sync(target.parent)
        except OSError:
            with write_atomically(target) as draft:
                shutil.copyfile(source, draft)
                draft.chmod(self.file_permissions_mode)
            source.unlink()

    def url(self, name, parameters=None, expire=None, http_method=None):
        """Return an address that needs no login: for a while, or for good where everything is public."""
        if settings.STORAGE_PUBLIC:
            path = reverse("public-file", args=(f"{self.folder}/{quote(name)}",))
        else:
            path = reverse("signed-file", args=(signing.dumps([self.folder, name], salt=URL_SALT),))
        return settings.BASE_URL.rstrip("/") + path

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        yield self.cached_path(name)

    def cached_path(self, name: str) -> Path:
        path = Path(self.path(name))
        if not path.is_file():
            roots.refuse_if_away(self.root_of(name))
            raise FileNotFoundError(name)
        return path

    def exists(self, name):
        found = super().exists(name)
        if not found:
            roots.refuse_if_away(self.root_of(name))
        return found

    def delete(self, name):
        roots.refuse_if_away(self.root_of(name))
        super().delete(name)

    def objects_under(self, prefix: str) -> Iterator[StoredObject]:
        root = self.base_location
        folder, _, beginning = prefix.rpartition("/")
        for path in sorted((root / folder).glob(f"{beginning}*")) if (root / folder).is_dir() else ():
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                if file.name.startswith(PARTIAL):
                    continue  # not there yet
                try:
                    written_at = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
                except FileNotFoundError:
                    continue  # somebody removed it meanwhile
                if file.is_file():
                    yield StoredObject(name=file.relative_to(root).as_posix(), written_at=written_at)

    def written_at(self, name: str) -> datetime | None:
        try:
            return self.get_modified_time(name)
        except FileNotFoundError:
            return None

    def remove_under(self, prefix: str) -> None:
        roots.refuse_if_away(self.root_of(prefix))
        # Found gone is as good as removed; what cannot be removed is for the caller to know.
        with suppress(FileNotFoundError):
            shutil.rmtree(self.path(prefix), onerror=_unless_gone)

    def note(self, prefix: str, *, has_files: bool) -> None:
        """Note the folder of all that begins with `prefix`; see `core.files.roots.note`."""
        roots.note(self.root_of(prefix), has_files=has_files)

    def make(self) -> bool:
        """Make the folder, and tell whether it was missing; what was in one that is away is given up."""
        return roots.make_anew(self.base_location)

    def make_for(self, prefix: str) -> None:
        """Do so with the folder of all that begins with `prefix`."""
        roots.make_anew(self.root_of(prefix))

    def is_given_up(self, name: str) -> bool:
        return roots.is_given_up(self.root_of(name))


def _unless_gone(function, path, failure):
    if not isinstance(failure[1], FileNotFoundError):
        raise failure[1]
