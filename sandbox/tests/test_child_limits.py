"""A child process is watched: memory, time, a wish to stop, and its own death."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from sandbox.child import (
    ROOT,
    ChildFailed,
    ChildLost,
    ChildRefused,
    ChildStopped,
    TooMuchMemory,
    TooSlow,
    run_in_child,
    supervise,
)
from sandbox.tests import chores

pytestmark = pytest.mark.cold_children

LIMITS = {"memory_bytes": 200 << 20, "seconds": 10}


def run(name, **kwargs):
    return run_in_child(f"{chores.__name__}:{name}", kwargs, **LIMITS)


def test_returns_the_result_and_reports_progress():
    steps = []

    result = run_in_child(
        f"{chores.__name__}:add", {"numbers": [1, 2]}, **LIMITS, on_progress=lambda *step: steps.append(step)
    )

    assert result == {"sum": 3}
    assert steps == [("adding", 1, 2), ("adding", 2, 2)]


def test_what_a_function_prints_does_not_disturb():
    assert run("chatter") == "done"


def test_pandas_is_loaded_only_by_who_needs_it():
    assert run("make_array", frame=False) is False
    assert run("make_array", frame=True) is True


def test_carries_the_refusal_of_the_function_as_data():
    with pytest.raises(ChildRefused, match="Row 7: no") as refused:
        run("refuse")

    assert refused.value.refusal == {"kind": "not_today", "message": "Row 7: no.", "line": 7}


def test_too_much_memory_is_an_answer():
    with pytest.raises(TooMuchMemory) as limit:
        run("hoard")

    assert limit.value.memory_bytes == LIMITS["memory_bytes"]


def test_too_much_time_is_an_answer():
    started = time.monotonic()

    with pytest.raises(TooSlow) as limit:
        run_in_child(f"{chores.__name__}:dawdle", {}, memory_bytes=200 << 20, seconds=1)

    assert limit.value.seconds == 1
    assert time.monotonic() - started < 5


def test_stops_when_asked_to():
    with pytest.raises(ChildStopped):
        run_in_child(f"{chores.__name__}:dawdle", {}, **LIMITS, should_stop=lambda: True)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_of_a_child_that_others_end_no_cause_is_claimed(by):
    with pytest.raises(ChildLost):
        run("die", by=by)


def test_a_bug_is_not_the_users_fault():
    with pytest.raises(ChildFailed, match="ZeroDivisionError"):
        run("fail")
    with pytest.raises(ChildFailed) as crash:
        run("die", by=signal.SIGSEGV)
    assert not isinstance(crash.value, ChildLost)


def test_does_not_hand_secrets_to_the_child(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not yours")

    assert "SECRET_KEY" not in run("environment")


def test_the_peak_is_that_of_the_child_however_much_its_parent_holds():
    hoard = b"x" * (400 << 20)

    done = supervise(f"{chores.__name__}:add", {"numbers": [1, 2]}, **LIMITS)

    assert len(hoard) > done.peak_bytes > 1 << 20


def test_a_child_ends_with_its_parent():
    script = (
        "from sandbox.child import run_in_child\n"
        f"run_in_child('{chores.__name__}:dawdle', {{}}, memory_bytes=1 << 30, seconds=60, "
        "on_progress=lambda step, done, total: print(done, flush=True))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ)
    )
    child = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.wait()
    parent.stdout.close()

    child.wait(timeout=5)
    assert not child.is_running()
