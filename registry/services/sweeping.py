"""Removing what killed processes left behind: files that no row names."""

from datetime import datetime, timedelta
from pathlib import Path

from core.storage import sweep_partial
from registry.artefacts import SIGNATURE, media_path, stem_of
from registry.models import Dataset, ModelVersion
from registry.services.datasets import ORIGINALS_FOLDER

SWEPT = ("models", ORIGINALS_FOLDER)
# Longer than any registration takes: its files are written before its row can be seen.
OLDER_THAN = timedelta(hours=1)


def sweep_orphans(*, at: datetime, older_than: timedelta = OLDER_THAN) -> list[Path]:
    """Remove the files of models and originals that no row names, once they are old enough, and return their
    paths.
    """
    removed = []
    roots = [media_path(folder) for folder in SWEPT if media_path(folder).is_dir()]
    for root in roots:
        removed += sweep_partial(root, older_than=older_than.total_seconds(), now=at.timestamp())
    # Listed before the rows are read: a file that appears in between belongs to a row that may not be seen
    # yet.
    found = [path for root in roots for path in root.rglob("*") if path.is_file()]
    named = _named_files()
    for path in found:
        if path not in named and at.timestamp() - path.stat().st_mtime > older_than.total_seconds():
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def _named_files():
    versions = ModelVersion.objects.only("file_path", "file_hashes")
    names = {
        stem_of(version) + suffix for version in versions for suffix in (*version.file_hashes, SIGNATURE)
    }
    names.update(Dataset.objects.values_list("file_path", flat=True))
    return {media_path(name) for name in names}
