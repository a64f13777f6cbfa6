"""Do a job in processes that kill themselves at fault points: `python -m training.tests.killed JOB`.

Each line of the input is a point: ``sync:3`` (the third time that a file is synced), ``rename:2``, ``rows``
(everything is written, nothing is committed), ``commit`` (committed, not yet acknowledged), ``train`` (the
child is at work). Each line of the output says how that attempt ended: its exit status, how many files were
synced and how many renamed. All attempts are forked from one process: to start
each anew would take as long as its work.
"""

import mmap
import os
import signal
import sys
from contextlib import contextmanager

# Shared with the attempts, which cannot tell anybody anything once they are killed.
SYNCS, RENAMES = 0, 1
counts = mmap.mmap(-1, 2)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def count_calls(name, place, fatal):
    original = getattr(os, name)

    def counted(*args, **kwargs):
        counts[place] += 1
        if counts[place] == fatal:
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


def arrange(point):
    kind, _, number = point.partition(":")
    count_calls("fsync", SYNCS, int(number) if kind == "sync" else 0)
    count_calls("replace", RENAMES, int(number) if kind == "rename" else 0)
    others = {"rows": die_before_commit, "commit": die_after_commit, "train": die_while_training}
    others.get(kind, lambda: None)()


def main(job_id):
    import django

    django.setup()
    from celery import current_app

    from jobs.runner import run_job

    current_app.loader.import_default_modules()
    for point in sys.stdin:
        counts[:] = bytes(2)
        attempt = os.fork()
        if not attempt:
            arrange(point.strip())
            run_job(job_id)
            os._exit(0)
        _, status = os.waitpid(attempt, 0)
        print(os.waitstatus_to_exitcode(status), counts[SYNCS], counts[RENAMES], flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")
    main(sys.argv[1])
