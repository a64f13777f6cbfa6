"""Columns are called as their base calls them, and amounts say in what they are counted."""

import pytest
from django.urls import reverse

from ml.matrix.telco import TELCO_V1
from registry.models import Population
from registry.presenting import charts
from registry.telecom import TELECOM


def gym(**changes):
    wording = {"visits_wk": {"label": "visits a week"}}
    return Population(**TELECOM | {"wording": wording} | changes)


def test_a_column_begins_a_sentence_with_a_large_letter_and_one_without_a_label_stays_as_it_is():
    assert gym().heading_of("visits_wk") == "Visits a week"
    assert gym().label_of("visits_wk") == "visits a week"
    assert gym().heading_of("fee_eur") == "fee_eur"


def test_pictures_of_a_version_name_no_column_of_a_file_that_has_a_name_for_people():
    importance = [{"feature": "visits_wk", "importance": 0.2}, {"feature": "fee_eur", "importance": 0.1}]

    (first, second) = charts.importance_rows(importance, gym().heading_of, most=2)

    assert (first["label"], second["label"]) == ("Visits a week", "fee_eur")


def test_amounts_are_in_the_currency_or_in_that_of_the_file():
    assert gym(currency="CHF").money == "CHF"
    assert gym().money == "the currency of the file"
    assert gym(kind=Population.Kind.LOG).money == "the currency of the log"


@pytest.mark.django_db
def test_no_page_of_a_model_shows_a_column_that_has_a_label(as_developer, as_user, default_versions):
    version = next(iter(default_versions.values()))
    named = [column for column in TELCO_V1.features if TELECOM["wording"].get(column, {}).get("label")]
    assert len(named) >= 3

    for reader, portal in ((as_developer, "dev"), (as_user, "user")):
        page = reader.get(reverse("registry:version", args=(portal, version.pk))).content.decode()
        for column in ("SeniorCitizen", "MonthlyCharges"):
            assert column in named and column not in page, (portal, column)
