"""What stands between `make run` and a dead worker."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.places import REPOSITORY

# Notes its own process and that of a child that outlives it, then waits to be ended.
COMMAND = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "a") as notes:
    notes.write(f"{os.getpid()} {child.pid}\\n")
time.sleep(600)
"""


@pytest.fixture
def notes(tmp_path):
    return tmp_path / "notes"


@pytest.fixture
def keeper(notes):
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.keep_running", sys.executable, "-c", COMMAND, str(notes)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    # Not killed: then it could not end what its command left behind.
    process.terminate()
    process.wait(timeout=20)
    process.stdout.close()


def starts(notes, count):
    """Wait until the command was started `count` times; return its process and child per start."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        lines = notes.read_text().splitlines() if notes.exists() else []
        if len(lines) >= count:
            return [tuple(map(int, line.split())) for line in lines]
        time.sleep(0.05)
    raise AssertionError(f"started {len(lines)} times, not {count}")


def is_gone(pid):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_starts_a_killed_command_again_and_ends_what_it_left_behind(keeper, notes):
    [(command, child)] = starts(notes, 1)

    os.kill(command, signal.SIGKILL)

    assert len(starts(notes, 2)) == 2
    assert is_gone(child)


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_leaves_no_process_when_told_to_stop(keeper, notes, order):
    [(command, child)] = starts(notes, 1)

    keeper.send_signal(order)

    assert keeper.wait(timeout=10) == 0
    assert is_gone(command)
    assert is_gone(child)


def test_waits_longer_each_time_a_command_fails_at_once(notes):
    keeper = subprocess.Popen(
        [sys.executable, "-m", "scripts.keep_running", sys.executable, "-c", "raise SystemExit(3)"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    told = [keeper.stdout.readline(), keeper.stdout.readline()]
    keeper.terminate()

    assert keeper.wait(timeout=10) == 0
    keeper.stdout.close()
    assert "ended with 3; starting it again in 2 s" in told[0]
    assert "in 4 s" in told[1]
