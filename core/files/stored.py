"""What the two kinds of buckets have in common: their names, what they list, what they cannot find."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import DomainError

# `media` holds what people give and get in the portal and is never public; `models` the files of versions.
DATASETS, UTILS, MODELS, MEDIA = "datasets", "utils", "models", "media"
BUCKETS = (DATASETS, UTILS, MODELS, MEDIA)
# Where the installation says that files are public, these are.
PUBLISHABLE = (DATASETS, UTILS)


class FileIsGone(DomainError):
    code = "file-is-gone"
    http_status = 410


@dataclass(frozen=True)
class StoredObject:
    """One object of a bucket; `written_at` is an aware UTC instant."""

    name: str
    written_at: datetime
