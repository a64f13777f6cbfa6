"""Training a version once more from what was recorded about it, to show that it is what its card says."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core.errors import Conflict
from ml.exchange.export import export_model
from ml.matrix.schemas import FeatureSchema
from ml.serving.scoring import Scorer
from registry.engines.files import FileMismatch, read_verified
from registry.models import ModelVersion
from registry.services.datasets import verified_path
from registry.services.opening import load_manifest, load_scorer
from training.services.lineage import held_out_of

TOLERANCE = 1e-9


class CannotRebuild(Conflict):
    code = "cannot-rebuild"


class RebuiltDiffers(Conflict):
    code = "rebuilt-differs"


@dataclass(frozen=True)
class Rebuilt:
    """How far the rebuilt model is from the one that serves, on every customer of the data set."""

    customers: int
    largest_difference: float
    seconds: float


def rebuild_version(*, version: ModelVersion, at: datetime) -> Rebuilt:
    """Train `version` again from its recorded data set, parameters and seed, and compare the predictions.

    Nothing is written: the version goes on serving with the files that it has.

    Raises
    ------
    CannotRebuild
        It was imported, or its data set or the list of who was held out of it is gone.
    registry.services.datasets.DatasetMissing
        The file of its data set is not the registered one.
    RebuiltDiffers
        A probability differs by more than 1e-9.
    VersionNotServing, DamagedArtefact
        As for `registry.services.opening.load_scorer`.
    """
    # Imported here: they bring scikit-learn, which who only lists the commands need not load.
    from ml.learning.training import train_model
    from training.services.learning import read_table

    manifest = load_manifest(version, at=at)
    dataset = version.training_dataset
    if dataset is None:
        raise CannotRebuild(
            f"{version} has no recorded data set: it was imported, or its data set was removed. "
            "Rebuild a version that was trained here."
        )
    schema = FeatureSchema.from_dict(manifest["schema"])
    table = read_table(
        verified_path(dataset),
        schema=schema,
        reading=version.population.reading,
        filename=dataset.original_filename,
    )
    trained = train_model(
        table.frame,
        schema=schema,
        model_type=manifest["model_type"],
        params=manifest["parameters"],
        seed=manifest["seeds"]["training"],
        held_out=_held_out(version, dataset, manifest, len(table.frame)),
        # Versions of earlier days learned twins of those who were held out as well, or took all who are
        # equal for twins.
        keeps_twins="twins_left_out" in manifest["split"],
    )
    if trained.data_sha256 != manifest["data_sha256"]:
        raise CannotRebuild(
            f"{version} learned from other rows than stand in {dataset} today. "
            "Restore the data set from a backup."
        )
    again = export_model(trained, schema)
    columns = {name: table.frame[name].to_numpy() for name in schema.features}
    expected = load_scorer(version, at=at).score_batch(columns)
    found = Scorer(again.manifest, again.onnx).score_batch(columns)
    largest = float(abs(expected - found).max())
    # Written so that a NaN is refused, too.
    if not largest <= TOLERANCE:
        raise RebuiltDiffers(
            f"{version}, rebuilt, predicts differently: by up to {largest:.2g}. "
            "Compare the versions of the libraries with those in its manifest."
        )
    return Rebuilt(customers=len(expected), largest_difference=largest, seconds=trained.seconds)


def _held_out(version, dataset, manifest, rows):
    """Return who was held out, where the seed alone does not say: a chain of versions holds out the same."""
    expected = manifest["split"].get("held_out_sha256")
    if expected is None:
        return None
    stored = held_out_of(dataset)
    try:
        if stored is None or stored["sha256"] != expected:
            raise FileMismatch("It belongs to another version.")
        bits = read_verified(stored["path"], expected)
    except FileMismatch as mismatch:
        raise CannotRebuild(
            f"Who was held out when {version} was made is not known any more. {mismatch} "
            "Restore the file from a backup."
        ) from mismatch
    return np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=rows).astype(bool)
