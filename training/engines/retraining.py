"""Retraining itself: two files in, a model and its comparison out. Runs in a child, without Django."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ml.exchange.export import export_model
from ml.learning.splits import hash_split
from ml.learning.training import train_model
from ml.matrix.schemas import FeatureSchema
from ml.samples.invented import is_invented
from registry.engines.exported import write_exported
from registry.engines.files import answering_where_unreachable
from registry.engines.tables import customers_table, stored_table
from training.engines.comparing import compare_on_untouched
from training.engines.stored_tables import SEED, Progress, StoredTables, combine_and_split

COMBINED, HELD_OUT = "combined.csv", "held_out.bits"


@answering_where_unreachable
def retrain(
    *,
    folder: str,
    older: dict | None,
    newer: dict,
    invented: list[dict],
    schema: dict,
    reading: dict | None,
    model_type: str,
    params: dict,
    existing: list[dict],
    slices: list[str],
    threshold: float,
    value_column: str | None,
    max_bytes: int,
    on_progress: Progress,
) -> dict:
    """Combine two tables, learn from both, and compare; arguments and answer are plain JSON.

    Parameters
    ----------
    folder
        An empty folder: combined table, manifest, graph and pipeline are left in it.
    older
        ``path`` and ``sha256`` of what the company had; in ``held_out`` the same of the list who was held out
        of it, or None for an original, whose split follows from its rows; in ``uploads`` how many customers
        each upload brought, where that is known. None where `newer` is the first table of its customers.
    newer
        ``path`` and ``spec`` of the upload, and its ``number`` among them.
    invented
        The tables in `older` whose customers the product made up: as `older` an original, as `newer` an
        upload. Whether `newer` is one of them its hash says.
    reading
        `SnapshotPlan.to_dict`: how a company's own tables are written; None where they are as `schema` says.
    existing
        The versions to compare with: ``key``, ``name``, ``files``
        (`registry.engines.files.VerifiedFiles`), and under ``data`` path and hash of what each
        learned from, or None.
    slices
        Features by whose parts the figures are given as well.
    threshold
        Probability from which on a customer is named as leaving.
    value_column
        What a customer pays a month; None where no column says it.
    max_bytes
        The largest table that is read.

    Returns
    -------
    dict
        ``combined`` (hash, size, rows, churned), ``combination``, ``comparison`` and ``metadata``; or
        ``refusal``, a sentence, where nothing can be learned, or ``unreachable`` where a stored file cannot
        be read now.
    """
    work = Path(folder)
    schema = FeatureSchema.from_dict(schema)
    tables = StoredTables(work, schema, stored_table(schema, reading), max_bytes)
    upload = customers_table(schema, reading, purpose="train")
    found = combine_and_split(tables, older, newer, upload, work / COMBINED, on_progress)
    customers, labels, held_out = found.customers, found.labels, found.held_out
    combination = found.combination
    uploads = np.repeat(np.arange(len(combination.uploads)), combination.uploads)
    on_progress("Train", 0, 0)
    try:
        trained = train_model(
            customers.frame, schema=schema, model_type=model_type, params=params, seed=SEED,
            held_out=held_out, slices=slices, threshold=threshold, uploads=uploads,
        )  # fmt: skip
        exported = export_model(trained, schema)
    except ValueError as error:
        return {"refusal": str(error)}

    on_progress("Evaluate", 0, 0)
    contenders = [tables.contender(version) for version in existing]
    made_up = _find_invented(tables, invented, newer, upload, customers.ids, combination.kept)
    comparison = compare_on_untouched(
        customers.ids, customers.frame, labels, np.flatnonzero(held_out), trained=trained, exported=exported,
        existing=contenders, schema=schema, sliced_by=slices, value_column=value_column, twins=found.twins,
        invented=made_up, uploads=uploads,
    )  # fmt: skip

    on_progress("Export", 0, 0)
    (work / HELD_OUT).write_bytes(np.packbits(held_out).tobytes())
    write_exported(work, exported)
    return {
        "combined": {
            "sha256": found.spec.sha256,
            "size": found.spec.size,
            "rows": len(labels),
            "churned": int(labels.sum()),
            "held_out_sha256": hash_split(held_out),
        },
        "combination": combination.to_dict(),
        "comparison": comparison,
        "seconds": trained.seconds,
    }


def _find_invented(tables, sources, newer, upload, ids, kept):
    """Return which customers the product made up, by position; None where all are real.

    Who is in the newer table as well stands there, and not among the `kept` first.
    """
    known = {one for source in sources for one in tables.ids_of(source, upload)}
    is_made_up = is_invented(newer["spec"]["sha256"])
    if not known and not is_made_up:
        return None
    found = np.full(len(ids), is_made_up)
    found[:kept] = [one in known for one in ids[:kept]]
    return found
