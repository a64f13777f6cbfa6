"""What pages of the floors below lead to here: a log that a model learned from, and its features."""

from collections.abc import Iterable

from django.urls import reverse

from companies.identity import Member
from intake.services.belonging import Door
from registry.models import Dataset
from transactions.models import FeatureMatrix
from transactions.selectors import analyses_for

log_door = Door(
    "Add it as a purchase log",
    page=lambda member: reverse("transactions:new", args=(member.portal,)),
    address=lambda member: reverse("transactions:api_upload"),
    takes_file=True,
)


def log_page(member: Member, table: Dataset) -> str | None:
    """Return the page of the log that `table` is, or of the features that it holds."""
    if table.dataset_type == Dataset.Type.RAW:
        log = analyses_for(member).filter(dataset=table).first()
        return log and reverse("transactions:analysis", args=(member.portal, log.pk))
    if table.dataset_type == Dataset.Type.FEATURES:
        matrix = FeatureMatrix.objects.filter(analysis__company=member.company, dataset=table).first()
        return matrix and reverse("transactions:matrix", args=(member.portal, matrix.analysis_id, matrix.pk))
    return None


def pages_of_logs(member: Member, jobs: Iterable) -> dict:
    """Return, by the id of its job, where each log or its features among `jobs` are read."""
    logs = analyses_for(member).filter(job__in=jobs).values_list("job_id", "pk")
    features = FeatureMatrix.objects.filter(analysis__company=member.company, job__in=jobs)
    return {job: reverse("transactions:analysis", args=(member.portal, log)) for job, log in logs} | {
        job: reverse("transactions:matrix", args=(member.portal, log, matrix))
        for job, log, matrix in features.values_list("job_id", "analysis_id", "pk")
    }
