"""Models that were made elsewhere: opened, tried out and converted. Runs in a child, without Django.

Whatever is wrong with such a file, it is wrong in a process that has no keys, no database and a limit.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml.matrix.schemas import FeatureSchema
from ml.serving.scoring import Scorer
from registry.engines.exported import MANIFEST, write_exported
from registry.engines.foreign_files import (
    IsAPickle,
    is_archive,
    read_figures,
    read_manifest,
    refuse_pickle,
)
from registry.engines.tables import table_schema
from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.values.schema import Column, TableSchema

EXPECTED = "churn_probability"
TOLERANCE = 1e-5

Progress = Callable[[str, int, int], None]


def convert_skops(
    *,
    model: str,
    customers: str,
    folder: str,
    schema: dict,
    slices: list[str],
    source: dict,
    metadata: str | None,
    figures: list[str],
    max_bytes: int,
    on_progress: Progress,
) -> dict:
    """Turn a skops file into manifest, graph and figures, left in `folder`.

    Parameters
    ----------
    customers
        A table as one to learn from, of customers whom the model has not seen; optionally with a column
        ``churn_probability``, what the model said about them where it was made.
    metadata, figures
        A file that claims how good the model is, and the names of the five figures in it.

    Returns
    -------
    dict
        ``claimed``, those five or None, or ``refusal``: a sentence.
    """
    schema = FeatureSchema.from_dict(schema)
    try:
        refuse_pickle(model)
        if not is_archive(model):
            return {"refusal": "It is no skops file. skops.io.dump writes one."}
        on_progress("Open", 0, 0)
        # Imported here: they bring scikit-learn, and most files that are refused are refused before.
        from ml.exchange.skops_files import open_skops

        pipeline = open_skops(model)
        claimed = read_figures({}, metadata, tuple(figures)) if metadata else None
        from ml.exchange.foreign import export_foreign, read_pipeline

        foreign = read_pipeline(pipeline, schema)
        features, labels, expected = _customers(customers, folder, schema, max_bytes)
        on_progress("Try out", 0, 0)
        exported = export_foreign(foreign, features, labels, expected=expected, source=source, slices=slices)
    except Exception as error:
        return _refusal(error)
    write_exported(Path(folder), exported)
    return {"claimed": claimed}


def try_graph(
    *,
    manifest: str,
    graph: str | None,
    metadata: str | None,
    customers: str | None,
    folder: str,
    figures: list[str],
    slices: list[str],
    max_bytes: int,
    on_progress: Progress,
) -> dict:
    """Compare a manifest and its graph with the golden rows, and try them on customers where some are given.

    What stands in the manifest is left in `folder`, as JSON that can be read without care.

    Parameters
    ----------
    figures
        Names of the five figures that the files claim.

    Returns
    -------
    dict
        ``refusal``, a sentence, with ``disagrees`` where it is about a golden row and ``pickle`` where it was
        not opened; or ``found``, the figures on the customers or None, and ``claimed``, the five. Only where
        there are customers these may be None.
    """
    try:
        for path in filter(None, (manifest, graph)):
            refuse_pickle(path)
        told = read_manifest(manifest)
        onnx = Path(graph).read_bytes() if graph else None
        scorer = _checked_scorer(told, onnx)
        if disagreement := _disagreement(told, onnx):
            return {"refusal": disagreement, "disagrees": True}
        if customers is None or metadata:
            claimed = read_figures(told, metadata, tuple(figures))
        else:
            claimed = _claimed_by(told, tuple(figures))
        found = customers and _try_out(scorer, customers, folder, slices, max_bytes, on_progress)
    except Exception as error:
        return _refusal(error)
    (Path(folder) / MANIFEST).write_text(json.dumps(told, allow_nan=False))
    return {"found": found, "claimed": claimed}


def _claimed_by(manifest, figures):
    """Return what a manifest claims; nothing hangs on it where customers tell."""
    try:
        return read_figures(manifest, None, figures)
    except ValueError:
        return None


def _checked_scorer(manifest, onnx):
    """Return what scores, once the graph was looked at: making it runs parts of the graph."""
    if onnx is not None:
        # Imported here: folded models need no graph.
        from ml.exchange.graph_checks import check_graph

        check_graph(onnx, len(FeatureSchema.from_dict(manifest["schema"]).encoded_columns))
    return Scorer(manifest, onnx)


def _try_out(scorer, customers, folder, slices, max_bytes, on_progress):
    from ml.learning.trial import try_out

    features, labels, expected = _customers(customers, folder, scorer.schema, max_bytes)

    def score(rows):
        return scorer.score_batch({name: rows[name].to_numpy() for name in scorer.schema.features})

    if expected is not None:
        _compare(score(features), expected)
    on_progress("Try out", 0, 0)
    found = try_out(score, features, labels, scorer.schema, threshold=scorer.threshold, slices=slices)
    return found | {"rows": len(labels)}


def _refusal(error):
    """Return what is said of a file: a hand-made one fails in any way, and its child is thrown away."""
    if isinstance(error, MemoryError):
        raise error
    if isinstance(error, IsAPickle):
        return {"refusal": "", "pickle": Path(str(error)).name}
    if isinstance(error, TableError):
        return {"refusal": f"The customers cannot be read. {error.message}"}
    if isinstance(error, KeyError):
        return {"refusal": f"The manifest lacks {error}."}
    if isinstance(error, ValueError):
        return {"refusal": str(error)}
    return {"refusal": f"Its parts do not fit together ({type(error).__name__})."}


def _disagreement(manifest, onnx):
    from ml.exchange.export import check_golden

    try:
        check_golden(manifest, onnx, tolerance=TOLERANCE)
    except ValueError as error:
        return str(error)
    return None


def _customers(path, folder, schema, max_bytes):
    """Return features, outcomes and what was said about each customer, or None for the last."""
    # Imported here: the web server, which only names this module, needs no data frames.
    from ml.matrix.frames import clean_frame, read_labels
    from registry.engines.frames import read_customers

    columns = table_schema(schema, purpose="train")
    columns = TableSchema(
        columns.name, (*columns.columns, Column(EXPECTED, "number", required=False, minimum=0, maximum=1))
    )
    # The check puts copies beside the file that it reads.
    copy = Path(folder) / "customers"
    shutil.copyfile(path, copy)
    report = check_table(copy, columns, purpose="train", max_bytes=max_bytes)
    frame = read_customers(copy, report.spec, columns).frame
    expected = frame[EXPECTED].to_numpy(dtype=np.float64) if EXPECTED in frame else None
    return clean_frame(frame, schema), read_labels(frame, schema), expected


def _compare(said, expected):
    wrong = np.flatnonzero(~(np.abs(said - expected) <= TOLERANCE))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"Customer {row + 1:,} of the file: it said {expected[row]:.6f} where it was made and says "
            f"{said[row]:.6f} here. {wrong.size:,} of {len(said):,} customers differ by more than "
            f"{TOLERANCE:g}."
        )
