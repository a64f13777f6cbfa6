"""Functions that tests call in a child process."""

import time

from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.snapshots.write import ResultWriter
from tabular.source.read import iter_batches
from tabular.values.schema import TableSchema


def refuse(*, on_progress):
    raise TableError("bad_number", "Row 7: no.", line=7)


def dawdle(*, on_progress):
    time.sleep(60)


def hoard(*, on_progress):
    kept = []
    while True:
        kept.append(b"x" * (10 << 20))
        time.sleep(0.01)


def copy_table(*, path, schema, target, on_progress):
    schema = TableSchema.from_dict(schema)
    report = check_table(path, schema, max_bytes=4 << 30, on_progress=on_progress)
    with ResultWriter(target, report.spec, ["churn_probability"]) as result:
        for batch in iter_batches(path, report.spec, schema):
            result.write(batch, {"churn_probability": batch.columns["tenure"].to_numpy() / 1200})
    return {"accepted": report.accepted, "written": result.rows}
