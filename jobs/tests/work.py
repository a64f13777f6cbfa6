"""Handlers that a real worker imports in the tests of `test_killed_workers.py`."""

import os
import signal
import time
from pathlib import Path

from django.utils import timezone

from companies.models import AuditEvent
from core.files.drafts import write_atomically
from jobs.handlers import handler


@handler("tests.steps")
def write_steps(run):
    """Write `steps` lines slowly; each is noted in a log that shows which process did it in which attempt."""
    folder, steps = Path(run.payload["folder"]), run.payload["steps"]
    with write_atomically(folder / "result.txt") as draft:
        for step in range(steps):
            run.progress("Writing", step, steps)
            with draft.open("a") as file:
                file.write(f"line {step}\n")
            with (folder / "log.txt").open("a") as log:
                log.write(f"{run.attempt} {os.getpid()}\n")
            time.sleep(run.payload["pause"])
    with run.finish():
        AuditEvent.objects.create(action="tests.result", subject=str(run.job.pk), at=timezone.now())


@handler("tests.poison")
def end_the_own_process(run):
    os.kill(os.getpid(), signal.SIGKILL)
