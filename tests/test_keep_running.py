"""What stands between `make run` and a dead process."""

import os
import shlex
import signal
import subprocess
import sys
import time

import psutil
import pytest

from scripts.keep_running import PROCFILE, commands_of
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
def keep(tmp_path):
    """Keep commands running, by their names, and end what was started."""
    started = []

    def start(**commands):
        procfile = tmp_path / "Procfile"
        lines = [f"{name}: {shlex.join(command)}" for name, command in commands.items()]
        procfile.write_text("\n".join(lines))
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.keep_running", "--procfile", str(procfile)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        # Not killed: then it could not end what its commands left behind.
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def noting(path):
    script = path.with_suffix(".py")
    script.write_text(COMMAND)
    return [sys.executable, str(script), str(path)]


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


def test_each_killed_process_is_started_again_and_the_others_do_not_notice(keep, tmp_path):
    names = ("web", "worker", "clock")
    keeper = keep(**{name: noting(tmp_path / name) for name in names})

    for name in names:
        others = {other: starts(tmp_path / other, 1) for other in names if other != name}
        [(command, child)] = starts(tmp_path / name, 1)

        os.kill(command, signal.SIGKILL)

        assert len(starts(tmp_path / name, 2)) == 2
        assert is_gone(child)
        assert {other: starts(tmp_path / other, 1) for other in others} == others
        assert all(psutil.pid_exists(pid) for runs in others.values() for pid in runs[-1])
        assert keeper.stdout.readline() == f"{name} ended by SIGKILL; starting it again in 1 s\n"


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_leaves_no_process_when_told_to_stop(keep, tmp_path, order):
    keeper = keep(one=noting(tmp_path / "one"), other=noting(tmp_path / "other"))
    pids = [pid for name in ("one", "other") for pid in starts(tmp_path / name, 1)[0]]

    keeper.send_signal(order)

    assert keeper.wait(timeout=10) == 0
    assert all(is_gone(pid) for pid in pids)


def test_waits_longer_each_time_a_command_fails_at_once(keep):
    keeper = keep(web=[sys.executable, "-c", "raise SystemExit(3)"])

    told = [keeper.stdout.readline() for _ in range(3)]

    assert told == [f"web ended with 3; starting it again in {pause} s\n" for pause in (1, 2, 4)]


def test_a_name_that_the_procfile_does_not_have_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.keep_running", "wrong"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert "there is no wrong, only web, worker, clock" in done.stderr
    assert set(commands_of(PROCFILE)) == {"web", "worker", "clock"}
