"""Run what the Procfile names, and start each process again by itself whenever it ends.

A process that was killed (by the kernel, out of memory, or by hand) is wanted back, and the others shall not
notice: pages are served while a worker starts again, and jobs go on while the pages do. Each further failure
within seconds is answered with a longer pause. SIGTERM and Ctrl-C end all of them.

    python -m scripts.keep_running            # everything
    python -m scripts.keep_running worker     # one of them, on a machine of its own
"""

import argparse
import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"

# Answers that were begun are finished. A job that is cut off is leased in its row: another worker takes it.
PATIENCE_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 10.0
LOOK_SECONDS = 0.2

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Kept:
    """One command, the process that runs it now, and when it is started next where none does."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = 0.0

    def start(self) -> None:
        self.started_at = time.monotonic()
        # A session of its own: Ctrl-C reaches the command once, through us.
        self.process = subprocess.Popen(
            self.command,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def plan_next_start(self) -> None:
        now = time.monotonic()
        lived = now - self.started_at
        self.pause = FIRST_PAUSE_SECONDS if lived > HEALTHY_SECONDS or not self.pause else self.pause * 2
        self.pause = min(self.pause, LONGEST_PAUSE_SECONDS)
        self.start_at = now + self.pause
        print(
            f"{self.name} ended {_how(self.process.returncode)}; starting it again in {self.pause:.0f} s",
            flush=True,
        )
        self.process = None


class Keeper:
    def __init__(self, kept: list[Kept]):
        self.kept = kept
        self.is_stopping = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        # What a killed process leaves behind becomes our child, not init's: so it can be found and ended.
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        while not self.is_stopping:
            self._look()
            time.sleep(LOOK_SECONDS)
        self._end_all()

    def _look(self) -> None:
        for kept in self.kept:
            if kept.has_ended():
                self._end_left_behind()
                kept.plan_next_start()
            if kept.process is None and time.monotonic() >= kept.start_at:
                kept.start()

    def _end_left_behind(self) -> None:
        """Kill what an ended process started, so that no old pool process works beside the new ones."""
        known = {kept.process.pid for kept in self.kept if kept.process}
        _kill(child for child in psutil.Process().children() if child.pid not in known)

    def _end_all(self) -> None:
        running = [kept.process for kept in self.kept if kept.process]
        for process in running:
            process.terminate()
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and any(process.poll() is None for process in running):
            time.sleep(0.05)
        _kill(psutil.Process().children())

    def _stop(self, *_) -> None:
        self.is_stopping = True


def _kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes and all that they started."""
    for process in processes:
        try:
            for each in (*process.children(recursive=True), process):
                each.kill()
            process.wait(timeout=1)
        except (psutil.NoSuchProcess, psutil.TimeoutExpired):
            continue


def _how(returncode: int) -> str:
    return f"by {signal.Signals(-returncode).name}" if returncode < 0 else f"with {returncode}"


def end_with_parent() -> None:
    """Let the kernel tell this process to stop when the one that started it is gone."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option, argument):
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def commands_of(procfile: Path) -> dict[str, list[str]]:
    """Return what each line of a Procfile runs, by its name."""
    lines = (line.partition(":") for line in procfile.read_text().splitlines() if line.strip())
    return {name.strip(): shlex.split(command) for name, _, command in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--procfile", type=Path, default=PROCFILE)
    options = parser.parse_args()

    commands = commands_of(options.procfile)
    unknown = [name for name in options.names if name not in commands]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}, only {', '.join(commands)}")
    # The programs of this environment, whatever the shell would find first.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    Keeper([Kept(name, commands[name]) for name in options.names or commands]).run()


if __name__ == "__main__":
    main()
