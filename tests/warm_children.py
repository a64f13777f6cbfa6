"""Children of the sandbox begin as forks of a process that has loaded the libraries (`tests.nursery`).

Those of tests that measure memory, time or sameness begin as they do in the product: mark them `slow`
or `cold_children`. What runs in processes of its own (servers, workers) always does.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from sandbox import child
from tests.nursery import NUMBER

# What the product calls in children, and what those load only when they are called.
LOADED = (
    "sandbox.entry", "tabular.previews.preview", "tabular.snapshots.check", "tabular.snapshots.inference",
    "tabular.snapshots.workbook", "tabular.logs.events", "transactions.engines.profile",
    "transactions.engines.features", "training.engines.retraining", "training.engines.purchases",
    "training.engines.own_tables", "predictions.engines.batch", "predictions.engines.purchases",
    "registry.engines.converting", "registry.engines.foreign_files", "ml.logs.profile",
    "ml.logs.churn_definition", "ml.logs.features.engine", "duckdb", "ibis.backends.duckdb", "onnxruntime",
    "openpyxl", "xlsxwriter", "pyarrow.csv", "pyarrow.parquet", "pyarrow.dataset", "scipy.stats",
    "sklearn.ensemble", "skops.io",
)  # fmt: skip


class Nursery:
    """The client of the process that is forked."""

    def __init__(self):
        self.lock = threading.Lock()
        self.requests, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery", str(other.fileno()), *LOADED],
                cwd=child.ROOT,
                env=child.environment(),
                stdin=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
            )

    def start(self, complaints):
        """Do what `sandbox.child.start_process` does."""
        with contextlib.ExitStack() as stack:
            stdin, to_child = os.pipe()
            from_child, stdout = os.pipe()
            told, ends = os.pipe()
            for descriptor in (stdin, stdout, ends):
                stack.callback(os.close, descriptor)
            request = {"environment": child.environment(), "folder": str(child.ROOT)}
            with self.lock:
                files = [stdin, stdout, complaints.fileno(), ends]
                socket.send_fds(self.requests, [json.dumps(request).encode()], files)
        return Forked(stdin=to_child, stdout=from_child, told=told)

    def end(self):
        self.requests.close()
        self.process.wait(timeout=30)


class Forked:
    """A child that the nursery began; what the sandbox asks of a `subprocess.Popen`."""

    def __init__(self, *, stdin, stdout, told):
        self.stdin, self.stdout = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
        self.told = os.fdopen(told, "rb")
        self.pid = self._read()
        self.returncode = None

    def kill(self):
        # Its number is its own until the nursery has told its end.
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self):
        if self.returncode is None:
            self.returncode = self._read()
            self.told.close()
        return self.returncode

    def _read(self):
        said = self.told.read(NUMBER.size)
        if not said:
            raise RuntimeError("The nursery is gone; what it said stands above.")
        return NUMBER.unpack(said)[0]


@pytest.fixture(scope="session")
def nursery():
    """Return a function that gives the nursery of this process, begun when the first child is wanted."""
    begun = []

    def get():
        if not begun:
            begun.append(Nursery())
        return begun[0]

    yield get
    for one in begun:
        one.end()


@pytest.fixture(autouse=True)
def warm_children(request, nursery, monkeypatch):
    """Begin the children of this test as forks, unless it is marked `slow` or `cold_children`."""
    if request.node.get_closest_marker("slow") or request.node.get_closest_marker("cold_children"):
        return
    monkeypatch.setattr(child, "start_process", lambda complaints: nursery().start(complaints))
