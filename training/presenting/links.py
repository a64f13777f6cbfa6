"""What pages of the floors below lead to here: a table, learning from a log, a table of other customers."""

from django.urls import reverse

from companies.identity import Member
from core.sections import Link
from intake.services.belonging import Door
from registry.models import Dataset
from transactions.models import AnalysisSession


def table_page(member: Member, table: Dataset) -> str | None:
    """Return the page of a table of customers, for the developer of the company that it belongs to."""
    is_theirs = member.is_developer and table.company_id == member.company.pk
    has_page = is_theirs and table.dataset_type == Dataset.Type.SNAPSHOT
    return reverse("training:dataset", args=(table.pk,)) if has_page else None


def model_tab(member: Member, analysis: AnalysisSession) -> Link | None:
    return Link("Model", reverse("training:log_model", args=(analysis.pk,))) if member.is_developer else None


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
