"""Run a function in a process of its own, which is stopped when it takes too much memory or time.

The parent writes one line of JSON (what to call), the child (`sandbox.entry`) answers with lines of JSON:
progress, then a result or a refusal. Nothing is pickled. The child ends by itself when its parent is gone.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
POLL_SECONDS = 0.05
# Address space is not memory: Arrow reserves much and uses little. This only stops what outruns the watching
# parent.
ADDRESS_SPACE = 4 << 30
# What a process needs to run at all. Keys and passwords of the site are none of a parser's business.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")
# Fewer arenas and an allocator that gives back: what is watched is resident memory.
ALLOCATORS = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "jemalloc"}
# With these a person, a shutdown or a machine without memory ends a process; a crash of its own has others.
_OF_OTHERS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
KILLED = {code for number in _OF_OTHERS for code in (-number, 128 + number)}

Progress = Callable[[str, int, int], None]


class ChildFailed(RuntimeError):
    """The child died of a bug; the message holds the end of what it said."""


class ChildLost(ChildFailed):
    """Somebody else killed the child: a person, or the system, which does it where memory runs out for all.

    Nothing is known of what it did wrong, if anything. Tried again, it may well succeed.
    """


class ChildStopped(Exception):
    """The child was stopped because `should_stop` said so."""


class ChildRefused(Exception):
    """The function refused what it was given.

    Parameters
    ----------
    refusal
        What `as_dict` of the function's own error returned. What it means, only the caller knows.
    """

    def __init__(self, refusal: dict):
        super().__init__(refusal.get("message", refusal))
        self.refusal = refusal


class LimitReached(Exception):
    """The child was killed because it took more than it was allowed."""


class TooMuchMemory(LimitReached):
    """It held more than `memory_bytes`, or asked for more than the system gives to one that is limited so."""

    def __init__(self, memory_bytes: int):
        super().__init__(f"more than {memory_bytes / 1e6:,.0f} MB of memory")
        self.memory_bytes = memory_bytes


class TooSlow(LimitReached):
    """It ran for longer than `seconds`."""

    def __init__(self, seconds: float):
        super().__init__(f"longer than {seconds:,.0f} seconds")
        self.seconds = seconds


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
    on_progress: Progress | None = None,
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
    ChildRefused
        The function raised an error that has `as_dict()`, which returns what JSON can say.
    TooMuchMemory, TooSlow
        It took more than it was allowed.
    ChildStopped
        `should_stop` said yes.
    ChildLost
        Somebody else killed it.
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
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Do `run_in_child`, and also tell what it took."""
    request = {"function": function, "kwargs": kwargs, "address_space": memory_bytes * 2 + ADDRESS_SPACE}
    with tempfile.TemporaryFile() as complaints:
        watch = _Watch(
            start_process(complaints),
            complaints,
            memory_bytes=memory_bytes,
            seconds=seconds,
            should_stop=should_stop,
        )
        try:
            watch.send(json.dumps(request).encode() + b"\n")
            return watch.wait(on_progress)
        except BrokenPipeError:
            raise watch.its_end() from None
        finally:
            watch.end()


def start_process(complaints) -> subprocess.Popen:
    """Start the process in which `sandbox.entry` waits for a request, and complains into a file."""
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.entry"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        start_new_session=True,
    )


def environment() -> dict[str, str]:
    """Return all that a child sees of the environment."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return (
        passed_on
        | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONUTF8": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        | ALLOCATORS
    )


class _Watch:
    """Watches one child until it answers or has to be killed."""

    def __init__(self, process, complaints, *, memory_bytes, seconds, should_stop):
        self.process = process
        self.complaints = complaints
        self.memory_bytes = memory_bytes
        self.seconds = seconds
        self.should_stop = should_stop
        self.started = time.monotonic()
        self.peak = 0
        self.watched: psutil.Process | None = None

    def send(self, line: bytes) -> None:
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def wait(self, on_progress: Progress | None) -> Outcome:
        answers = _listen(self.process.stdout)
        while True:
            answer = self._next(answers)
            if "result" in answer:
                peak = max(self.peak, answer["peak_bytes"])
                return Outcome(answer["result"], peak, time.monotonic() - self.started)
            self._raise_what_it_says(answer)
            if "progress" in answer and on_progress:
                on_progress(*answer["progress"])
            self._keep_limits()
            if self.should_stop and self.should_stop():
                raise ChildStopped("stopped before it was done")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _next(self, answers) -> dict:
        try:
            answer = answers.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return {}
        if answer is not None:
            return answer
        raise self.its_end()

    def its_end(self) -> ChildFailed:
        self.process.wait()
        if self.process.returncode in KILLED:
            return ChildLost("the child was killed from outside")
        return ChildFailed(_said(self.complaints))

    def _raise_what_it_says(self, answer):
        if "refusal" in answer:
            raise ChildRefused(answer["refusal"])
        if answer.get("out_of_memory"):
            raise TooMuchMemory(self.memory_bytes)

    def _keep_limits(self):
        try:
            # One that is done is gone at once where somebody else waits for it.
            self.watched = self.watched or psutil.Process(self.process.pid)
            resident = self.watched.memory_info().rss
        except psutil.Error:
            resident = 0
        self.peak = max(self.peak, resident)
        if resident > self.memory_bytes:
            raise TooMuchMemory(self.memory_bytes)
        if time.monotonic() - self.started > self.seconds:
            raise TooSlow(self.seconds)


def _listen(stream) -> queue.Queue:
    answers: queue.Queue = queue.Queue()

    def listen():
        for line in stream:
            answers.put(json.loads(line))
        answers.put(None)

    threading.Thread(target=listen, daemon=True).start()
    return answers


def _said(complaints) -> str:
    complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, complaints.tell() - 4000))
    return complaints.read().decode(errors="replace") or "the child ended without an answer"
