"""Do one job in a process that kills itself at a fault point: `python -m training.tests.killed JOB POINT`.

Points: ``sync:3`` (the third time that a file is synced), ``rename:2``, ``rows`` (everything is written,
nothing is committed), ``commit`` (committed, not yet acknowledged), ``train`` (the child is at work).
"""

import os
import signal
import sys
from contextlib import contextmanager


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_call(name, wanted):
    original, calls = getattr(os, name), 0

    def counted(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == wanted:
            die()
        return original(*args, **kwargs)

    setattr(os, name, counted)


def die_before_commit():
    from jobs import services

    original = services.finish_job

    def finish_and_die(**kwargs):
        original(**kwargs)
        die()

    services.finish_job = finish_and_die


def die_after_commit():
    from jobs.runner import JobRun

    original = JobRun.finish

    @contextmanager
    def finish_and_die(self):
        with original(self):
            yield
        die()

    JobRun.finish = finish_and_die


def die_while_training():
    from jobs.runner import JobRun

    original = JobRun.progress

    def report_and_die(self, step, done=0, total=0):
        original(self, step, done, total)
        if step == "Train":
            die()

    JobRun.progress = report_and_die


def main(job_id, point):
    import django

    django.setup()
    from celery import current_app

    from jobs.runner import run_job

    kind, _, number = point.partition(":")
    if kind in ("sync", "rename"):
        die_at_call({"sync": "fsync", "rename": "replace"}[kind], int(number))
    else:
        {"rows": die_before_commit, "commit": die_after_commit, "train": die_while_training}[kind]()
    current_app.loader.import_default_modules()
    run_job(job_id)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")
    main(*sys.argv[1:])
