"""What training knows of a customer base: what is under way, and that newer data can be learned from."""

from urllib.parse import urlencode

from django.urls import reverse

from companies.identity import Member
from registry.models import ModelVersion, Population
from registry.presenting.bases import Step
from training.models import TrainingRun


def training_steps(member: Member, base: Population) -> list[Step]:
    """Return what the developer can do: watch the training under way, or learn from newer customers."""
    if not member.is_developer or base.is_log:
        return []
    runs = member.company.training_runs.of_customers().filter(population=base)
    latest = runs.select_related("job").only("uuid", "company", "job__state").first()
    if latest and not latest.job.has_ended:
        return [_watch(latest)]
    if base.versions.filter(state=ModelVersion.State.READY).exists():
        url = f"{reverse('training:new')}?{urlencode({'base': base.uuid})}"
        return [Step(50, "Newer customers make a newer model.", "Add this month's data", url)]
    return [_look_into(latest)] if latest else []


def _watch(run: TrainingRun) -> Step:
    url = reverse("training:run", args=(run.uuid,))
    return Step(5, "A model is learning from its customers.", "Watch the training", url)


def _look_into(run: TrainingRun) -> Step:
    url = reverse("training:run", args=(run.uuid,))
    return Step(8, "Its training ended without a model.", "See what happened", url)
