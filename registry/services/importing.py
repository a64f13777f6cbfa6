"""Models that were trained elsewhere: taken in as data, never as a pickle of a model."""

import io
import json
import logging
import pickletools
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from companies.models import Account, Company
from companies.services.audit import record_event
from companies.services.conditions import refuse_all_but_operators
from core.errors import Unprocessable
from intake.services.waiting import waiting_room
from registry.artefacts import UnsafeMetadata, read_metadata
from registry.engines.exported import MANIFEST, read_exported
from registry.engines.files import sha256
from registry.models import ModelType, ModelVersion
from registry.selectors import telecom_base
from registry.services.initialisation import initialize_everywhere
from registry.services.versions import METRIC_COLUMNS, ScorersDisagree, register_version
from sandbox.child import ChildFailed, LimitReached, TooMuchMemory, run_in_child

logger = logging.getLogger(__name__)

MOST_BYTES = 200 * 1024 * 1024
LONGEST_SECONDS = 180
PICKLES = (".pkl", ".pickle", ".pkcls", ".joblib", ".sav")
# How joblib compresses: zlib, gzip, bzip2, xz, lzma, lz4.
_COMPRESSED = (
    b"x\x01",
    b"x^",
    b"x\x9c",
    b"x\xda",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"]\x00\x00",
    b"\x04\x22M\x18",
)
_ZIP, _NUMPY = b"PK\x03\x04", b"\x93NUMPY"
LOOKED_AT = 4096


class ImportRefused(Unprocessable):
    code = "import-refused"


def import_version(
    *,
    manifest_path: Path,
    graph_path: Path | None,
    metadata_path: Path | None,
    customers_path: Path | None = None,
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
    customers_path
        Customers with outcomes whom the model has not learned from: its figures are computed from them, and
        what the files claim is not believed. With a column ``churn_probability``, each is compared as well.
    company
        Whose it becomes. None for a default, which takes over from the one before.
    by
        An operator; None when the installation itself does it.

    Raises
    ------
    ImportRefused
        A pickle of a model, or a manifest that lacks something, or too few customers. Nothing is left behind.
    ScorersDisagree
        It does not reproduce its golden rows.
    """
    refuse_all_but_operators(by, act="imports models")
    _refuse_pickles(manifest_path, graph_path)
    manifest = _manifest(manifest_path)
    onnx = _read(graph_path) if graph_path else None
    model_type = _type_of(manifest["model_type"])
    with _work_folder() as name:
        folder = Path(name)
        (folder / MANIFEST).write_text(json.dumps(manifest, allow_nan=False))
        answer = _in_child(
            "try_graph",
            name=manifest_path.name,
            manifest=str(folder / MANIFEST),
            graph=str(graph_path) if graph_path else None,
            customers=str(customers_path) if customers_path else None,
            folder=str(folder),
            slices=telecom_base().slices,
        )
    # Imported here: it brings scikit-learn, which only somebody who imports needs.
    from ml.exchange.export import ExportedModel

    found = answer.pop("found")
    manifest["imported"] = {"format": "onnx", **_named(manifest_path, customers_path)}
    if found:
        manifest["imported"]["tried_on"] = found.pop("rows")
        manifest |= {name: found[name] for name in ("metrics", "importance")}
        figures = {name: found["metrics"]["weighted"][name] for name in METRIC_COLUMNS}
    else:
        figures = _figures(manifest, metadata_path)
        manifest["metrics"] = _believable(manifest.get("metrics"))
    metadata = {"model_type": model_type.name, "metrics": figures}
    exported = ExportedModel(manifest=manifest, onnx=onnx, pipeline_pickle=None, metadata=metadata)
    return _register(model_type, exported, company, by, at)


def import_skops(
    *,
    model_path: Path,
    customers_path: Path | None,
    company: Company | None,
    by: Account | None,
    at: datetime,
) -> ModelVersion:
    """Register a scikit-learn pipeline that was fitted elsewhere, from a skops file.

    The file is opened in a child process of limited size, and only where every kind of object in it stands on
    a short list; what comes out is converted to manifest and graph, and the pipeline itself is not kept.

    Parameters
    ----------
    customers_path
        CSV or XLSX as one to learn from, of customers whom the pipeline has not seen. They are its golden
        rows: scikit-learn and the graph must agree on them within 1e-5, all figures are computed from them,
        and where the file has a column ``churn_probability`` (what the pipeline said where it was made),
        each must be met within 1e-5 as well.
    company, by
        As for `import_version`.

    Raises
    ------
    ImportRefused
        A pickle, a file that holds something unknown, a pipeline that cannot be converted, customers that
        cannot be read, or a probability that differs. Nothing is left behind.
    """
    refuse_all_but_operators(by, act="imports models")
    _refuse_pickles(model_path)
    if _head(model_path) != _ZIP:
        raise ImportRefused(f"{model_path.name} is no skops file. skops.io.dump writes one.")
    if customers_path is None:
        raise ImportRefused(
            f"{model_path.name} needs customers with outcomes whom it has not learned from: it is compared "
            "and tried out on them before it is registered.",
            field="customers",
        )
    source = {"format": "skops", **_named(model_path, customers_path)}
    base = telecom_base()
    with _work_folder() as name:
        folder = Path(name)
        _in_child(
            "convert_skops",
            name=model_path.name,
            model=str(model_path),
            customers=str(customers_path),
            folder=str(folder),
            schema=base.schema,
            slices=base.slices,
            source=source,
        )
        exported = read_exported(folder)
    return _register(_type_of(exported.manifest["model_type"]), exported, company, by, at)


def _register(model_type, exported, company, by, at):
    replaces = None if company else ModelVersion.objects.defaults().filter(model_type=model_type).first()
    with transaction.atomic():
        version = register_version(
            company=company,
            population=telecom_base(),
            model_type=model_type,
            exported=exported,
            dataset=None,
            at=at,
            replaces=replaces,
        )
        record_event(
            action="version-imported",
            company=company,
            actor=by,
            subject=str(version),
            at=at,
            model=version.pk,
            **{name: exported.manifest["imported"][name] for name in ("format", "file", "sha256")},
        )
    if company is None and replaces is None:
        initialize_everywhere(at=at)
    return version


def _in_child(function, *, name, **arguments):
    """Call one of `registry.engines.converting`, and refuse what it refuses and what it does not survive."""
    try:
        answer = run_in_child(
            f"registry.engines.converting:{function}",
            arguments | {"max_bytes": settings.UPLOAD_MAX_MB * 1024 * 1024},
            memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
            seconds=LONGEST_SECONDS,
        )
    except LimitReached as reached:
        limit = "memory" if isinstance(reached, TooMuchMemory) else "time"
        raise ImportRefused(f"{name} was given up: trying it out takes too much {limit}.") from reached
    except ChildFailed as error:
        logger.warning("Importing %s failed: %s", name, error)
        raise ImportRefused(
            f"{name} cannot be used: the process that tried it out ended before it was done."
        ) from error
    if "refusal" in answer:
        refusal = f"{name} cannot be imported. {answer['refusal']}"
        raise ScorersDisagree(refusal) if answer.get("disagrees") else ImportRefused(refusal)
    return answer


def _refuse_pickles(*paths):
    for path in filter(None, paths):
        if path.suffix.lower() in PICKLES or _is_pickle(path):
            raise ImportRefused(
                f"{path.name} was not opened: a pickle runs whatever program it holds as soon as it is read, "
                "and may predict differently here than where it was made. Save the pipeline with "
                "skops.io.dump, or export the model as ONNX with a manifest, and import that; or give its "
                "training data to seed_defaults --dataset."
            )


def _is_pickle(path):
    """Say whether a file is a pickle whatever it is called, looking at bytes and never loading them."""
    head = _head(path, LOOKED_AT)
    return _holds_pickle(path) if head.startswith(_ZIP) else _reads_like_pickle(head)


def _holds_pickle(path):
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as file:
                    head = file.read(LOOKED_AT)
                if member.filename.lower().endswith(PICKLES) or _reads_like_pickle(head):
                    return True
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return False
    return False


def _reads_like_pickle(head):
    """Say whether bytes begin as a pickle does, compressed or not, or as one of the old, textual kind."""
    if head.startswith(_NUMPY):
        return False
    if head.startswith((b"\x80", *_COMPRESSED)):
        return True
    names = []
    try:
        for code, _, _ in pickletools.genops(io.BytesIO(head)):
            names.append(code.name)
    except (ValueError, UnicodeDecodeError, IndexError):
        pass
    return bool({"GLOBAL", "INST", "STACK_GLOBAL"}.intersection(names)) or names[-1:] == ["STOP"]


def _type_of(slug):
    try:
        return ModelType.objects.get(slug=slug)
    except ModelType.DoesNotExist as error:
        raise ImportRefused(f"There is no model type {slug!r}.") from error


def _manifest(path):
    try:
        manifest = json.loads(_read(path))
        json.dumps(manifest, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path.name} is no manifest: {error}") from error
    needed = {"model_type", "model_name", "schema", "serving", "golden"}
    missing = needed - set(manifest) if isinstance(manifest, dict) else needed
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


# What a page draws of a version, and which parts each has.
_DRAWN = {
    "roc": ("false_positive_rate", "true_positive_rate"),
    "precision_recall": ("precision", "recall"),
    "confusion": ("true_negative", "false_positive", "false_negative", "true_positive"),
    "calibration": ("bins", "ece", "mean_probability", "churn_rate"),
    "churners": ("precision", "recall", "f1", "average_precision", "base_rate"),
}


def _believable(metrics):
    """Return claimed figures where all are there that a page draws; of others only the five are kept."""
    try:
        complete = all(part in metrics[name] for name, parts in _DRAWN.items() for part in parts)
        numbers = [metrics[name] for name in ("brier", "log_loss", "threshold", "rows")]
        complete = complete and all(isinstance(number, (int, float)) for number in numbers)
    except (KeyError, TypeError):
        complete = False
    return metrics if complete else {}


def _named(path, customers_path):
    named = {"file": path.name, "sha256": sha256(_read(path))}
    if customers_path:
        named |= {"customers": customers_path.name, "customers_sha256": sha256(_read(customers_path))}
    return named


def _work_folder():
    return tempfile.TemporaryDirectory(dir=waiting_room(), prefix="import-")


def _head(path, length=4):
    return _read(path)[:length]


def _read(path):
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImportRefused(f"{path.name} is larger than {MOST_BYTES // 1024 // 1024} MB.")
        return path.read_bytes()
    except OSError as error:
        raise ImportRefused(f"{path.name} cannot be read ({error.strerror}).") from error
