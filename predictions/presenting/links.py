"""What pages of the floors below lead to here: predicting, the result of a run, scoring a log."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.urls import reverse

from companies.identity import Member
from core.memory import once_per_page
from core.sections import Link
from intake.services.belonging import Door
from predictions.presenting.logs import why_not_scored
from predictions.selectors import runs_of_log, version_for_log
from registry.models import Population, ShadowRun
from transactions.models import AnalysisSession
from transactions.presenting.sections import LogTab


def predict_link(member: Member, base: Population | None) -> Link | None:
    """Return where the customers of a base are sent; a log is scored on its own page."""
    url = reverse("predictions:new", args=(member.portal,))
    if base is None:
        return Link("Predict", url)
    return None if base.is_log else Link("Predict", f"{url}?{urlencode({'base': base.uuid})}")


customers_door = Door(
    "Predict",
    page=lambda member: reverse("predictions:new", args=(member.portal,)),
    address=lambda member: reverse("predictions:api_runs"),
    takes_file=True,
)
results_door = Door(
    "See the results",
    page=lambda member: reverse("predictions:history", args=(member.portal,)),
    address=lambda member: reverse("predictions:api_runs"),
)


def result_page(member: Member, run: ShadowRun) -> str | None:
    """Return where the result of a run is read; None once somebody deleted it."""
    if not _is_there(member, run):
        return None
    return reverse("predictions:result", args=(member.portal, run.batch))


def changed_sides_link(member: Member, run: ShadowRun) -> Link | None:
    """Return the list of those whom the challenger puts on the other side, where there are any."""
    url = reverse("predictions:changed_sides", args=(run.batch,))
    return Link("Who changes side", url) if run.disagree and _is_there(member, run) else None


@once_per_page
def _is_there(member, run):
    return member.company.predictions.filter(uuid=run.batch).exists()


def score_link(member: Member, analysis: AnalysisSession) -> Link | None:
    """Return where the customers of a log are scored; None where nothing serves that can read it."""
    version = version_for_log(analysis)
    if version is None or why_not_scored(analysis, version):
        return None
    return Link("Score the customers", reverse("predictions:score_log", args=(member.portal, analysis.pk)))


def scores_tab(member: Member, analysis: AnalysisSession) -> LogTab | None:
    """Return the step in which the customers of a log are scored, or is read who lets them be."""
    if analysis.population.is_archived:
        return None
    url = reverse("transactions:analysis", args=(member.portal, analysis.pk))
    return LogTab("Scores", f"{url}#scores", is_done=runs_of_log(analysis).exists())


def pages_of_predictions(member: Member, jobs: Iterable) -> dict:
    """Return, by the id of its job, where the result of each prediction among `jobs` is read."""
    runs = member.company.predictions.filter(job__in=jobs).values_list("job_id", "uuid")
    return {job: reverse("predictions:result", args=(member.portal, uuid)) for job, uuid in runs}
