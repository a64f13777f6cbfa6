"""Run one command and start it again whenever it ends, until this process is told to stop.

honcho stops everything when one process ends. A worker that was killed (by the kernel, out of memory, or
by hand) is wanted back instead: its job is queued again by the reaper, so a new worker only has to be there.

    python -m scripts.keep_running celery -A churnbuster worker
"""

import ctypes
import signal
import subprocess
import sys
import time

import psutil

PATIENCE_SECONDS = 3.0  # below honcho's own five, after which it kills without asking
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 10.0

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class Keeper:
    def __init__(self, command):
        self.command = command
        self.child = None
        self.is_stopping = False

    def run(self):
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        # What a killed worker leaves behind becomes our child, not init's: so it can be found and ended.
        _prctl(PR_SET_CHILD_SUBREAPER, 1)

        pause = 1.0
        while not self.is_stopping:
            started = time.monotonic()
            # A session of its own: a signal meant for us reaches the command once, through us.
            self.child = subprocess.Popen(
                self.command,
                start_new_session=True,
                preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )
            returncode = self._wait()
            end_descendants()
            if self.is_stopping:
                break
            pause = (
                1.0 if time.monotonic() - started > HEALTHY_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
            )
            print(
                f"{self.command[0]} ended with {returncode}; starting it again in {pause:.0f} s", flush=True
            )
            self._sleep(pause)

    def _wait(self):
        while not self.is_stopping:
            try:
                return self.child.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
        self.child.terminate()
        try:
            return self.child.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            # A job that is cut off here is still leased in its row; the next worker takes it up.
            self.child.kill()
            return self.child.wait()

    def _sleep(self, seconds):
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(0.2)

    def _stop(self, *_):
        self.is_stopping = True


def end_descendants():
    """Kill what the command left behind, so that no old pool process works beside the new ones."""
    for process in psutil.Process().children(recursive=True):
        try:
            process.kill()
            process.wait(timeout=1)
        except (psutil.NoSuchProcess, psutil.TimeoutExpired):
            continue


def _prctl(option, argument):
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


if __name__ == "__main__":
    Keeper(sys.argv[1:]).run()
