"""What became of the rows of a file that was sent to learn from."""

from django.urls import reverse

from intake.api import account_of_upload
from registry.models import Dataset
from training.models import TrainingRun


def account_of_run(request, run: TrainingRun) -> dict:
    """Return the `intake.api.RowsRead` of a training on customers."""
    path = reverse("training:api_rejected_rows", args=(run.uuid,))
    return account_of_upload(run.input_data, rejected_rows_url=request.build_absolute_uri(path))


def account_of_dataset(request, dataset: Dataset) -> dict | None:
    """Return the same of an upload that was learned from; None for what was made here."""
    run = getattr(dataset, "uploaded_for", None)
    return run and account_of_run(request, run)
