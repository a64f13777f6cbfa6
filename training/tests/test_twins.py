"""The same customers under new ids are found, counted and said, and make no new version better."""

import csv

import pytest
from django.urls import reverse

from companies.models import AuditEvent

pytestmark = pytest.mark.django_db


def renamed(path):
    """Return the customers of a file under new ids."""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    place = header.index("customerID")
    return [
        header,
        *([f"NEW-{n}" if at == place else cell for at, cell in enumerate(row)] for n, row in enumerate(rows)),
    ]


@pytest.mark.any_database
def test_customers_who_come_again_under_new_ids_make_nothing_better(
    retrained, training_file, company, as_developer
):
    run = retrained(renamed(training_file))

    assert run.job.state == "SUCCEEDED", run.job.error
    found, judged = run.combination, run.comparison["judged"]
    assert (found["added"], found["replaced"], found["twins"]) == (900, 0, 900)
    # Whoever was held out is held out again; the others are learned from again.
    assert (judged["held_out"], judged["customers"], judged["different"]) == (360, 360, 180)
    assert run.comparison["pairs"][0]["verdict"] == "no_real_difference"
    assert "180 of them are different ones" in run.comparison["sentence"]

    page = as_developer.get(reverse("training:run", args=[run.uuid])).content.decode()
    assert "900 customers of the file are equal to another one in every column that the model reads" in page
    told = as_developer.get(f"/api/v1/retrainings/{run.uuid}").json()
    assert told["combination"]["twins"] == 900
    event = AuditEvent.objects.get(action="twins-found")
    assert (event.company, event.details["twins"]) == (company, 900)


def test_other_customers_are_no_twins(retrained, labelled, as_developer):
    run = retrained(labelled())

    assert run.combination["twins"] == 0
    page = as_developer.get(reverse("training:run", args=[run.uuid])).content.decode()
    assert "under another id" not in page
    assert not AuditEvent.objects.filter(action="twins-found").exists()


@pytest.mark.any_database
def test_equal_rows_of_one_file_are_remarked_on(retraining, labelled):
    rows = labelled()
    rows[5][1:] = rows[2][1:]

    run = retraining(rows)

    assert any(
        "1 row equals another customer in everything but the id" in told
        for told in run.input_data["warnings"]
    )
