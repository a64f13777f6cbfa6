"""Things measured in a process of their own: seconds, processor seconds, and the peak of its memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.child import ALLOCATORS

HERE = Path(__file__).resolve().parent.parent
MIB = 1 << 20
HEADER = (
    f"{'':22}{'seconds':>8} {'CPU s':>6} {'rows/s':>10} {'peak MB':>8}"
    f" {'x plain':>8} {'% of bare':>9} {'its memory':>10}"
)


def in_child(benchmark: str, folder: Path, what: str, model: str = "") -> dict:
    """Run `measure` of a benchmark in a fresh process and return what it printed."""
    code = f"from benchmarks.{benchmark} import measure; measure({str(folder)!r}, {what!r}, {model!r})"
    environment = os.environ | ALLOCATORS
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def print_measured(step: Callable[[], object] | None, *, rounds: int) -> None:
    """Do `step` so often, and print what the best took as JSON; None was done on the way here."""
    taken = []
    for _ in range(rounds if step else 0):
        started, busy = time.perf_counter(), time.process_time()
        step()
        taken.append((time.perf_counter() - started, time.process_time() - busy))
    seconds, cpu = min(taken, default=(0, 0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak}))


def print_line(
    label: str, measured: dict, *, rows: int, plain: dict | None = None, bare: dict | None = None
) -> None:
    """Print one line below `HEADER`."""
    text = f"{label:22}{measured['seconds']:8.2f} {measured['cpu']:6.2f} {rows / measured['seconds']:10,.0f}"
    text += f" {measured['peak'] / MIB:8,.0f}"
    if plain:
        text += f" {plain['seconds'] / measured['seconds']:7.1f}x"
        of_bare = f"{100 * bare['seconds'] / measured['seconds']:7.0f} %" if bare else f"{'':9}"
        text += f" {of_bare} {measured['peak'] / plain['peak']:10.2f}"
    print(text, flush=True)
