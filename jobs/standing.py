"""What the operator's home says of workers and of work that waits or failed."""

from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.urls import reverse
from django.utils.http import urlencode

from core.figures import counted
from core.standing import Standing, checked
from jobs.health import Clock, Worker
from jobs.models import Job

# Beyond that, somebody who waits for a page has given up.
LONG_WAIT = timedelta(minutes=10)
LATELY = timedelta(days=7)


def jobs_page(**query) -> str:
    """Return the address of the operator's list of jobs, filtered."""
    return f"{reverse('admin:jobs_job_changelist')}?{urlencode(query)}"


def workers(at: datetime) -> Standing:
    worker = Worker()
    running = Job.objects.filter(state=Job.State.RUNNING).count()
    busy = f"{counted(running, 'job runs', 'jobs run')} now." if running else "No job runs now."
    return checked(
        worker.run,
        name="Workers",
        # Workers that are all deep in jobs were not seen.
        well=lambda: f"A worker was seen {_ago(worker)}. {busy}" if _seen(worker) is not None else busy,
        remedy="Start one: make run keeps one running, and the Procfile says how it is started by itself.",
        url=jobs_page(state__exact=Job.State.RUNNING) if running else "",
        link="Running jobs" if running else "",
    )


def clock(at: datetime) -> Standing:
    ticking = Clock()
    return checked(
        ticking.run,
        name="Clock",
        well=lambda: f"It rang {_ago(ticking)}.",
        remedy="Start it: make run keeps it running, and the Procfile says how it is started by itself.",
    )


def _seen(part: Worker | Clock) -> float | None:
    return part.details["seconds_since_seen"]


def _ago(part: Worker | Clock) -> str:
    return f"{counted(round(_seen(part)), 'second')} ago"


def queue(at: datetime) -> Standing:
    queued = Job.objects.filter(state=Job.State.QUEUED)
    waiting = queued.count()
    if not waiting:
        return Standing("Queue", "No job waits for a worker.")
    since = at - queued.aggregate(oldest=Min("queued_at"))["oldest"]
    is_long = since > LONG_WAIT
    minutes = counted(int(since.total_seconds() // 60), "minute")
    return Standing(
        "Queue",
        f"{counted(waiting, 'job waits', 'jobs wait')} for a worker, the oldest for {minutes}.",
        "Start more workers, or raise WORKER_CONCURRENCY where memory allows." if is_long else "",
        url=jobs_page(state__exact=Job.State.QUEUED),
        link="Waiting jobs",
    )


def failures(at: datetime) -> Standing:
    """Say what failed lately: by a fault of ours, which somebody has to look at, and for other reasons."""
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gte=at - LATELY)
    count = failed.count()
    if not count:
        return Standing("Failed jobs", "No job failed within seven days.")
    ours = failed.filter(Q(error__code="internal") | Q(error__code__startswith="storage-")).count()
    why = f", {ours:,} by a fault of the installation." if ours else ". Who began them was told why."
    return Standing(
        "Failed jobs",
        f"{counted(count, 'job')} failed within seven days{why}",
        "Read what went wrong, correct it, and queue them again." if ours else "",
        url=jobs_page(state__exact=Job.State.FAILED, finished_at__gte=at - LATELY),
        link="Failed jobs",
    )
