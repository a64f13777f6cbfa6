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
from registry.engines.exported import write_exported
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
    max_bytes: int,
    on_progress: Progress,
) -> dict:
    """Turn a skops file into manifest, graph and figures, left in `folder`.

    Parameters
    ----------
    customers
        A table as one to learn from, of customers whom the model has not seen; optionally with a column
        ``churn_probability``, what the model said about them where it was made.

    Returns
    -------
    dict
        Empty, or ``refusal``: a sentence.
    """
    from ml.exchange.skops_files import open_skops

    schema = FeatureSchema.from_dict(schema)
    try:
        on_progress("Open", 0, 0)
        pipeline = open_skops(model)
        # Imported here: it brings scikit-learn, and most files that are refused are refused before.
        from ml.exchange.foreign import export_foreign, read_pipeline

        foreign = read_pipeline(pipeline, schema)
        features, labels, expected = _customers(customers, folder, schema, max_bytes)
        on_progress("Try out", 0, 0)
        exported = export_foreign(foreign, features, labels, expected=expected, source=source, slices=slices)
    except TableError as error:
        return {"refusal": f"The customers cannot be read. {error.message}"}
    except ValueError as error:
        return {"refusal": str(error)}
    write_exported(Path(folder), exported)
    return {}


def try_graph(
    *,
    manifest: str,
    graph: str | None,
    customers: str | None,
    folder: str,
    slices: list[str],
    max_bytes: int,
    on_progress: Progress,
) -> dict:
    """Compare a manifest and its graph with the golden rows, and try them on customers where some are given.

    Returns
    -------
    dict
        ``refusal``, a sentence, and ``disagrees`` where it is about a golden row; or ``found``, the figures
        on the customers, None without any.
    """
    from ml.learning.trial import try_out

    manifest = json.loads(Path(manifest).read_bytes())
    onnx = Path(graph).read_bytes() if graph else None
    try:
        scorer = Scorer(manifest, onnx)
        if disagreement := _disagreement(manifest, onnx):
            return {"refusal": disagreement, "disagrees": True}
        if customers is None:
            return {"found": None}
        features, labels, expected = _customers(customers, folder, scorer.schema, max_bytes)

        def score(rows):
            return scorer.score_batch({name: rows[name].to_numpy() for name in scorer.schema.features})

        if expected is not None:
            _compare(score(features), expected)
        on_progress("Try out", 0, 0)
        found = try_out(score, features, labels, scorer.schema, threshold=scorer.threshold, slices=slices)
    except TableError as error:
        return {"refusal": f"The customers cannot be read. {error.message}"}
    except (KeyError, TypeError, ValueError) as error:
        return {"refusal": str(error)}
    return {"found": found | {"rows": len(labels)}}


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
