"""Customers whom the product makes up are known by their file, and marked wherever figures of them stand."""

import hashlib
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.urls import reverse

from intake.presenting.samples import sample_customers, sample_members
from ml.samples.invented import INVENTED
from registry.models import Dataset
from registry.presenting.quality import quality_of
from registry.tests.factories import DatasetFactory, ModelMetricsFactory, ModelVersionFactory
from training.views.retraining import SAMPLE_ROWS
from transactions.presenting.samples import GOOD, sample_file

MARK = "invented customers"


@pytest.fixture
def invented():
    return DatasetFactory(name="winter", original_filename="winter.csv", holds_invented=True, row_count=6435)


@pytest.fixture
def version(company, invented):
    made = ModelVersionFactory(company=company, training_dataset=invented)
    return ModelMetricsFactory(model=made).model


def test_every_file_that_the_product_makes_up_is_known():
    made = {
        "DatasetA.csv": settings.DATASET_A.read_bytes(),
        "sample-customers-with-outcomes.csv": sample_customers(SAMPLE_ROWS, with_outcomes=True).encode(),
        "sample-members.csv": sample_members().encode(),
        **{sample.name: sample_file(sample.name) for sample in GOOD},
    }

    assert {name: hashlib.sha256(payload).hexdigest() for name, payload in made.items()} == INVENTED


@pytest.mark.django_db
def test_the_file_says_it_and_not_its_name(retrained, labelled):
    run = retrained(labelled(), filename="DatasetA.csv")

    assert not run.upload_dataset.holds_invented
    assert not run.combined_dataset.holds_invented


@pytest.mark.django_db
def test_what_is_made_from_invented_customers_says_so_and_the_real_are_compared_apart(
    default_dataset_row, retrained, labelled, as_developer
):
    Dataset.objects.update(holds_invented=True)
    before = as_developer.get(reverse("training:new")).content.decode()
    sample = retrained(sample_customers(SAMPLE_ROWS, with_outcomes=True).encode())

    run = retrained(labelled())

    assert "(900 customers, all of them invented)" in before
    assert sample.upload_dataset.invented == MARK
    assert "All of them are invented" in sample.comparison["sentence"]
    assert (run.upload_dataset.invented, run.combined_dataset.invented) == ("", "partly " + MARK)
    assert "Some of these customers are invented." in quality_of(run.version).in_words
    judged, [pair, *_] = run.comparison["judged"], run.comparison["pairs"]
    # A fifth of DatasetA, of the sample that was sent, and of the real ones.
    assert (judged["invented"], judged["customers"], pair["real"]["customers"]) == (280, 340, 60)
    assert "280 of them are invented; on the 60 real alone: " in run.comparison["sentence"]
    page = as_developer.get(reverse("training:run", args=[run.uuid])).content.decode()
    assert "280 of these 340 customers are invented. On the real ones alone: " in page
    assert f"{MARK}</span>" in page
    assert "partly " + MARK in as_developer.get(reverse("training:runs")).content.decode()


@pytest.mark.django_db
def test_data_sets_of_earlier_days_are_marked_with_what_was_made_from_them(company):
    original = DatasetFactory(name="winter", sha256=INVENTED["DatasetA.csv"])
    own = DatasetFactory(company=company)
    combined = DatasetFactory(company=company, is_combined=True, parent_dataset=original, added_dataset=own)
    newest = DatasetFactory(company=company, is_combined=True, parent_dataset=combined)
    migration = import_module("registry.migrations.0019_earlier_data_sets_say_who_is_invented")

    migration.mark(apps, connection.schema_editor(atomic=False))

    assert set(Dataset.objects.filter(holds_invented=True)) == {original, combined, newest}
    # Files that were made up later cannot have been uploaded before.
    assert set(migration.INVENTED) <= set(INVENTED.values())


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["registry:models", "registry:version"])
def test_pages_mark_the_figures(name, version, as_developer):
    address = reverse(name, args=["dev"] if name == "registry:models" else ["dev", version.pk])

    assert MARK in as_developer.get(address).content.decode()
    Dataset.objects.update(holds_invented=False)
    assert "invented" not in as_developer.get(address).content.decode()


@pytest.mark.django_db
def test_lists_of_data_sets_mark_them(invented, company, as_developer):
    Dataset.objects.filter(pk=invented.pk).update(company=company)

    for address in (reverse("training:datasets"), reverse("training:dataset", args=[invented.pk])):
        assert MARK in as_developer.get(address).content.decode()


@pytest.mark.django_db
def test_programs_are_told(version, invented, company, as_developer):
    Dataset.objects.filter(pk=invented.pk).update(company=company)

    [model] = as_developer.get(reverse("registry:api-models")).json()["results"]
    [table] = as_developer.get(reverse("training:api_datasets")).json()["results"]

    assert model["on_invented"] and "These customers are invented." in model["quality"]
    assert table["holds_invented"]
