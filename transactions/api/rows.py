"""What became of the rows of a purchase log, for every interface that tells of one."""

from django.urls import reverse

from intake.api import account_of_rows
from transactions.models import AnalysisSession


def account_of_log(request, analysis: AnalysisSession) -> dict:
    """Return the `intake.api.RowsRead` of a log: before its rows were read, what the first look found."""
    seen = analysis.preview
    path = reverse("transactions:v2_rejected_rows", args=(analysis.company_id, analysis.dataset.uuid))
    if not analysis.is_ready:
        counts, table, remarks = {"rows_in": seen["rows_in_file"]}, seen["table"], seen["warnings"]
    else:
        counts, table = analysis.import_report, analysis.parse_spec["table"]
        remarks = [*seen["warnings"], *counts["warnings"]]
    return account_of_rows(
        counts, table=table, remarks=remarks, rejected_rows_url=request.build_absolute_uri(path)
    )
