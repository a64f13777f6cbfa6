"""What became of the rows of a file that was sent to learn from."""

from collections.abc import Iterable

from django.urls import reverse

from intake.api import account_of_upload
from registry.models import Dataset
from training.models import TrainingRun
from transactions.api.rows import account_of_log


def account_of_run(request, run: TrainingRun) -> dict:
    """Return the `intake.api.RowsRead` of a training on customers."""
    path = reverse("training:api_rejected_rows", args=(run.uuid,))
    return account_of_upload(run.input_data, rejected_rows_url=request.build_absolute_uri(path))


def account_of_dataset(request, dataset: Dataset) -> dict | None:
    """Return the same of an upload that was learned from; None for what was made here."""
    run = getattr(dataset, "uploaded_for", None)
    return run and account_of_run(request, run)


def accounts_of_jobs(request, jobs: Iterable) -> dict:
    """Return, by the id of its job, the `intake.api.RowsRead` of each training among `jobs`.

    Files to learn from are the developer's alone, whoever may see that there is a job.
    """
    if not request.member.is_developer:
        return {}
    runs = request.member.company.training_runs.filter(job__in=jobs).without_documents()
    found = {run.job_id: account_of_run(request, run) for run in runs.of_customers()}
    of_logs = runs.of_purchases().filter(matrix__isnull=False).select_related("matrix__analysis__dataset")
    for run in of_logs.defer("matrix__report", "matrix__analysis__profile"):
        found[run.job_id] = account_of_log(request, run.matrix.analysis)
    return found
