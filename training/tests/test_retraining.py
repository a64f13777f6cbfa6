import csv

import pytest

from registry.artefacts import load_scorer, media_path

pytestmark = pytest.mark.django_db


def stored_rows(dataset):
    with media_path(dataset.file_path).open(newline="") as file:
        return {row["customerID"]: row for row in csv.DictReader(file)}


def test_adds_the_upload_to_the_original_and_registers_the_next_version(retrained, labelled, company):
    run = retrained(labelled())

    assert run.job.state == "SUCCEEDED", run.job.error
    assert str(run.version) == "Neural Network v2"
    assert run.version.company == company
    assert [d.name for d in (run.upload_dataset, run.combined_dataset)] == [
        "uploadDataset1",
        "combinedDataset1",
    ]
    assert run.parent_dataset.is_original and run.combined_dataset.parent_dataset == run.parent_dataset
    assert run.upload_dataset.file_path.startswith(f"datasets/dev/uploadToRetrain/{company.pk}/")
    assert run.combined_dataset.file_path.startswith(f"datasets/dev/combinedDataset/{company.pk}/")
    assert run.combined_dataset.row_count == len(stored_rows(run.combined_dataset)) == 900 + 300
    assert load_scorer(run.version).threshold == 0.5
