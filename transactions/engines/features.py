"""Features of a log, who left, and what speaks against them. Runs in a child, without Django."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

FEATURES, LABELS, MATRIX, TABLE = "features.parquet", "labels.parquet", "matrix.parquet", "matrix.csv"
# What stands beside the features, in this order: the label by the name that other tools give it.
ID, LABEL, STATUS = "customer_id", "is_churned", "status"
# Customers that the judgements about columns look at; more change none of them.
LOOKED_AT = 50_000
# With fewer of one outcome, a feature tells it by luck.
FEWEST_PER_OUTCOME = 30
SHOWN_ROWS = 20
STEPS = (
    "Computing features",
    "Looking who left",
    "Changing the future, to see that no feature knows it",
    "Writing the table",
)

Progress = Callable[[str, int, int], None]


def build_matrix(
    *,
    events: str,
    folder: str,
    as_of: str,
    feature_set: str,
    labels: dict | None,
    engine: str,
    spark_master: str,
    memory_limit: str,
    on_progress: Progress,
) -> dict:
    """Write the features of every customer at a cutoff beside their labels; all arguments are plain JSON.

    Parameters
    ----------
    events, folder
        Canonical events, and where `MATRIX` and `TABLE` are written.
    as_of
        The cutoff by the clock of the log, in ISO.
    labels
        ``{"source": "given"}``, ``{"source": "definition", "horizon_days", "gap_days",
        "active_window_days"}``, or None where no outcome is known.

    Returns
    -------
    dict
        ``{"refused": {"code", "message", "feature"}}`` where a feature knows the future, else the report.
    """
    # The server reads the names above; what these bring, only a worker's child needs.
    from ml.logs.features.engine import compute_features
    from ml.logs.leak_guard import LeakAfterCutoff, check_features

    source, folder, cutoff = Path(events), Path(folder), datetime.fromisoformat(as_of)
    on_progress(STEPS[0], 0, 0)
    try:
        report = compute_features(
            source,
            as_of=cutoff,
            feature_set=feature_set,
            target=folder / FEATURES,
            engine=engine,
            memory_limit=memory_limit,
            spark_master=spark_master if engine == "spark" else None,
        )
        on_progress(STEPS[1], 0, 0)
        labelled = _label(source, folder / LABELS, cutoff, labels)
        on_progress(STEPS[2], 0, 0)
        guard = check_features(source, as_of=cutoff, feature_set=feature_set)
    except LeakAfterCutoff as leak:
        return {"refused": {"code": leak.code, "message": str(leak), "feature": leak.feature}}
    except ValueError as error:
        return {"refused": {"code": "no-features", "message": str(error)}}
    on_progress(STEPS[3], 0, 0)
    _join(folder, has_labels=labelled is not None)
    _write_table(folder / MATRIX, folder / TABLE)
    frame = _read(folder / MATRIX, LOOKED_AT)
    leaks, selection = _judge(frame, list(report.features))
    return {
        **report.to_dict(),
        "labels": labelled,
        "guard": guard.to_dict(),
        "leaks": leaks,
        "selection": selection,
        "preview": _show(frame.head(SHOWN_ROWS)),
    }


def _label(source, target, cutoff, labels):
    from ml.logs.labels import label_customers, read_given_labels

    if labels is None:
        return None
    if labels["source"] == "given":
        return read_given_labels(source, target=target).to_dict()
    days = {name: labels[name] for name in ("horizon_days", "gap_days", "active_window_days")}
    return label_customers(source, as_of=cutoff, target=target, **days).to_dict()


def _judge(frame, features):
    """Return which features tell the outcome by themselves, and which are worth learning from.

    The first is None where too few outcomes are known.
    """
    from ml.evaluation.leaks import single_column_auc
    from ml.logs.features.selection import select_features

    known = frame[frame[LABEL].notna()]
    outcomes = known[LABEL].astype(int)
    if min(outcomes.sum(), len(outcomes) - outcomes.sum()) < FEWEST_PER_OUTCOME:
        return None, select_features(frame[features]).to_dict()
    leaks = [column.to_dict() for column in single_column_auc(known[features], outcomes)]
    return leaks, select_features(known[features], outcomes).to_dict()


def _join(folder, *, has_labels):
    import duckdb

    features, labels, matrix = (_quoted(folder / name) for name in (FEATURES, LABELS, MATRIX))
    joined = f"read_parquet({features}) AS f LEFT JOIN read_parquet({labels}) USING ({ID})"
    found = f"f.*, churned AS {LABEL}, {STATUS} FROM {joined}"
    nothing = f"f.*, NULL::TINYINT AS {LABEL}, NULL::VARCHAR AS {STATUS} FROM read_parquet({features}) AS f"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {found if has_labels else nothing} ORDER BY {ID}) TO {matrix} "
            "(FORMAT parquet, COMPRESSION zstd)"
        )


def _write_table(matrix, table):
    """Write the CSV for people, in which no spreadsheet finds a formula."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    from tabular.source.danger import harmless_array

    source = pq.ParquetFile(matrix)
    with pa_csv.CSVWriter(table, source.schema_arrow) as writer:
        for batch in source.iter_batches():
            columns = [
                harmless_array(column, numbers_too=name == ID) if pa.types.is_string(column.type) else column
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=batch.schema))


def _quoted(path):
    return "'" + str(path).replace("'", "''") + "'"


def _read(path, rows):
    import pyarrow.parquet as pq

    return next(pq.ParquetFile(path).iter_batches(batch_size=rows)).to_pandas()


def _show(frame):
    return json.loads(frame.to_json(orient="split", index=False, double_precision=6))
