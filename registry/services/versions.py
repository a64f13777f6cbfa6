"""Registering a trained model: files first, then its row, and only if both ways of scoring agree."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from companies.models import Company
from core.errors import Conflict, Unprocessable
from core.files.media import readable_path
from ml.matrix.schemas import FeatureSchema
from registry.artefacts import remove_artefacts, sign_version, stem_for, write_artefacts
from registry.engines.files import GRAPH, MANIFEST, METADATA, MODEL, SIGNATURE, read_verified, sha256
from registry.models import Dataset, ModelMetrics, ModelType, ModelVersion, Population
from registry.services.deployments import move_deployments
from registry.services.ledger import lock_companies_of

if TYPE_CHECKING:
    from ml.exchange.export import ExportedModel

GOLDEN_TOLERANCE = 1e-5
FEWEST_GOLDEN_ROWS = 50
# S0's names of the figures, and the columns that keep them.
METRIC_COLUMNS = {
    "Accuracy": "accuracy",
    "AUC": "auc_roc",
    "Precision": "precision",
    "Recall": "recall",
    "F1 Score": "f1_score",
}


class DefaultExists(Conflict):
    code = "default-exists"


class OtherColumns(Unprocessable):
    code = "other-columns"


class ScorersDisagree(Unprocessable):
    code = "scorers-disagree"


@transaction.atomic
def register_version(
    *,
    company: Company | None,
    population: Population,
    model_type: ModelType,
    exported: ExportedModel,
    dataset: Dataset | None,
    at: datetime,
    replaces: ModelVersion | None = None,
) -> ModelVersion:
    """Give a trained model its number, its files and its row.

    Parameters
    ----------
    company
        Whose it is. None for a default, which belongs to everybody and takes over from the default before it.
    population
        Whose customers it learned from.
    exported
        From `ml.exchange.export.export_model`.
    dataset
        What it learned from.
    replaces
        For a default: the one that the caller knows to serve, None where there is none. Of two callers who
        trained the same default at once, the second one is refused.

    Raises
    ------
    OtherColumns
        It reads what the customers of this base do not have.
    ScorersDisagree
        Read back from disk, it scores the golden rows differently from what scikit-learn said about them.
    DefaultExists
        Another default serves than the caller knew of.
    """
    _refuse_other_columns(population, exported.manifest["schema"])
    if replaces:
        # The companies before the type, as a retraining takes them.
        lock_companies_of(replaces)
    # Numbers are allocated under the lock of the type: defaults have no company whose row could be locked.
    model_type = ModelType.objects.select_for_update().get(pk=model_type.pk)
    versions = ModelVersion.objects.filter(model_type=model_type, population=population)
    if company is None:
        serving = versions.defaults().first()
        if serving != replaces:
            raise DefaultExists(
                f"{serving or 'No default'} serves as the default {model_type} by now. "
                "Compare with that one, then try again."
            )
    number = _next_number(versions, company, population)
    company_id = company.pk if company else None
    base = str(population.uuid) if population.company_id else ""
    stem = stem_for(model_type=model_type.slug, number=number, company_id=company_id, base=base)

    try:
        hashes = _write_files(stem, exported, company_id, base, model_type, number, dataset, at)
        signature = sign_version(
            company_id=company_id, model_type=model_type.slug, version=f"v{number}", hashes=hashes
        )
        write_artefacts(stem, {SIGNATURE: signature.encode()})
        _refuse_disagreement(stem, hashes)
        if replaces:
            _retire_default(replaces)
        version = ModelVersion.objects.create(
            model_type=model_type,
            name=model_type.name,
            version=f"v{number}",
            number=number,
            file_path=stem + next(suffix for suffix in (MODEL, GRAPH, MANIFEST) if suffix in hashes),
            is_default=company is None,
            default_slot=None if company else model_type.slug,
            company=company,
            population=population,
            training_dataset=dataset,
            created_at=at,
            file_hashes=hashes,
            manifest_sha256=hashes[MANIFEST],
            signature=signature,
        )
        _write_metrics(version, exported, at)
        if replaces:
            move_deployments(replaced=replaces, to=version, by=None, at=at)
    except BaseException:
        # What a killed process leaves behind instead is found by the sweep: no row names it.
        remove_artefacts(stem)
        raise
    return version


def _refuse_other_columns(population, schema):
    if population.is_log:
        return
    known, read = population.features, FeatureSchema.from_dict(schema)
    names = {*read.features, read.id_column, read.label.name}
    strange = sorted(names - {*known.features, known.id_column, known.label.name})
    if strange:
        raise OtherColumns(
            f"{population} has no column {', '.join(strange)}, which this model reads. "
            "Choose another customer base, or another model."
        )


def _next_number(versions, company, population):
    seen = versions.of_installation_or(company) if company else versions.filter(company=None)
    highest = seen.aggregate(Max("number"))["number__max"] or 0
    # Where there are defaults, a company's own versions start after the default, which is v1 even while it is
    # not seeded yet.
    has_defaults = population.company_id is None
    return max(highest, 1) + 1 if company and has_defaults else highest + 1


def _write_files(stem, exported, company_id, base, model_type, number, dataset, at):
    payloads = {MODEL: exported.pipeline_pickle, METADATA: exported.metadata_pickle, GRAPH: exported.onnx}
    # What was imported as data has no pipeline, and folded tables need no graph.
    payloads = {suffix: payload for suffix, payload in payloads.items() if payload is not None}
    name = stem.rpartition("/")[2]
    manifest = {
        **exported.manifest,
        "identity": {
            "company": company_id,
            **({"population": base} if base else {}),
            "model_type": model_type.slug,
            "name": model_type.name,
            "version": f"v{number}",
            "registered_at": at.isoformat(),
        },
        "lineage": _lineage(dataset),
        "files": {
            name + suffix: {"sha256": sha256(payload), "bytes": len(payload)}
            for suffix, payload in payloads.items()
        },
    }
    payloads[MANIFEST] = json.dumps(manifest, allow_nan=False, indent=1).encode()
    return write_artefacts(stem, payloads)


def _lineage(dataset):
    chain = []
    while dataset is not None:
        chain.append(
            {"dataset": dataset.pk, "name": dataset.name, "sha256": dataset.sha256, "rows": dataset.row_count}
        )
        dataset = dataset.parent_dataset
    return chain


def _refuse_disagreement(stem, hashes):
    # Imported here: it brings scikit-learn, which whoever trained has loaded already and nobody else needs.
    from ml.exchange.export import check_golden

    manifest = json.loads(read_verified(readable_path(stem + MANIFEST), hashes[MANIFEST]))
    onnx = read_verified(readable_path(stem + GRAPH), hashes[GRAPH]) if GRAPH in hashes else None
    if len(manifest["golden"]) < FEWEST_GOLDEN_ROWS:
        raise ScorersDisagree(
            f"A version is compared on {FEWEST_GOLDEN_ROWS} golden rows, got fewer. "
            "Export the model again with so many."
        )
    try:
        check_golden(manifest, onnx, tolerance=GOLDEN_TOLERANCE)
    except ValueError as error:
        raise ScorersDisagree(str(error)) from error


def _write_metrics(version, exported, at):
    metrics = dict(exported.manifest.get("metrics", {}))
    metrics.pop("weighted", None)
    weighted = exported.metadata["metrics"]
    ModelMetrics.objects.create(
        model=version,
        created_at=at,
        additional_metrics={**metrics, "importance": exported.manifest.get("importance", [])},
        **{column: weighted[name] for name, column in METRIC_COLUMNS.items()},
    )


def _retire_default(version):
    version.is_default = False
    version.default_slot = f"{version.model_type.slug}:{version.number}"
    version.save(update_fields=("is_default", "default_slot", "updated_at"))
