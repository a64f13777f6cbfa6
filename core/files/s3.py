"""Buckets on a server that speaks S3 (Supabase, MinIO, AWS). Imported only where one is configured."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from botocore.config import Config
from botocore.exceptions import ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from core.files.cache import cache_folder
from core.files.drafts import write_atomically
from core.files.stored import PUBLISHABLE, StoredObject

_MISSING = ("404", "NoSuchKey", "NoSuchBucket")


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
            try:
                self.bucket.Object(self._normalize_name(name)).download_file(str(path))
            except ClientError as error:
                if error.response["Error"]["Code"] in _MISSING:
                    raise FileNotFoundError(name) from error
                raise
            yield path

    def take(self, name: str, source: Path) -> None:
        """Make the file at `source` the object. A large one travels in parts and appears with the last."""
        self.bucket.Object(self._normalize_name(name)).upload_file(str(source))
        source.unlink()

    def cached_path(self, name: str) -> Path:
        """Return the copy that this machine has of the object as it is now, fetched if there is none."""
        found = self.bucket.Object(self._normalize_name(name))
        try:
            # Another content is another mark, and so another copy: none is ever out of date.
            mark = found.e_tag.strip('"')
            path = cache_folder() / f"{self.alias}-{mark}" / Path(name).name
            if path.is_file():
                os.utime(path.parent)
            else:
                with write_atomically(path) as draft:
                    found.download_file(str(draft))
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise FileNotFoundError(name) from error
            raise
        return path

    def objects_under(self, prefix: str) -> Iterator[StoredObject]:
        for found in self.bucket.objects.filter(Prefix=prefix):
            yield StoredObject(name=found.key, written_at=found.last_modified)

    def written_at(self, name: str) -> datetime | None:
        try:
            return self.bucket.Object(self._normalize_name(name)).last_modified
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise

    def remove_under(self, prefix: str) -> None:
        self.bucket.objects.filter(Prefix=prefix).delete()

    def make(self) -> bool:
        """Make the bucket, open to readers only where everything is public; tell whether it was missing."""
        client = self.connection.meta.client
        is_new = False
        try:
            client.head_bucket(Bucket=self.bucket_name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
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
