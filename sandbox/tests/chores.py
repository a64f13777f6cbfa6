"""Functions that tests call in a child process."""

import os
import sys
import time

import pyarrow as pa


class NotToday(Exception):
    """A refusal in the words of whoever called."""

    def as_dict(self):
        return {"kind": "not_today", "message": str(self), "line": 7}


def add(*, numbers, on_progress):
    for done, _ in enumerate(numbers, 1):
        on_progress("adding", done, len(numbers))
    return {"sum": sum(numbers)}


def chatter(*, on_progress):
    print("a library says something")
    return "done"


def make_array(*, frame, on_progress):
    held = pa.array([1, None])
    if frame:
        pa.array(pa.table({"number": held}).to_pandas()["number"], from_pandas=True)
    return "pandas" in sys.modules


def refuse(*, on_progress):
    raise NotToday("Row 7: no.")


def hoard(*, on_progress):
    kept = []
    while True:
        kept.append(b"x" * (10 << 20))
        time.sleep(0.01)


def dawdle(*, on_progress):
    on_progress("dawdling", os.getpid(), 0)
    time.sleep(60)


def die(*, by, on_progress):
    os.kill(os.getpid(), by)


def read(*, path, on_progress):
    with open(path) as file:
        return file.read()


def fail(*, on_progress):
    return 1 / 0


def environment(*, on_progress):
    return sorted(os.environ)
