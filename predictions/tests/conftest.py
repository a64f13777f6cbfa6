"""What the tests of predictions start from: five models, small files, and a way to send them."""

import csv
import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from companies.identity import membership
from predictions.models import Prediction
from predictions.services.runs import start_prediction
from predictions.tests.factories import NOON
from registry.selectors import telecom_base
from registry.services.opening import forget_loaded
from registry.services.versions import register_version
from tabular.tests.corpus import corpus_folder, manifest


@pytest.fixture(scope="session")
def customers():
    """Return a table of 150 customers as a list of rows, the header first."""
    from ml.samples.dataset_a import make_dataset_a

    table = make_dataset_a(rows=150, seed=11).drop(columns="Churn")
    return [list(table.columns), *table.values.tolist()]


@pytest.fixture(scope="session")
def customer_file(customers):
    """Return these customers as the bytes of a CSV file."""
    return to_csv(customers)


def to_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def version(request, model_types, default_dataset_row, exported_models):
    """Return one default, the quickest to register; tests about all five also take `default_versions`."""
    if "default_versions" in request.fixturenames:
        return request.getfixturevalue("default_versions")["logistic_regression"]
    forget_loaded()
    return register_version(
        company=None,
        population=telecom_base(),
        model_type=model_types["logistic_regression"],
        exported=exported_models["logistic_regression"],
        dataset=default_dataset_row,
        at=NOON,
    )


@pytest.fixture
def predict(version, customer_file):
    """Return a function that starts a prediction as the service does."""

    def start(account, content=None, *, name="March base", model=None, filename="march.csv", **options):
        return start_prediction(
            member=membership(account),
            name=name,
            version=model or version,
            upload=ContentFile(customer_file if content is None else content, name=filename),
            at=options.pop("at", NOON),
            **options,
        )

    return start


@pytest.fixture
def done(predict, do_jobs):
    """Return a function that predicts a file to the end."""

    def finish(account, content=None, **options):
        prediction = predict(account, content, **options)
        do_jobs()
        return Prediction.objects.with_people().get(pk=prediction.pk)

    return finish


@pytest.fixture
def send(version):
    """Return a function that sends the Predict form of a portal."""

    def post(client, content, *, portal="user", filename="march.csv", model=None, **fields):
        upload = SimpleUploadedFile(filename, content, content_type="text/csv")
        form = {"name": "March base", "model": (model or version).pk, "file": upload, **fields}
        return client.post(reverse("predictions:new", args=(portal,)), form)

    return post


@pytest.fixture
def media_files(settings):
    """Return a function that lists the files of predictions in the media folder and the waiting room."""

    def listed():
        stored = [p for p in (settings.MEDIA_ROOT / "datasets").rglob("*") if p.is_file()]
        return [p for p in stored if "Predict" in str(p) or "prediction" in str(p)] + [
            p for p in settings.FILE_UPLOAD_TEMP_DIR.rglob("*") if p.is_file()
        ]

    return listed


@pytest.fixture(scope="session")
def bad_files(shared):
    """Return the folder of hostile files and its manifest: what each must lead to."""
    return corpus_folder(), manifest()
