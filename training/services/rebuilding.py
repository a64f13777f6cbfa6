"""Training a version once more from what was recorded about it, to show that it is what its card says."""

from dataclasses import dataclass

from core.errors import Conflict
from ml.export import export_model
from ml.schemas import FeatureSchema
from ml.scoring import Scorer
from registry.artefacts import load_manifest, load_scorer
from registry.models import ModelVersion
from registry.services.datasets import verified_path

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


def rebuild_version(*, version: ModelVersion) -> Rebuilt:
    """Train `version` again from its recorded data set, parameters and seed, and compare the predictions.

    Nothing is written: the version goes on serving with the files that it has.

    Raises
    ------
    CannotRebuild
        It was imported, its data set is gone, or it was made with another split than its seed alone gives.
    registry.services.datasets.DatasetMissing
        The file of its data set is not the registered one.
    RebuiltDiffers
        A probability differs by more than 1e-9.
    VersionNotServing, DamagedArtefact
        As for `registry.artefacts.load_scorer`.
    """
    # Imported here: they bring scikit-learn, which who only lists the commands need not load.
    from ml.training import train_model
    from training.learning import read_table

    manifest = load_manifest(version)
    dataset = version.training_dataset
    if dataset is None:
        raise CannotRebuild(
            f"{version} has no recorded data set: it was imported, or its data set was removed."
        )
    if "held_out_sha256" in manifest["split"]:
        raise CannotRebuild(
            f"{version} held out the customers whom the versions before it held out, which its seed alone "
            "does not say."
        )
    schema = FeatureSchema.from_dict(manifest["schema"])
    table = read_table(verified_path(dataset), filename=dataset.original_filename, schema=schema)
    trained = train_model(
        table.frame,
        schema=schema,
        model_type=manifest["model_type"],
        params=manifest["parameters"],
        seed=manifest["seeds"]["training"],
    )
    if trained.data_sha256 != manifest["data_sha256"]:
        raise CannotRebuild(f"{version} learned from other rows than stand in {dataset} today.")
    again = export_model(trained, schema)
    columns = {name: table.frame[name].to_numpy() for name in schema.features}
    expected = load_scorer(version).score_batch(columns)
    found = Scorer(again.manifest, again.onnx).score_batch(columns)
    largest = float(abs(expected - found).max())
    # Written so that a NaN is refused, too.
    if not largest <= TOLERANCE:
        raise RebuiltDiffers(f"{version}, rebuilt, predicts differently: by up to {largest:.2g}.")
    return Rebuilt(customers=len(expected), largest_difference=largest, seconds=trained.seconds)
