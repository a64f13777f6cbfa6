"""Windows and lags through every floor: a program sends a log, learns from them, and asks about customers."""

import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ml.logs.features.window_definitions import WINDOWS
from predictions.selectors import version_for_purchases
from registry.selectors import purchases_base
from registry.services.opening import load_manifest
from transactions.models import FeatureMatrix
from transactions.presenting.samples import sample_file

pytestmark = pytest.mark.django_db

NAMES = {feature.name for feature in WINDOWS}
SENT = ("event_date", "amount", "event_type", "order_id", "product", "category", "quantity", "discount")


@pytest.fixture
def call(company, as_developer):
    def call_v2(path, sent, **options):
        return as_developer.post(
            f"/api/v1/churn/v2/organizations/{company.pk}/{path}", sent, **options
        ).json()

    return call_v2


@pytest.fixture
def events():
    """Return the rows of each customer as a program has them; those with one order are left out."""
    found = {}
    for row in csv.DictReader(io.StringIO(sample_file("ecommerce.csv").decode())):
        event = {name: row[name] for name in SENT if row[name]}
        found.setdefault(row["customer_id"], []).append(event)
    return {name: rows for name, rows in found.items() if len({row["order_id"] for row in rows}) > 3}


def test_a_model_of_windows_scores_a_customer(call, company, events, do_jobs):
    file = SimpleUploadedFile("log.csv", sample_file("ecommerce.csv"))
    dataset = call("upload-dataset", {"file": file})["dataset_id"]
    assert call(f"datasets/{dataset}/process-features", {"feature_set": "retail_v2"})["success"]
    assert call("train", {})["success"]
    for job in do_jobs():
        assert job.error is None, job.error

    version = version_for_purchases(company, purchases_base(company))
    manifest = load_manifest(version, at=version.created_at)
    assert manifest["purchase_features"]["feature_set"] == "retail_v2"
    assert NAMES & {column["name"] for column in manifest["schema"]["numeric"]}

    matrix = FeatureMatrix.objects.get()
    assert set(matrix.report["features"]) >= NAMES
    cutoff = matrix.as_of.replace(tzinfo=None).isoformat()
    for customer, rows in list(events.items())[:5]:
        sent = {"customer_id": customer, "transactions": rows, "as_of": cutoff}
        answer = call("predict", json.dumps(sent), content_type="application/json")
        assert 0 < answer["churn_probability"] < 1, answer
        assert answer["evidence"] in ("full", "lapsed")


def test_features_that_do_not_exist_are_refused(call):
    file = SimpleUploadedFile("log.csv", sample_file("coffee_shop.csv"))
    dataset = call("upload-dataset", {"file": file})["dataset_id"]

    answer = call(f"datasets/{dataset}/process-features", {"feature_set": "retail_v9"})

    assert "retail_v9" in str(answer)
    assert not FeatureMatrix.objects.exists()
