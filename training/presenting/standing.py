"""What the operator's home says of trainings: who trained what lately, and which failed."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.http import urlencode

from core.figures import counted
from core.standing import Standing
from jobs.models import Job
from training.models import TrainingRun

LATELY = timedelta(days=7)
# As many as a person reads; the link leads to all.
MOST = 10


def runs_page(**query) -> str:
    """Return the address of the operator's list of trainings, filtered."""
    return f"{reverse('admin:training_trainingrun_changelist')}?{urlencode(query)}"


def trainings(at: datetime) -> Standing:
    lately = TrainingRun.objects.filter(created_at__gte=at - LATELY)
    failed = lately.filter(job__state=Job.State.FAILED).count()
    begun = counted(lately.count(), "training")
    if not failed:
        return Standing("Trainings", f"{begun} began within seven days, and none failed.")
    since = at - LATELY
    return Standing(
        "Trainings",
        f"{begun} began within seven days, and {failed:,} failed. Each developer was told why.",
        url=runs_page(job__state__exact=Job.State.FAILED, created_at__gte=since),
        link="Failed trainings",
    )


def trainings_section(at: datetime) -> dict | None:
    """Return the latest trainings of all companies; None before the first."""
    beside = ("company", "population", "version", "job", "developer__account")
    runs = TrainingRun.objects.without_documents().select_related(*beside)
    rows = list(runs.order_by("-created_at")[:MOST])
    return {"rows": rows, "url": runs_page()} if rows else None
