"""Making a version the default of its type, for everybody."""

import json
from datetime import datetime

from django.db import transaction

from companies.models import Account
from companies.services.audit import record_event
from companies.services.conditions import checked_reason
from core.errors import Conflict, Forbidden
from registry.engines.files import GRAPH, MANIFEST, METADATA, MODEL
from registry.engines.metadata import read_metadata
from registry.models import ModelVersion
from registry.services.initialisation import initialize_everywhere
from registry.services.opening import read_or_report
from registry.services.versions import register_version

# What `register_version` writes into a manifest about the version that it belonged to.
ABOUT_THE_VERSION = ("identity", "lineage", "files", "promoted")


class AlreadyDefault(Conflict):
    code = "already-default"


class BelongsToABase(Conflict):
    code = "belongs-to-a-base"


class MayNotPromote(Forbidden):
    code = "may-not-promote"


def promote_version(*, version: ModelVersion, by: Account | None, reason: str, at: datetime) -> ModelVersion:
    """Register `version` once more, as the default of its type, and return the new default.

    The default before it keeps its row and files and serves no longer; a company that it served is served by
    the new one in the same role. The version of a company stays what it is. Whose it was, and what it learned
    from, is not told to the other companies: it stands in the audit log.

    Parameters
    ----------
    version
        READY: a company's own, or a default that was replaced and shall return.
    by
        An operator; None when the installation itself does it.
    reason
        Why, for the audit log.

    Raises
    ------
    MayNotPromote, ReasonMissing
        `by` is no operator, or nothing says why.
    BelongsToABase
        It learned from a customer base of one company.
    AlreadyDefault
        It serves as the default.
    VersionNotServing, DamagedArtefact
        As for `registry.services.opening.read_or_report`.
    """
    # Imported here: it brings scikit-learn, which only somebody who promotes needs.
    from ml.exchange.export import ExportedModel

    if by is not None and not by.is_staff:
        raise MayNotPromote(
            "Only an operator decides what is a default for everybody. Ask the operator of this installation."
        )
    reason = checked_reason(reason, missing="Say why: it stands in the audit log.")
    if version.population.company_id is not None:
        raise BelongsToABase(
            f"{version} reads {version.population} of {version.company}, whose columns no other company has. "
            "Choose a version of the telecom base."
        )
    if version.is_default:
        raise AlreadyDefault(f"{version} is the default of its type. Choose another version.")
    payloads = read_or_report(version, at=at)
    manifest = json.loads(payloads[MANIFEST])
    for name in ABOUT_THE_VERSION:
        manifest.pop(name, None)
    if version.company_id and "imported" in manifest:
        # What a company calls its files is none of the others' business.
        manifest["imported"] = {
            name: value for name, value in manifest["imported"].items() if name not in ("file", "customers")
        }
    exported = ExportedModel(
        # Seeding leaves alone what an operator chose.
        manifest=manifest | {"promoted": {"at": at.isoformat()}},
        onnx=payloads.get(GRAPH),
        pipeline_pickle=payloads.get(MODEL),
        metadata=read_metadata(payloads[METADATA]),
    )
    replaces = ModelVersion.objects.defaults().filter(model_type=version.model_type).first()
    with transaction.atomic():
        default = register_version(
            company=None,
            population=version.population,
            model_type=version.model_type,
            exported=exported,
            dataset=None if version.company_id else version.training_dataset,
            at=at,
            replaces=replaces,
        )
        record_event(
            action="version-promoted",
            company=version.company,
            actor=by,
            subject=str(version),
            at=at,
            model=version.pk,
            default=default.pk,
            replaced=replaces and replaces.pk,
            reason=reason,
        )
    if replaces is None:
        initialize_everywhere(at=at)
    return default
