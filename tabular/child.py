"""Work on hostile input in a process of its own, which is stopped when it takes too much memory or time.

The parent writes one line of JSON (what to call), the child answers with lines of JSON: progress, then a
result or an error. Nothing is pickled. The child ends by itself when its parent is gone.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tabular.errors import TableError

ROOT = Path(__file__).resolve().parent.parent
POLL_SECONDS = 0.05
# Address space is not memory: Arrow reserves much and uses little. This only stops what outruns the watching
# parent.
ADDRESS_SPACE = 4 << 30
# What a process needs to run at all. Keys and passwords of the site are none of a parser's business.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")


class ChildFailed(RuntimeError):
    """The child died of a bug, or was killed from outside; the message holds the end of what it said."""


class ChildStopped(Exception):
    """The child was stopped because `should_stop` said so."""


@dataclass(frozen=True)
class Outcome:
    """What a child returned, and what it took."""

    result: object
    peak_bytes: int
    seconds: float


def run_in_child(
    function: str,
    kwargs: dict,
    *,
    memory_bytes: int,
    seconds: float,
    on_progress: Callable[[str, int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> object:
    """Call ``package.module:function(**kwargs, on_progress=...)`` in a child process and return its result.

    Parameters
    ----------
    kwargs, result
        Whatever JSON can say.
    memory_bytes, seconds
        Resident memory and wall time at which the child is killed.
    on_progress
        Called here with what the function passes to its own ``on_progress(step, done, total)``.
    should_stop
        Asked about twenty times a second; when it says yes (or either callback raises), the child is killed.

    Raises
    ------
    TableError
        What the function raised, or ``too_much_memory`` or ``too_slow``.
    ChildStopped
        `should_stop` said yes.
    ChildFailed
        Anything else: a bug.
    """
    limits = {"memory_bytes": memory_bytes, "seconds": seconds}
    return supervise(function, kwargs, **limits, on_progress=on_progress, should_stop=should_stop).result


def supervise(
    function: str,
    kwargs: dict,
    *,
    memory_bytes: int,
    seconds: float,
    on_progress: Callable[[str, int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Do `run_in_child`, and also tell what it took."""
    import psutil

    request = json.dumps(
        {"function": function, "kwargs": kwargs, "address_space": memory_bytes * 2 + ADDRESS_SPACE}
    )
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # Fewer arenas and an allocator that gives back: what is watched is resident memory.
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "jemalloc",
    }
    started = time.monotonic()
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "tabular.child"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
        try:
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
            answers = _listen(process.stdout)
            watched = psutil.Process(process.pid)
            return _wait(
                process,
                answers,
                watched,
                complaints,
                started,
                memory_bytes,
                seconds,
                on_progress,
                should_stop,
            )
        except BrokenPipeError:
            raise ChildFailed(_said(complaints)) from None
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def _listen(stream) -> queue.Queue:
    answers: queue.Queue = queue.Queue()

    def listen():
        for line in stream:
            answers.put(json.loads(line))
        answers.put(None)

    threading.Thread(target=listen, daemon=True).start()
    return answers


def _wait(
    process, answers, watched, complaints, started, memory_bytes, seconds, on_progress, should_stop
) -> Outcome:
    import psutil

    peak = 0
    while True:
        try:
            answer = answers.get(timeout=POLL_SECONDS)
        except queue.Empty:
            answer = {}
        if answer is None:
            process.wait()
            if process.returncode in (-9, 137):
                # Nobody here killed it, so the system did, for want of memory.
                raise _too_much_memory(memory_bytes)
            raise ChildFailed(_said(complaints))
        if "result" in answer:
            return Outcome(answer["result"], max(peak, answer["peak_bytes"]), time.monotonic() - started)
        if "error" in answer:
            raise TableError.from_dict(answer["error"])
        if answer.get("out_of_memory"):
            raise _too_much_memory(memory_bytes)
        if "progress" in answer and on_progress:
            on_progress(*answer["progress"])
        try:
            resident = watched.memory_info().rss
        except psutil.Error:
            resident = 0
        peak = max(peak, resident)
        if resident > memory_bytes:
            raise _too_much_memory(memory_bytes)
        if time.monotonic() - started > seconds:
            raise TableError(
                "too_slow",
                f"Reading the file takes longer than {seconds:,.0f} seconds. Split it and upload the parts.",
            )
        if should_stop and should_stop():
            raise ChildStopped("stopped before it was done")


def _too_much_memory(memory_bytes: int) -> TableError:
    return TableError(
        "too_much_memory",
        f"Reading the file takes more than {memory_bytes / 1e6:,.0f} MB of memory. Split it and "
        "upload the parts.",
    )


def _said(complaints) -> str:
    complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, complaints.tell() - 4000))
    return complaints.read().decode(errors="replace") or "the child ended without an answer"


def main() -> None:
    """Answer one request; this is what runs in the child."""
    # Whatever a library prints must not reach the protocol.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.readline())
    _limit(request["address_space"])
    _end_with_parent()

    def answer(**said) -> None:
        answers.write(json.dumps(said, allow_nan=False) + "\n")
        answers.flush()

    def on_progress(step: str, done: int, total: int) -> None:
        answer(progress=[step, done, total])

    try:
        module, _, name = request["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        result = function(**request["kwargs"], on_progress=on_progress)
        answer(result=result, peak_bytes=_peak_bytes())
    except TableError as error:
        answer(error=error.as_dict())
    except MemoryError:
        answer(out_of_memory=True)
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    # Not through the interpreter's shutdown: threads may still parse blocks that nobody waits for.
    os._exit(0)


def _limit(address_space: int) -> None:
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _peak_bytes() -> int:
    if sys.platform == "linux":
        # Not `ru_maxrss`: it begins with what the parent held when it started this process.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _end_with_parent() -> None:
    def watch():
        # The parent never writes again: the end of the stream means that it is gone.
        os.read(0, 1)
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
