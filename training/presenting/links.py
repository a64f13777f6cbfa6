"""What pages of the floors below lead to here: a table, learning from a log, a table of other customers."""

from collections.abc import Iterable

from django.urls import reverse

from companies.identity import Member
from core.sections import Link
from intake.services.belonging import Door
from registry.models import Dataset
from registry.selectors import log_bases
from training.selectors import training_runs_for, trainings_of
from transactions.models import AnalysisSession
from transactions.presenting.sections import LogTab
from transactions.selectors import latest_log_of


def table_page(member: Member, table: Dataset) -> str | None:
    """Return the page of a table of customers, for the developer of the company that it belongs to."""
    is_theirs = member.is_developer and table.company_id == member.company.pk
    has_page = is_theirs and table.dataset_type == Dataset.Type.SNAPSHOT
    return reverse("training:dataset", args=(table.pk,)) if has_page else None


def model_tab(member: Member, analysis: AnalysisSession) -> LogTab | None:
    """Return the step in which the developer trains on a log."""
    if not member.is_developer:
        return None
    is_done = trainings_of(analysis).done().exists()
    return LogTab("Model", reverse("training:log_model", args=(analysis.pk,)), is_done=is_done)


def log_links(member: Member) -> list[Link]:
    """Return where a model learns from the purchases of each base of a company, for pages about tables."""
    logs = [(base, latest_log_of(member.company, base)) for base in log_bases(member.company)]
    return [Link(str(base), reverse("training:log_model", args=(log.pk,))) for base, log in logs if log]


def _outcomes_page(member):
    return (
        reverse("training:new") if member.is_developer else reverse("predictions:new", args=(member.portal,))
    )


outcomes_door = Door(
    "Give the whole table", page=_outcomes_page, address=lambda member: reverse("training:api_runs")
)


features_door = Door(
    "Go to the purchase logs",
    page=lambda member: reverse("transactions:analyses", args=(member.portal,)),
    address=lambda member: reverse("training:v2_train", args=(member.company.pk,)),
)


def own_table_link(member: Member) -> Link | None:
    """Return where a developer brings a table of customers that belong to no base yet."""
    return Link("Bring a table of your own", reverse("training:new_base")) if member.is_developer else None


def pages_of_trainings(member: Member, jobs: Iterable) -> dict:
    """Return, by the id of its job, where each training among `jobs` is read; they are the developer's."""
    if not member.is_developer:
        return {}
    runs = training_runs_for(member).filter(job__in=jobs).values_list("job_id", "uuid")
    of_logs = member.company.training_runs.of_purchases().filter(job__in=jobs, matrix__isnull=False)
    of_logs = of_logs.values_list("job_id", "matrix__analysis", "uuid")
    return {job: reverse("training:run", args=(uuid,)) for job, uuid in runs} | {
        job: reverse("training:log_training", args=(analysis, uuid)) for job, analysis, uuid in of_logs
    }
