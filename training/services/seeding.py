"""The five default models: trained on the installation's original data set and registered, once."""

import fcntl
import json
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings

from registry.engines.files import MANIFEST
from registry.models import Dataset, ModelType, ModelVersion
from registry.selectors import telecom_base
from registry.services.datasets import (
    DatasetMissing,
    default_dataset,
    register_default_dataset,
    verified_path,
)
from registry.services.initialisation import (
    create_directories,
    initialize_waiting_companies,
    register_model_in_db,
)
from registry.services.model_types import add_missing_model_types
from registry.services.opening import DamagedArtefact, read_or_report
from registry.services.versions import DefaultExists


def seed_defaults(
    *, dataset_path: Path | None = None, at: datetime, report: Callable[[str], object] = print
) -> list[ModelVersion]:
    """Train and register the defaults that are missing, and return what was registered.

    Without `dataset_path` the original of the installation decides, and DatasetA.csv where there is none yet.
    Another file becomes the new original: all five are trained anew as the next version and take over, what
    they replace stays on disk and in the list of versions. A damaged default is replaced in the same way; one
    that an operator put into quarantine is left alone.

    Parameters
    ----------
    dataset_path
        A company's own file: the columns of the schema and the label.
    report
        Gets one line per step.

    Raises
    ------
    DatasetMissing
        There is no file to learn from.
    TableRefused
        The file is not what it must be; the sentence says where and why.
    CannotLearn
        Too few customers of one outcome.
    """
    wanted = settings.DEFAULT_MODEL_TYPES
    # The usual start of the server ends here, before anything that learns is imported.
    if dataset_path is None and not _missing(wanted, default_dataset(), at):
        report(f"The {len(wanted)} default models are ready.")
        return []
    with _one_at_a_time():
        create_directories()
        add_missing_model_types()
        return _seed(wanted, dataset_path, at, report)


def _seed(wanted, dataset_path, at, report):
    # Imported here for the early return above.
    from training.services.learning import learn_and_export, read_table

    base = telecom_base()
    schema = base.features
    original = default_dataset()
    table = None
    if dataset_path is not None or original is None:
        path = Path(dataset_path or settings.DATASET_A)
        if not path.is_file():
            hint = "Check the path." if dataset_path else "Make it with: manage.py make_dataset_a"
            raise DatasetMissing(f"There is no file {path}. {hint}")
        table = read_table(path, schema=schema)
        dataset = original if original and original.sha256 == table.checked.sha256 else None
    else:
        dataset = original
    missing = _missing(wanted, dataset, at)
    if not missing:
        report(f"The {len(wanted)} default models are ready; they were trained on this file.")
        return []
    table = table or read_table(verified_path(dataset), schema=schema, filename=dataset.original_filename)

    registered = []
    types = {row.slug: row for row in ModelType.objects.filter(slug__in=missing)}
    for slug in missing:
        serving = ModelVersion.objects.defaults().filter(model_type=types[slug]).first()
        exported, seconds = learn_and_export(
            table.frame,
            model_type=slug,
            params=types[slug].parameters,
            schema=schema,
            slices=base.slices,
        )
        # Only after a first model could learn from it: a file that teaches nothing replaces no original.
        dataset = dataset or register_default_dataset(checked=table.checked, at=at)
        try:
            version = register_model_in_db(
                model_type=types[slug], exported=exported, dataset=dataset, at=at, replaces=serving
            )
        except DefaultExists:
            report(f"  {types[slug].name}: another process was first")
            continue
        weighted = exported.metadata["metrics"]
        figures = f"accuracy {weighted['Accuracy']:.3f} (weighted), AUC {weighted['AUC']:.3f}"
        report(f"  {version}: {figures}, {seconds:.1f} s")
        registered.append(version)
    initialize_waiting_companies(at=at)
    return registered


def _missing(wanted: list[str], dataset: Dataset | None, at: datetime) -> list[str]:
    """Return those of `wanted` whose default does not serve, or learned from other data than `dataset`."""
    if dataset is None:
        return list(wanted)
    defaults = {
        version.model_type.slug: version
        for version in ModelVersion.objects.defaults().select_related(
            "model_type", "training_dataset", "company"
        )
    }
    return [slug for slug in wanted if not _is_sound(defaults.get(slug), dataset, at)]


def _is_sound(version, dataset, at):
    if version is None:
        return False
    learned = version.training_dataset is not None and version.training_dataset.sha256 == dataset.sha256
    if version.state == ModelVersion.State.QUARANTINED:
        return learned or version.training_dataset is None
    if not version.is_ready:
        return False
    try:
        manifest = json.loads(read_or_report(version, at=at)[MANIFEST])
    except DamagedArtefact:
        return False
    # What an operator imported or promoted learned from something else, and stays all the same.
    return learned or "imported" in manifest or "promoted" in manifest


@contextmanager
def _one_at_a_time():
    """Let a second process on this machine wait instead of training the same models; between machines the row
    decides.
    """
    with open(settings.STATE_DIR / "seeding.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
