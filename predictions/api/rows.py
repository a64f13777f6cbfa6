"""What became of the rows of the file, or of the purchase log, that a prediction read."""

from collections.abc import Iterable

from django.urls import reverse

from intake.api import account_of_upload
from predictions.models import Prediction
from transactions.api.rows import account_of_log
from transactions.models import AnalysisSession


def logs_behind(runs: Iterable[Prediction]) -> dict[str, AnalysisSession]:
    """Return the logs that these predictions read, by their ids; those that were deleted are not there."""
    ids = {run.input_data["analysis"] for run in runs if run.reads_log}
    logs = AnalysisSession.objects.filter(pk__in=ids).select_related("dataset").defer("profile")
    return {str(log.pk): log for log in logs}


def account_of_run(request, run: Prediction, logs: dict[str, AnalysisSession]) -> dict | None:
    """Return the `intake.api.RowsRead` of a prediction; None where its log was deleted."""
    if not run.reads_log:
        path = reverse("predictions:api_rejected_rows", args=(run.uuid,))
        return account_of_upload(run.input_data, rejected_rows_url=request.build_absolute_uri(path))
    log = logs.get(run.input_data["analysis"])
    return log and account_of_log(request, log)


def accounts_of_jobs(request, jobs: Iterable) -> dict:
    """Return, by the id of its job, the `intake.api.RowsRead` of each prediction among `jobs`."""
    runs = list(Prediction.objects.filter(job__in=jobs, company=request.member.company).defer("result"))
    logs = logs_behind(runs)
    return {run.job_id: account_of_run(request, run, logs) for run in runs}
