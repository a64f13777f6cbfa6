"""What became of the rows of a purchase log, for every interface that tells of one."""

from collections.abc import Iterable

from django.urls import reverse

from intake.api import account_of_rows
from intake.services.belonging import CUSTOMERS, doors
from tabular.previews.preview import Preview
from tabular.previews.recognition import looks_like_customers
from transactions.models import AnalysisSession, FeatureMatrix


def account_of_log(request, analysis: AnalysisSession) -> dict:
    """Return the `intake.api.RowsRead` of a log: before its rows were read, what the first look found."""
    seen = analysis.preview
    path = reverse("transactions:v2_rejected_rows", args=(analysis.company_id, analysis.dataset.uuid))
    if not analysis.is_ready:
        counts, table = {"rows_in": seen["rows_in_file"]}, seen["table"]
        remarks = [*seen["warnings"], *_said_of_customers(request, seen)]
    else:
        counts, table = analysis.import_report, analysis.parse_spec["table"]
        remarks = [*seen["warnings"], *counts["warnings"]]
    return account_of_rows(
        counts, table=table, remarks=remarks, rejected_rows_url=request.build_absolute_uri(path)
    )


def _said_of_customers(request, seen):
    """Say of a table of customers where it belongs; it was taken in, because a person may know better."""
    reason, door = looks_like_customers(Preview.from_dict(seen)), doors.get(CUSTOMERS)
    if reason and door:
        yield f"{reason} Send it to {request.build_absolute_uri(door.address(request.member))}."


def accounts_of_jobs(request, jobs: Iterable) -> dict:
    """Return, by the id of its job, the `intake.api.RowsRead` of each log among what `jobs` are about."""
    logs = AnalysisSession.objects.filter(company=request.member.company).defer("profile")
    logs = logs.select_related("dataset")
    found = {log.job_id: account_of_log(request, log) for log in logs.filter(job__in=jobs)}
    features = FeatureMatrix.objects.filter(analysis__company=request.member.company, job__in=jobs)
    for matrix in features.select_related("analysis__dataset").defer("analysis__profile", "report"):
        found[matrix.job_id] = account_of_log(request, matrix.analysis)
    return found
