"""A company's own table before anything is learned from it: checked, and asked which columns tell too much.

Runs in a child, without Django.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from ml.evaluation.leaks import find_marks, single_column_auc
from ml.learning.splits import refuse_few
from ml.matrix.design import choose_schema
from ml.matrix.schemas import Category
from registry.engines.frames import as_pandas
from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.snapshots.frame import load_frame
from tabular.snapshots.plan import SnapshotPlan

SCHEMA_NAME = "customers_v1"

Progress = Callable[[str, int, int], None]


def examine(
    *,
    path: str,
    plan: dict,
    bad_rows: str,
    rejects_path: str,
    max_bytes: int,
    today: str,
    encoding: str | None = None,
    sheet: str | None = None,
    on_progress: Progress,
) -> dict:
    """Check the table at `path` as one to learn from, choose its schema and judge each column alone.

    Parameters
    ----------
    plan
        `SnapshotPlan.to_dict`: how it is read.
    today
        The day, in ISO form, on which it came.
    encoding, sheet
        As for `tabular.snapshots.check.check_table`.

    Returns
    -------
    dict
        ``report`` (`CheckReport.to_dict`), ``schema`` (`FeatureSchema.to_dict`), ``not_learned``
        {column: why}, ``alone``, `ColumnAuc.to_dict` of each column that is learned from, ``marks``,
        `OutcomeMark.to_dict` of those with something that only leavers have, or only stayers, and ``left``,
        how many left.

    Raises
    ------
    TableError
        Where, and what to do; too few customers of one outcome, or none who differ, among them.
    """
    reading = SnapshotPlan.from_dict(plan)
    table = reading.table_schema(name=SCHEMA_NAME, purpose="train")
    report = check_table(
        path, table, purpose="train", bad_rows=bad_rows, rejects_path=Path(rejects_path),
        max_bytes=max_bytes, today=date.fromisoformat(today), encoding=encoding, sheet=sheet,
        on_progress=on_progress,
    )  # fmt: skip
    on_progress("Looking for columns that know the answer", 0, 0)
    found = load_frame(path, report.spec, table)
    frame = as_pandas(found)
    schema, not_learned = _schema(frame, found.labels, reading)
    features = frame[list(schema.features)]
    return {
        "report": report.to_dict(),
        "schema": schema.to_dict(),
        "not_learned": not_learned,
        "alone": [one.to_dict() for one in single_column_auc(features, found.labels)],
        "marks": [mark.to_dict() for mark in find_marks(features, found.labels)],
        "left": int(np.sum(found.labels)),
    }


def _schema(frame, labels, reading):
    try:
        refuse_few(labels, advice="Upload more customers, or choose another column or value.")
    except ValueError as error:
        raise TableError("too_few_minority", str(error), column=reading.outcome.name) from error
    try:
        return choose_schema(
            frame,
            name=SCHEMA_NAME,
            id_column=reading.id_column,
            label=Category(reading.outcome.name, reading.label_values),
            kinds=reading.kinds,
        )
    except ValueError as error:
        raise TableError("wrong_mapping", str(error)) from error
