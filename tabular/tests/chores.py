"""Functions that tests call in a child process."""

import os
import signal
import time

from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.snapshots.write import ResultWriter
from tabular.source.read import iter_batches
from tabular.values.schema import TableSchema


def add(*, numbers, on_progress):
    for done, _ in enumerate(numbers, 1):
        on_progress("adding", done, len(numbers))
    return {"sum": sum(numbers)}


def chatter(*, on_progress):
    print("a library says something")
    return "done"


def refuse(*, on_progress):
    raise TableError("bad_number", "Row 7: no.", line=7)


def hoard(*, on_progress):
    kept = []
    while True:
        kept.append(b"x" * (10 << 20))
        time.sleep(0.01)


def dawdle(*, on_progress):
    on_progress("dawdling", os.getpid(), 0)
    time.sleep(60)


def die(*, on_progress):
    os.kill(os.getpid(), signal.SIGKILL)


def fail(*, on_progress):
    return 1 / 0


def environment(*, on_progress):
    return sorted(os.environ)


def copy_table(*, path, schema, target, on_progress):
    schema = TableSchema.from_dict(schema)
    report = check_table(path, schema, max_bytes=4 << 30, on_progress=on_progress)
    with ResultWriter(target, report.spec, ["churn_probability"]) as result:
        for batch in iter_batches(path, report.spec, schema):
            result.write(batch, {"churn_probability": batch.columns["tenure"].to_numpy() / 1200})
    return {"accepted": report.accepted, "written": result.rows}
