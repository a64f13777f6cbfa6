"""The files that the registry owns: of model versions, and the originals that all companies share."""

from datetime import timedelta

from core.files.owners import Owner, declare
from core.files.stored import MEDIA, MODELS
from registry.artefacts import DEFAULTS_FOLDER, RETRAINED_FOLDER, stem_of
from registry.engines.files import GRAPH, MANIFEST, METADATA, MODEL, SIGNATURE
from registry.models import Dataset, ModelVersion
from registry.services.datasets import ORIGINALS_FOLDER

SUFFIXES = (MODEL, METADATA, GRAPH, MANIFEST, SIGNATURE)
# Longer than any registration takes: its files are written before its row can be seen.
REGISTERED_AFTER = timedelta(hours=1)
# Rows name their files below the media folder; in its bucket a file has the rest of that name.
_FOLDER = f"{MODELS}/"


def declare_files() -> None:
    retrained = RETRAINED_FOLDER.removeprefix(_FOLDER)
    declare(
        "model versions",
        Owner(
            bucket=MODELS,
            prefixes=(f"{DEFAULTS_FOLDER.removeprefix(_FOLDER)}/", f"{retrained}/"),
            in_use=_of_versions,
            has_files=ModelVersion.objects.exists,
            abandoned_after=REGISTERED_AFTER,
            may_be_ours=lambda name: name.endswith(SUFFIXES),
            erased=(f"{retrained}/{{id}}",),
        ),
    )
    declare(
        "original data sets",
        Owner(
            bucket=MEDIA,
            prefixes=(f"{ORIGINALS_FOLDER}/",),
            in_use=_of_datasets,
            has_files=Dataset.objects.filter(bucket_name="").exists,
            abandoned_after=REGISTERED_AFTER,
        ),
    )


def _of_versions(names):
    """Return which files rows name, of the versions to which `names` could belong."""
    stems = {
        _FOLDER + name.removesuffix(suffix) for name in names for suffix in SUFFIXES if name.endswith(suffix)
    }
    paths = [stem + suffix for stem in stems for suffix in ("", MODEL, GRAPH, MANIFEST)]
    versions = ModelVersion.objects.filter(file_path__in=paths).only("file_path", "file_hashes")
    return {
        (stem_of(version) + suffix).removeprefix(_FOLDER)
        for version in versions
        for suffix in (*version.file_hashes, SIGNATURE)
    }


def _of_datasets(names):
    return set(Dataset.objects.filter(file_path__in=names).values_list("file_path", flat=True))
