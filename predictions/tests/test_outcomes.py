"""A file that knows who left is used: what was promised stands beside what happened."""

import pytest

from ml.samples.dataset_a import make_dataset_a
from predictions.presenting.outcomes import Outcomes
from predictions.tests.conftest import to_csv
from predictions.tests.test_result_page import page_of

pytestmark = pytest.mark.django_db


def group(customers, left, expected):
    return {"customers": customers, "left": left, "expected": expected, "variance": expected / 2}


def outcomes(*, everybody, named, unknown=0):
    tiers = [group(0, 0, 0.0)] * 3 + [everybody]
    realised = {"everybody": everybody, "named": named, "tiers": tiers, "unknown": unknown}
    return Outcomes({"realised": realised, "policy": "segments_v2"})


@pytest.fixture
def labelled():
    """Return 150 customers whose outcome is known, as rows."""
    table = make_dataset_a(rows=150, seed=11)
    return [list(table.columns), *table.values.tolist()]


def test_a_result_tells_how_right_it_was(done, user, labelled, client):
    prediction = done(user, to_csv(labelled))
    left = sum(row[-1] == "Yes" for row in labelled[1:])

    found = prediction.result["realised"]
    client.force_login(user)
    page = client.get(page_of(prediction)).content.decode()

    assert (found["everybody"]["customers"], found["everybody"]["left"]) == (150, left)
    assert found["named"]["customers"] == prediction.result["churners"]
    assert sum(tier["left"] for tier in found["tiers"]) == left
    assert "Promised to leave" in page
    assert f"{found['named']['left']} of {found['named']['customers']} named as leaving did leave" in page


@pytest.mark.any_database
def test_the_outcome_changes_no_probability(done, user, labelled, customer_file):
    with_outcome = done(user, to_csv(labelled))
    without = done(user, customer_file)

    assert without.result["realised"] is None
    assert with_outcome.result | {"realised": None} == without.result


@pytest.mark.any_database
def test_an_outcome_that_cannot_be_read_is_counted_and_refuses_nothing(done, user, labelled):
    labelled[1][-1], labelled[2][-1] = "perhaps", ""

    prediction = done(user, to_csv(labelled))

    assert prediction.result["realised"]["unknown"] == 2
    assert prediction.result["rows"] == 150


def test_a_file_without_outcomes_says_nothing_about_them(done, user, client):
    prediction = done(user)
    client.force_login(user)

    assert "Promised to leave" not in client.get(page_of(prediction)).content.decode()


def test_says_bad_news_first():
    said = outcomes(everybody=group(1_000, 100, 240.0), named=group(200, 60, 130.0))

    assert said.verdict.startswith("The probabilities were too high: 240 were expected to leave and 100 did")
    assert said.headline == "60 of 200 named as leaving did leave; 40 more left unnamed"


def test_says_that_nobody_left_and_divides_by_nobody():
    said = outcomes(everybody=group(40, 0, 1.0), named=group(0, 0, 0.0))

    assert said.headline == "None of the 40 customers whose outcome is known left"
    assert said.recall.percent is None
    assert [row.left.interval for row in said.rows if row.is_empty] == [None] * 4


def test_says_that_all_who_left_were_missed():
    said = outcomes(everybody=group(40, 3, 2.0), named=group(0, 0, 0.0))

    assert said.headline == "3 of 40 left, and none of them was named"
