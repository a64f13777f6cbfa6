"""The calls of docs/api-keys.md in their order: a key, and neither browser, session nor CSRF token."""

from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from ml.samples.dataset_a import make_dataset_a

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(company, developer):
    printed = StringIO()
    options = {"company": company.pk, "name": "Nightly", "scopes": "read,predict"}
    call_command("create_api_key", **options, stdout=printed, stderr=StringIO())
    return Client(
        enforce_csrf_checks=True, headers={"Authorization": f"Api-Key {printed.getvalue().strip()}"}
    )


def test_a_program_predicts_and_fetches_the_result(program, developer, default_versions, do_jobs):
    wanted = default_versions["logistic_regression"].pk
    customers = make_dataset_a(rows=100, seed=7)

    assert program.get("/api/v1/me").json()["scopes"] == ["read", "predict"]
    assert wanted in {model["id"] for model in program.get("/api/v1/models").json()["results"]}

    file = SimpleUploadedFile("march.csv", customers.to_csv(index=False).encode())
    started = program.post("/api/v1/prediction-runs", {"name": "March", "model": wanted, "file": file})

    assert started.status_code == 201
    assert started.json()["person"] == developer.email

    do_jobs()
    run = program.get(f"/api/v1/prediction-runs/{started.json()['id']}").json()

    assert run["state"] == "SUCCEEDED"

    result = b"".join(program.get(f"/api/v1/prediction-runs/{run['id']}/result.csv")).decode()

    assert len(result.splitlines()) == 101
    assert "churn_probability" in result
