"""Models that were trained elsewhere: taken in as data, never as a pickle of a model."""

import json
import logging
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from companies.models import Account, Company
from companies.services.audit import record_event
from companies.services.conditions import refuse_all_but_operators
from core.errors import Unprocessable
from core.faults import fault_of
from intake.services.waiting import waiting_room
from registry.engines.exported import MANIFEST, read_exported
from registry.engines.foreign_files import PICKLES
from registry.models import ModelType, ModelVersion
from registry.selectors import telecom_base
from registry.services.initialisation import initialize_everywhere
from registry.services.versions import METRIC_COLUMNS, ScorersDisagree, register_version
from sandbox.child import ChildFailed, LimitReached, TooMuchMemory, run_in_child
from tabular.source.sniff import sha256_of

logger = logging.getLogger(__name__)

MOST_BYTES = 200 * 1024 * 1024
LONGEST_SECONDS = 180
# A manifest holds 50 customers and, of a linear model, a weight per category.
MOST_MANIFEST_BYTES = 16 * 1024 * 1024


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
        what the files claim is kept beside them, not believed. With a column ``churn_probability``, each is
        compared as well.
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
    with _work_folder() as name:
        folder = Path(name)
        # What is tried out is what is kept, also if somebody saves the files in between.
        brought = {
            "manifest": _bring(manifest_path, folder / "given.json", MOST_MANIFEST_BYTES),
            "graph": _bring(graph_path, folder / "given.onnx"),
            "metadata": _bring(metadata_path, folder / "given.metadata"),
            "customers": _bring(customers_path, folder / "given.table"),
        }
        answer = _in_child(
            "try_graph",
            names={"given.json": manifest_path.name, "given.onnx": graph_path and graph_path.name},
            folder=str(folder),
            figures=list(METRIC_COLUMNS),
            slices=telecom_base().slices,
            **{part: str(path) if path else None for part, path in brought.items()},
        )
        manifest = json.loads((folder / MANIFEST).read_bytes())
        onnx = brought["graph"].read_bytes() if graph_path else None
        source = _named(manifest_path, brought["manifest"], customers_path, brought["customers"])
    model_type = _type_of(manifest["model_type"])
    # Imported here: it brings scikit-learn, which only somebody who imports needs.
    from ml.exchange.export import ExportedModel

    manifest["imported"] = {"format": "onnx", **source}
    if found := answer["found"]:
        manifest["imported"] |= {"tried_on": found.pop("rows"), "claimed": answer["claimed"]}
        manifest |= {name: found[name] for name in ("metrics", "importance")}
        figures = {name: found["metrics"]["weighted"][name] for name in METRIC_COLUMNS}
    else:
        figures = answer["claimed"]
        manifest["metrics"] = _believable(manifest.get("metrics"))
    metadata = {"model_type": model_type.name, "metrics": figures}
    exported = ExportedModel(manifest=manifest, onnx=onnx, pipeline_pickle=None, metadata=metadata)
    return _register(model_type, exported, company, by, at)


def import_skops(
    *,
    model_path: Path,
    customers_path: Path | None,
    metadata_path: Path | None = None,
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
    metadata_path
        The ``_metadata.pkl`` that came with it: what it claims is kept beside what is measured.
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
    if customers_path is None:
        raise ImportRefused(
            f"{model_path.name} needs customers with outcomes whom it has not learned from: it is compared "
            "and tried out on them before it is registered. Give their file as well.",
            field="customers",
        )
    base = telecom_base()
    with _work_folder() as name:
        folder = Path(name)
        model = _bring(model_path, folder / "given.skops")
        customers = _bring(customers_path, folder / "given.table")
        metadata = _bring(metadata_path, folder / "given.metadata")
        answer = _in_child(
            "convert_skops",
            names={"given.skops": model_path.name},
            model=str(model),
            customers=str(customers),
            folder=str(folder),
            schema=base.schema,
            slices=base.slices,
            metadata=str(metadata) if metadata else None,
            figures=list(METRIC_COLUMNS),
            source={"format": "skops", **_named(model_path, model, customers_path, customers)},
        )
        exported = read_exported(folder)
    exported.manifest["imported"]["claimed"] = answer["claimed"]
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


def _in_child(function, *, names, **arguments):
    """Call one of `registry.engines.converting`, and refuse what it refuses and what it does not survive.

    Parameters
    ----------
    names
        What the operator calls the files that were brought; the first is the one that sentences are about.
    """
    name = next(iter(names.values()))
    try:
        answer = run_in_child(
            f"registry.engines.converting:{function}",
            arguments | {"max_bytes": settings.UPLOAD_MAX_MB * 1024 * 1024},
            memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
            seconds=LONGEST_SECONDS,
        )
    except LimitReached as reached:
        limit = "memory" if isinstance(reached, TooMuchMemory) else "time"
        raise ImportRefused(
            f"{name} was given up: trying it out takes too much {limit}. "
            "Try it on fewer customers, or import a simpler model."
        ) from reached
    except ChildFailed as error:
        if fault := fault_of(error):
            raise fault from error
        logger.warning("Importing %s failed: %s", name, error)
        raise ImportRefused(
            f"{name} cannot be used: the process that tried it out ended before it was done. "
            "Save or export the model again, and look into the log of the server if it comes back."
        ) from error
    if "pickle" in answer:
        raise _not_opened(names[answer["pickle"]])
    if "refusal" in answer:
        refusal = f"{name} cannot be imported. {answer['refusal']}"
        raise ScorersDisagree(refusal) if answer.get("disagrees") else ImportRefused(refusal)
    return answer


def _refuse_pickles(*paths):
    """Refuse those that say so themselves; of the others the child finds it out."""
    for path in filter(None, paths):
        if path.suffix.lower() in PICKLES:
            raise _not_opened(path.name)


def _not_opened(name):
    return ImportRefused(
        f"{name} was not opened: a pickle runs whatever program it holds as soon as it is read, and may "
        "predict differently here than where it was made. Save the pipeline with skops.io.dump, or export "
        "the model as ONNX with a manifest, and import that; or give its training data to seed_defaults "
        "--dataset."
    )


def _type_of(slug):
    try:
        return ModelType.objects.get(slug=str(slug))
    except ModelType.DoesNotExist as error:
        known = ", ".join(ModelType.objects.order_by("slug").values_list("slug", flat=True))
        raise ImportRefused(f"There is no model type {slug!r}. Choose one of: {known}.") from error


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


def _named(path, brought, customers_path, customers):
    named = {"file": path.name, "sha256": sha256_of(brought)}
    if customers_path:
        named |= {"customers": customers_path.name, "customers_sha256": sha256_of(customers)}
    return named


def _work_folder():
    return tempfile.TemporaryDirectory(dir=waiting_room(), prefix="import-")


def _bring(path, copy, most=MOST_BYTES):
    """Copy a file to where nobody else writes, and return the copy; nothing of it is read but its length."""
    if path is None:
        return None
    try:
        # Neither a folder nor a pipe, which would never end.
        if not path.is_file():
            raise ImportRefused(f"{path.name} cannot be read: there is no such file. Check the path.")
        if path.stat().st_size > most:
            raise ImportRefused(
                f"{path.name} is larger than {most // 1024 // 1024} MB. Import a smaller one."
            )
        brought = path.open("rb")
    except OSError as error:
        raise ImportRefused(
            f"{path.name} cannot be read ({error.strerror}). Check that the file may be read."
        ) from error
    # Where the disk is full, that is no fault of the file.
    with brought, copy.open("wb") as target:
        shutil.copyfileobj(brought, target)
    return copy
