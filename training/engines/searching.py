"""Searching for the best model of a base: its customers prepared once, each type tried, and all ranked.

Runs in a child, without Django.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ml.learning.honest_scores import number_folds
from ml.learning.splits import plan_apart, refuse_few
from ml.matrix.frames import clean_frame
from ml.matrix.schemas import FeatureSchema
from ml.search.champion import rank
from ml.search.trials import TypeResult, try_type
from ml.search.weights import WEIGHTS
from registry.engines.files import answering_where_unreachable, read_verified
from registry.engines.tables import customers_table, stored_table
from training.engines.stored_tables import SEED, Progress, StoredTables, combine_and_split

# Beside the features, under names that no column of a company has.
LABEL, FOLD = "\x00label", "\x00fold"
TRY = "Try"


@answering_where_unreachable
def prepare(
    *,
    target: str,
    older: dict | None,
    newer: dict,
    schema: dict,
    reading: dict | None,
    max_bytes: int,
    on_progress: Progress,
) -> dict:
    """Write those that a training will learn from to `target`, each with its outcome and its fold.

    Who is held out by the training is not among them, so that what is chosen here is judged on others.

    Parameters
    ----------
    target
        Where the matrix is written, in a folder of its own.
    older, newer, schema, reading, max_bytes
        As for `training.engines.retraining.retrain`.

    Returns
    -------
    dict
        ``rows``, ``left``, ``features``, ``sha256`` of the matrix; or ``refusal`` or ``unreachable``.
    """
    target = Path(target)
    schema = FeatureSchema.from_dict(schema)
    tables = StoredTables(target.parent, schema, stored_table(schema, reading), max_bytes)
    upload = customers_table(schema, reading, purpose="train")
    found = combine_and_split(tables, older, newer, upload, target.with_name("combined.csv"), on_progress)
    on_progress("Prepare", 0, 0)
    learned, _, _ = plan_apart(found.labels, SEED, found.held_out, found.twins)
    labels = found.labels[learned]
    try:
        refuse_few(labels, what="Trying several types")
    except ValueError as error:
        return {"refusal": str(error)}
    features = clean_frame(found.customers.frame, schema).iloc[learned].reset_index(drop=True)
    groups = None if found.twins is None else found.twins[learned]
    folds = number_folds(features, labels, SEED, groups)
    columns = pa.table({name: pa.array(features[name]) for name in schema.features})
    columns = columns.append_column(LABEL, pa.array(labels)).append_column(FOLD, pa.array(folds))
    pq.write_table(columns, target)
    return {
        "rows": len(labels),
        "left": int(labels.sum()),
        "features": len(schema.features),
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


@answering_where_unreachable
def try_out_type(
    *,
    target: str,
    matrix: str,
    sha256: str,
    schema: dict,
    model_type: str,
    seconds: float,
    on_progress: Progress,
) -> dict:
    """Try one type on the prepared customers at `matrix`, whose bytes have that hash.

    What it said of each, out of fold, is left at `target`.

    Returns
    -------
    dict
        `TypeResult.to_dict`; or ``unreachable``.
    """
    schema = FeatureSchema.from_dict(schema)
    result = try_type(
        *_read(read_verified(matrix, sha256), schema),
        schema=schema,
        model_type=model_type,
        seed=SEED,
        seconds=seconds,
        on_progress=lambda done, total: on_progress(TRY, done, total),
    )
    if result.said is not None:
        np.save(target, result.said)
    return result.to_dict()


@answering_where_unreachable
def rank_types(
    *,
    matrix: str,
    sha256: str,
    schema: dict,
    results: list[dict],
    said: list[str],
    weights: str,
    on_progress: Progress,
) -> dict:
    """Return what came of all types, the best first: ``ranking``, each a `Ranked` as a dict.

    Parameters
    ----------
    matrix, sha256, schema
        As for `try_out_type`.
    said
        Where the probabilities of each of `results` lie.
    """
    _, labels, _ = _read(read_verified(matrix, sha256), FeatureSchema.from_dict(schema))
    tried = [
        TypeResult.from_dict(result, np.load(path) if result["chosen"] is not None else None)
        for result, path in zip(results, said, strict=True)
    ]
    found = rank(tried, labels, WEIGHTS[weights])
    return {"ranking": [asdict(ranked) for ranked in found]}


def _read(matrix, schema):
    """Return features, labels and folds."""
    frame = pq.read_table(pa.BufferReader(matrix)).to_pandas()
    labels, folds = (frame.pop(name).to_numpy(np.int64) for name in (LABEL, FOLD))
    return clean_frame(frame, schema), labels, folds
