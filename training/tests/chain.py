"""What must hold for the retrainings of a company, whatever happened to the workers that did them."""

import csv
from itertools import pairwise

from core.files.media import media_path
from registry.models import Dataset, ModelVersion
from registry.services.opening import read_or_report
from training.models import TrainingRun


def assert_whole(company, *, done):
    """Check that `done` retrainings made one chain: nothing lost, doubled, forked or half-visible."""
    runs = list(TrainingRun.objects.filter(company=company).exclude(number=None).order_by("number"))
    versions = list(ModelVersion.objects.filter(company=company).order_by("pk"))
    datasets = Dataset.objects.filter(company=company)

    assert [run.number for run in runs] == list(range(1, done + 1))
    # In the order in which they were committed, without a gap after the default's v1.
    assert [version.number for version in versions] == list(range(2, done + 2))
    assert [run.version for run in runs] == versions
    assert datasets.filter(is_combined=True).count() == datasets.filter(is_uploaded=True).count() == done
    for before, after in pairwise(runs):
        assert after.parent_dataset == before.combined_dataset
    known = _ids(runs[0].parent_dataset)
    for run in runs:
        uploaded = _ids(run.upload_dataset)
        assert run.combined_dataset.parent_dataset == run.parent_dataset
        # Each upload came in once, and with it nobody else.
        assert not uploaded & known
        known |= uploaded
        assert _ids(run.combined_dataset) == known
        assert run.combined_dataset.row_count == len(known)
        assert read_or_report(run.version, at=run.created_at)


def _ids(dataset):
    with media_path(dataset.file_path).open(newline="") as file:
        return {row["customerID"] for row in csv.DictReader(file)}
