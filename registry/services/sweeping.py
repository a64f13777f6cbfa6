"""Removing what killed processes left behind: files that no row names."""

from datetime import datetime, timedelta
from pathlib import Path

from core.buckets import PAGE
from core.storage import sweep_partial
from registry import mirror
from registry.artefacts import DEFAULTS_FOLDER, RETRAINED_FOLDER, media_path, stem_of
from registry.engines.files import GRAPH, MANIFEST, METADATA, MODEL, SIGNATURE
from registry.models import Dataset, ModelVersion
from registry.services.datasets import ORIGINALS_FOLDER

SWEPT = ("models", ORIGINALS_FOLDER)
SUFFIXES = (MODEL, METADATA, GRAPH, MANIFEST, SIGNATURE)
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


def sweep_bucket(*, at: datetime, older_than: timedelta = OLDER_THAN, page_size: int = PAGE) -> list[str]:
    """Do as `sweep_orphans` for the models in a bucket on a server, and return the paths of what went.

    Only what a version could have written is looked at: nothing else in the bucket is ours to remove.
    """
    oldest = at - older_than
    removed = []
    for folder in (DEFAULTS_FOLDER, RETRAINED_FOLDER):
        for page in mirror.pages(folder, size=page_size):
            old = [found.name for found in page if found.written_at < oldest and _stems(found.name)]
            # Read after the page: whose row appears in between is named by it.
            named = _named_among(old)
            # A number is given again after its registration was killed. The next one may have written the
            # same name since the page was listed, and its row is not there yet.
            removed += [name for name in old if name not in named and mirror.drop_if_older(name, than=oldest)]
    return removed


def _named_among(names):
    """Return what rows name of the versions to which `names` could belong."""
    stems = {stem for name in names for stem in _stems(name)}
    paths = [stem + suffix for stem in stems for suffix in ("", MODEL, GRAPH, MANIFEST)]
    return _files_of(ModelVersion.objects.filter(file_path__in=paths))


def _stems(name):
    return [name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)]


def _files_of(versions):
    return {
        stem_of(version) + suffix
        for version in versions.only("file_path", "file_hashes")
        for suffix in (*version.file_hashes, SIGNATURE)
    }


def _named_files():
    names = _files_of(ModelVersion.objects.all())
    names.update(Dataset.objects.values_list("file_path", flat=True))
    return {media_path(name) for name in names}
