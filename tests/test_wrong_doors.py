"""A file at the wrong door is recognised, said, and led on: a page has one click, a program the address."""

import csv
import html
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ml.logs.features.catalogue import FEATURE_SETS
from ml.samples.dataset_a import make_dataset_a
from registry.selectors import telecom_base
from registry.services.versions import register_version
from registry.tests.factories import NOON
from transactions.tests.logs import lines_of_log

pytestmark = pytest.mark.django_db


def in_csv(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def customers(*, outcome=True):
    table = make_dataset_a(rows=120, seed=3).astype(str)
    table = table if outcome else table.drop(columns="Churn")
    return [list(table.columns), *table.values.tolist()]


def features(name):
    names = [feature.name for feature in FEATURE_SETS[name]]
    return [["customer_id", *names], *([f"C{n}", *[str(n + 0.5)] * len(names)] for n in range(60))]


def result():
    head, *rows = customers(outcome=False)
    added = [["Yes" if n % 3 else "No", f"0.{n % 9}1", "High"] for n in range(len(rows))]
    head = [*head, "prediction", "churn_probability", "risk_tier"]
    return [head, *([*row, *more] for row, more in zip(rows, added, strict=True))]


FILES = {
    "purchase-log": [line.split(",") for line in lines_of_log()],
    "features": features("retail_v1"),
    "result": result(),
    "outcomes": [["customerID", "Churn"], *([f"C{n}", ("Yes", "No")[n % 2]] for n in range(60))],
}
SAID = {
    "purchase-log": "Add it under Purchase logs.",
    "features": "Models learn from them, and score them, where they were computed",
    "result": "What a model predicted is no outcome that happened.",
    "outcomes": "Add that column to the table with what else is known of these customers",
}
DOORS = {
    "purchase-log": "/api/v1/upload",
    "features": "/api/v1/churn/v2/organizations/{company}/train",
    "result": "/api/v1/prediction-runs",
    "outcomes": "/api/v1/retrainings",
}
LABELS = {
    "purchase-log": "Add it as a purchase log",
    "features": "Go to the purchase logs",
    "result": "See the results",
    "outcomes": "Give the whole table",
}
PAGES = {
    "predictions:new": "predict",
    "training:new": "retrain",
    "training:new_base": "new base",
    "transactions:new": "log",
}
# A result has the columns of the customers, so it can be predicted once more; a log is right at its door.
WRONG = [
    (door, what)
    for door in ("predict", "retrain", "new base", "log", "v2 log")
    for what in FILES
    if (door, what) not in (("predict", "result"), ("log", "purchase-log"), ("v2 log", "purchase-log"))
]


@pytest.fixture
def version(model_types, default_dataset_row, exported_models):
    """Return one default, the quickest to register."""
    return register_version(
        company=None,
        population=telecom_base(),
        model_type=model_types["logistic_regression"],
        exported=exported_models["logistic_regression"],
        dataset=default_dataset_row,
        at=NOON,
    )


def send_to_api(client, company, version, door, content):
    address, more = {
        "predict": ("/api/v1/prediction-runs", {"name": "May", "model": version.pk}),
        "retrain": ("/api/v1/retrainings", {"reason": "May"}),
        "new base": ("/api/v1/customer-bases", {"name": "Gym"}),
        "log": ("/api/v1/upload", {}),
        "v2 log": (f"/api/v1/churn/v2/organizations/{company.pk}/upload-dataset", {}),
    }[door]
    return client.post(address, {"file": SimpleUploadedFile("file.csv", content), **more})


def test_a_program_is_told_what_it_is_and_where_it_belongs(as_developer, company, version):
    for door, what in WRONG:
        answer = send_to_api(as_developer, company, version, door, in_csv(FILES[what]))

        assert answer.status_code == 422, (door, what)
        found = answer.json()
        assert found["belongs"] == what, (door, what)
        assert SAID[what] in found["message"]
        assert found["door"] == f"http://testserver{DOORS[what].format(company=company.pk)}"


def test_a_page_says_it_and_has_one_click(as_developer, version):
    for page, door in PAGES.items():
        for what in FILES:
            if (door, what) not in WRONG:
                continue
            args = ("dev",) if page in ("predictions:new", "transactions:new") else ()
            upload = SimpleUploadedFile("file.csv", in_csv(FILES[what]))
            form = {"file": upload, "name": "May", "model": version.pk}

            answer = as_developer.post(reverse(page, args=args), form)

            assert answer.status_code == 422, (door, what)
            text = answer.content.decode()
            assert html.escape(SAID[what]) in text, (door, what)
            assert text.count(f">{LABELS[what]}<") == 1, (door, what)


def test_a_result_that_is_predicted_once_more_is_said_to_be_one(as_developer, company, version):
    answer = send_to_api(as_developer, company, version, "predict", in_csv(FILES["result"]))

    assert answer.status_code == 201
    remarks = answer.json()["rows_read"]["remarks"]
    assert any(text.startswith("The file is the result of an earlier prediction.") for text in remarks)


def test_a_log_is_taken_on_by_the_click(as_developer, version):
    upload = SimpleUploadedFile("file.csv", in_csv(FILES["purchase-log"]))
    form = {"file": upload, "name": "May", "model": version.pk}
    refused = as_developer.post(reverse("predictions:new", args=("dev",)), form)

    new = reverse("transactions:new", args=("dev",))
    answer = as_developer.post(new, {"kept": refused.context["refusal"].kept, "name": ""})

    assert answer.status_code == 302


def test_a_program_that_sends_customers_as_a_log_is_told_where_they_belong(as_developer):
    upload = SimpleUploadedFile("file.csv", in_csv(customers()))

    remarks = as_developer.post("/api/v1/upload", {"file": upload}).json()["rows_read"]["remarks"]

    led_on = "Send it to http://testserver/api/v1/prediction-runs."
    assert any("this is a table of customers" in text and led_on in text for text in remarks)
