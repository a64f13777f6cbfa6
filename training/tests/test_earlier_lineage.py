"""Tables that were combined before they said with what learn it when the database is brought up to date."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from companies.tests.factories import CompanyFactory
from jobs.tests.factories import JobFactory
from registry.models import Dataset
from registry.selectors import lineage_of

BEFORE = [("training", "0003_trainings_name_their_base"), ("registry", "0015_how_own_tables_are_written")]


@pytest.fixture
def then():
    """Return the tables as they were before, and bring the database up to date whatever happens."""
    MigrationExecutor(connection).migrate(BEFORE)
    yield MigrationExecutor(connection).loader.project_state(BEFORE).apps
    up_to_date()


def up_to_date():
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_what_was_combined_names_what_was_added(then):
    company = CompanyFactory()
    base = then.get_model("registry", "Population").objects.get(installation_slot="installation")
    datasets = then.get_model("registry", "Dataset").objects
    original, upload, combined, unfinished = [
        datasets.create(company_id=company.pk, population=base, name=name, file_path=name)
        for name in ("original", "upload", "combined", "unfinished")
    ]
    datasets.filter(pk=combined.pk).update(parent_dataset=original)
    model_type = then.get_model("registry", "ModelType").objects.create(name="Tree", slug="decision_tree")
    runs = then.get_model("training", "TrainingRun").objects
    for upload_dataset, combined_dataset in ((upload, combined), (None, unfinished)):
        runs.create(
            company_id=company.pk, population=base, job_id=JobFactory(company=company).pk, input_data={},
            model_type=model_type, upload_dataset=upload_dataset, combined_dataset=combined_dataset,
        )  # fmt: skip

    up_to_date()

    names = [dataset.name for dataset in lineage_of(Dataset.objects.get(name="combined"), company)]
    assert names == ["combined", "upload", "original"]
    assert Dataset.objects.get(name="unfinished").added_dataset is None
