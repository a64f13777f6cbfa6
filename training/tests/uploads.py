"""Files to retrain with, and the way from one to a finished retraining."""

import csv
import io

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from registry.selectors import telecom_base
from registry.services.initialisation import initialize_original_dataset
from registry.tests.factories import NOON
from training.models import TrainingRun
from training.services.retraining import start_retraining


def to_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@pytest.fixture(scope="session")
def labelled():
    """Return a function that makes a table of customers with their outcomes, the header first."""
    from ml.samples.dataset_a import make_dataset_a

    def make(rows=300, seed=21, prefix="N"):
        table = make_dataset_a(rows=rows, seed=seed)
        table["customerID"] = [f"{prefix}-{number:05d}" for number in range(rows)]
        return [list(table.columns), *table.values.tolist()]

    return make


@pytest.fixture
def pinned_type():
    """Return the type that is retrained in tests: the quickest. The real one has tests of its own."""
    return "logistic_regression"


@pytest.fixture
def retraining(settings, pinned_type, model_types, default_dataset_row, exported_models, company, developer):
    """Return a function that starts a retraining as the service does; one default serves the company."""
    settings.RETRAIN_MODEL_TYPE = pinned_type
    from registry.services.opening import forget_loaded
    from registry.services.versions import register_version

    forget_loaded()
    register_version(
        company=None,
        population=telecom_base(),
        model_type=model_types[pinned_type],
        exported=exported_models[pinned_type],
        dataset=default_dataset_row,
        at=NOON,
    )
    initialize_original_dataset(company=company, at=NOON)

    def start(rows, *, account=developer, filename="spring.csv", **options):
        content = rows if isinstance(rows, bytes) else to_csv(rows)
        return start_retraining(
            member=membership(account),
            upload=ContentFile(content, name=filename),
            reason=options.pop("reason", "New customers of spring"),
            population=options.pop("population", None) or telecom_base(),
            at=options.pop("at", NOON),
            **options,
        )

    return start


@pytest.fixture
def retrained(retraining, do_jobs):
    """Return a function that retrains to the end."""

    def finish(rows, **options):
        run = retraining(rows, **options)
        do_jobs()
        return TrainingRun.objects.with_related().get(pk=run.pk)

    return finish
