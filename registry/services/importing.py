"""Models that were trained elsewhere: taken in as data, never as a pickle of a model."""

import json
from datetime import datetime
from pathlib import Path

from django.db import transaction

from companies.models import Account, Company
from companies.services.audit import record_event
from core.errors import Unprocessable
from registry.artefacts import UnsafeMetadata, read_metadata
from registry.files import parse_scorer
from registry.models import ModelType, ModelVersion
from registry.services.versions import METRIC_COLUMNS, register_version

MOST_BYTES = 200 * 1024 * 1024
PICKLES = (".pkl", ".pickle", ".pkcls", ".joblib", ".sav")


class ImportRefused(Unprocessable):
    code = "import-refused"


def import_version(
    *,
    manifest_path: Path,
    graph_path: Path | None,
    metadata_path: Path | None,
    company: Company | None,
    by: Account | None,
    at: datetime,
) -> ModelVersion:
    """Register a model that was trained elsewhere, from files that hold data and no program.

    Parameters
    ----------
    manifest_path
        JSON in the form of this registry's manifests: schema, serving form, calibrator, threshold, and 50
        golden rows with what the original model said about them.
    graph_path
        The ONNX graph; None where the manifest holds the folded tables of a linear model.
    metadata_path
        The ``_metadata.pkl`` that came with the model, if its figures do not stand in the manifest. It is
        read as plain texts and numbers; one that names code is refused.
    company
        Whose it becomes. None for a default, which takes over from the one before.

    Raises
    ------
    ImportRefused
        A pickle of a model, or a manifest that lacks something.
    ScorersDisagree
        It does not reproduce its golden rows.
    """
    _refuse_pickles(manifest_path, graph_path)
    manifest = _manifest(manifest_path)
    onnx = _read(graph_path) if graph_path else None
    try:
        parse_scorer(json.dumps(manifest).encode(), onnx)
        model_type = ModelType.objects.get(slug=manifest["model_type"])
    except ModelType.DoesNotExist as error:
        raise ImportRefused(f"There is no model type {manifest['model_type']!r}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ImportRefused(f"{manifest_path.name} cannot be scored with: {error}") from error
    metadata = {"model_type": model_type.name, "metrics": _figures(manifest, metadata_path)}

    # Imported here: it brings scikit-learn, which only somebody who imports needs.
    from ml.export import ExportedModel

    exported = ExportedModel(manifest=manifest, onnx=onnx, pipeline_pickle=None, metadata=metadata)
    replaces = None if company else ModelVersion.objects.defaults().filter(model_type=model_type).first()
    with transaction.atomic():
        version = register_version(
            company=company, model_type=model_type, exported=exported, dataset=None, at=at, replaces=replaces
        )
        record_event(
            action="version-imported",
            company=company,
            actor=by,
            subject=str(version),
            at=at,
            model=version.pk,
            manifest=manifest_path.name,
        )
    return version


def _refuse_pickles(*paths):
    for path in filter(None, paths):
        if path.suffix.lower() in PICKLES or _read(path)[:1] in (b"\x80", b"x"):
            raise ImportRefused(
                f"{path.name} was not opened: a pickle runs whatever program it holds as soon as it is read, "
                "and may predict differently here than where it was made. Export the model as ONNX with a "
                "manifest and import these, or give its training data to seed_defaults --dataset."
            )


def _manifest(path):
    try:
        manifest = json.loads(_read(path))
        json.dumps(manifest, allow_nan=False)
    except ValueError as error:
        raise ImportRefused(f"{path.name} is no manifest: {error}") from error
    missing = {"model_type", "model_name", "schema", "serving", "golden"} - set(manifest)
    if missing:
        raise ImportRefused(f"{path.name} lacks {', '.join(sorted(missing))}.")
    return manifest


def _figures(manifest, metadata_path):
    """Return the five figures by the names of metadata files; `METRIC_COLUMNS` says where each is stored."""
    try:
        if metadata_path:
            found = read_metadata(_read(metadata_path))["metrics"]
        else:
            found = manifest["metrics"]["weighted"]
        figures = {name: float(found[name]) for name in METRIC_COLUMNS}
    except UnsafeMetadata as error:
        raise ImportRefused(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ImportRefused(
            f"The five figures {', '.join(METRIC_COLUMNS)} are not all there: {error}."
        ) from error
    outside = [name for name, value in figures.items() if not 0 <= value <= 1]
    if outside:
        raise ImportRefused(f"{', '.join(outside)} must lie between 0 and 1.")
    return figures


def _read(path):
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImportRefused(f"{path.name} is larger than {MOST_BYTES // 1024 // 1024} MB.")
        return path.read_bytes()
    except OSError as error:
        raise ImportRefused(f"{path.name} cannot be read ({error.strerror}).") from error
