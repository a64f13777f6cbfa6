"""Buckets on a server that speaks S3 (Supabase, MinIO, AWS). Imported only where one is configured."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError
from django.conf import settings
from storages.backends.s3 import S3File, S3Storage

from core.faults import FilesAway, StorageFull
from core.files.cache import cache_folder
from core.files.drafts import write_atomically
from core.files.stored import PUBLISHABLE, StoredObject

_UNANSWERED = (ConnectionError, HTTPClientError, IncompleteReadError)
# Elsewhere, credentials that are over (a HEAD says no more of them than 400), not let in, in the way of
# others, too often asked: nothing that is wrong with the object.
_NOT_NOW = (301, 307, 400, 401, 403, 404, 408, 409, 429)


class S3Bucket(S3Storage):
    """A bucket on an S3-compatible server.

    Parameters
    ----------
    alias
        What the product calls it; the server may know it by a longer name.
    options
        Those of django-storages.
    """

    def __init__(self, *, alias: str, **options):
        super().__init__(**options)
        self.alias = alias
        # Checksums that the newest clients add are refused by servers that only speak the older S3. Somebody
        # waits for the page, so a server that is down is given up soon.
        self.client_config = self.client_config.merge(
            Config(
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": 3, "mode": "standard"},
            )
        )

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
        with tempfile.TemporaryDirectory(dir=folder, prefix="object-") as scratch:
            path = Path(scratch) / Path(name).name
            with self._asking(name):
                self.bucket.Object(self._normalize_name(name)).download_file(str(path))
            yield path

    def take(self, name: str, source: Path) -> None:
        """Make the file at `source` the object. A large one travels in parts and appears with the last."""
        with self._asking(name):
            self.bucket.Object(self._normalize_name(name)).upload_file(str(source))
        source.unlink()

    def cached_path(self, name: str) -> Path:
        """Return the copy that this machine has of the object as it is now, fetched if there is none."""
        found = self.bucket.Object(self._normalize_name(name))
        with self._asking(name):
            # Another content is another mark, and so another copy: none is ever out of date.
            mark = found.e_tag.strip('"')
            path = cache_folder() / f"{self.alias}-{mark}" / Path(name).name
            if path.is_file():
                os.utime(path.parent)
            else:
                with write_atomically(path) as draft:
                    found.download_file(str(draft))
        return path

    def objects_under(self, prefix: str) -> Iterator[StoredObject]:
        with self._asking(prefix):
            for found in self.bucket.objects.filter(Prefix=prefix):
                yield StoredObject(name=found.key, written_at=found.last_modified)

    def written_at(self, name: str) -> datetime | None:
        with suppress(FileNotFoundError), self._asking(name):
            return self.bucket.Object(self._normalize_name(name)).last_modified
        return None

    def exists(self, name):
        return self.written_at(name) is not None

    def delete(self, name):
        with suppress(FileNotFoundError), self._asking(name):
            self.bucket.Object(self._normalize_name(name)).delete()

    def remove_under(self, prefix: str) -> None:
        with self._asking(prefix):
            self.bucket.objects.filter(Prefix=prefix).delete()

    def _open(self, name, mode="rb"):
        with self._asking(name):
            return S3File(self._normalize_name(name), mode, self)

    def _save(self, name, content):
        with self._asking(name):
            return super()._save(name, content)

    def check(self) -> None:
        """Raise `core.faults.FilesAway` where the bucket is not there or the server does not answer."""
        with self._asking(""):
            self._head()

    @contextmanager
    def _asking(self, name):
        """Tell an object that the server does not have from one that it cannot be asked for now.

        Raises
        ------
        FileNotFoundError
            There is no such object in a bucket that is there.
        core.faults.FilesAway, core.faults.StorageFull
            Nobody knows, or there is no room.
        """
        try:
            yield
        except _UNANSWERED as error:
            raise FilesAway from error
        except (ClientError, Boto3Error) as error:
            if meant := self._meant_by(error, name):
                raise meant from error
            raise

    def _meant_by(self, error, name):
        # What boto3 raises of its own while it sends or fetches parts came from an answer, or from none.
        refused = error if isinstance(error, ClientError) else error.__context__
        if not isinstance(refused, ClientError):
            return FilesAway()
        code, status = _answer_of(refused)
        if code == "NoSuchKey" or (status == 404 and name and self._is_there()):
            return FileNotFoundError(name)
        if status == 507:
            return StorageFull()
        return FilesAway() if status in _NOT_NOW or status >= 500 else None

    def _is_there(self):
        # To an object and to its bucket, HEAD answers 404 alike.
        try:
            self._head()
        except ClientError as error:
            # Not every key may ask; what is not there is missing for all of them.
            return _answer_of(error)[1] != 404
        except _UNANSWERED:
            return False
        return True

    def _head(self):
        self.connection.meta.client.head_bucket(Bucket=self.bucket_name)

    def make(self) -> bool:
        """Make the bucket, open to readers only where everything is public; tell whether it was missing."""
        client = self.connection.meta.client
        is_new = False
        try:
            self._head()
        except ClientError as error:
            if _answer_of(error)[1] != 404:
                raise
            # us-east-1 is where S3 puts a bucket by itself, and refuses to be told so.
            elsewhere = self.region_name and self.region_name != "us-east-1"
            place = {"LocationConstraint": self.region_name}
            client.create_bucket(
                Bucket=self.bucket_name, **({"CreateBucketConfiguration": place} if elsewhere else {})
            )
            is_new = True
        if settings.STORAGE_PUBLIC and self.alias in PUBLISHABLE:
            client.put_bucket_policy(Bucket=self.bucket_name, Policy=self._open_to_readers())
        return is_new

    def _open_to_readers(self):
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{self.bucket_name}/*",
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _answer_of(refused):
    """Return code and HTTP status of what the server answered."""
    return refused.response["Error"]["Code"], refused.response["ResponseMetadata"]["HTTPStatusCode"]
