"""A file that knows who left is used: what was promised stands beside what happened."""

from pathlib import Path

import pytest

from core.files.media import media_path
from ml.samples.dataset_a import make_dataset_a
from predictions.presenting.outcomes import Graded, Outcomes
from predictions.presenting.summary import Findings
from predictions.tests.conftest import to_csv
from predictions.tests.factories import NOON
from predictions.tests.test_result_page import page_of
from registry.services.opening import load_manifest

pytestmark = pytest.mark.django_db


def group(customers, left, expected):
    return {"customers": customers, "left": left, "expected": expected}


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
    told = ("realised", "untouched", "call_first", "shown")
    assert with_outcome.result == without.result | {name: with_outcome.result[name] for name in told}


def test_who_has_left_by_the_file_is_not_called_first_and_the_table_says_who_that_is(
    done, user, labelled, client
):
    prediction = done(user, to_csv(labelled))
    left = {row[0] for row in labelled[1:] if row[-1] == "Yes"}
    client.force_login(user)

    rows = client.get(page_of(prediction)).context["rows"]
    home = client.get("/user/").content.decode()

    outcomes = {row["customer"]: row["cells"][0]["value"] for row in rows}
    assert {name for name, outcome in outcomes.items() if outcome == "left"} == left & set(outcomes)
    assert rows[0]["cells"][0]["label"] == "In the file" and left & set(outcomes)
    # The rows stand by their risk.
    expected = [row["customer"] for row in rows if row["customer"] not in left][:5]
    assert [one["customer"] for one in prediction.result["call_first"]] == expected
    assert "Those named who by the file have not left, with the highest probability of leaving" in home


def test_the_table_is_filtered_by_what_the_file_says_on_pages_in_downloads_and_for_programs(
    done, user, labelled, client
):
    prediction = done(user, to_csv(labelled))
    left = {row[0] for row in labelled[1:] if row[-1] == "Yes"}
    client.force_login(user)

    page = client.get(page_of(prediction), {"in_file": "left"})
    found = client.get(f"/api/v1/prediction-runs/{prediction.uuid}/rows", {"in_file": "left"}).json()

    assert page.context["page"].paginator.count == found["count"] == len(left)
    assert {row["customer"] for row in found["results"]} <= left
    assert {row["in_file"] for row in found["results"]} == {"left"}
    assert not any("_outcome" in row["features"] for row in found["results"])
    assert '<option value="left" selected>Left</option>' in page.content.decode()
    # What no result knows asks for nothing.
    assert client.get(page_of(prediction), {"in_file": "gone"}).context["page"].paginator.count == 150


def test_those_whom_the_model_learned_from_are_counted_apart(done, user, version, training_file, client):
    split, tried = load_manifest(version, at=NOON)["split"], version.metrics.additional_metrics

    prediction = done(user, training_file.read_bytes())

    found = prediction.result["untouched"]
    confusion = tried["confusion"]
    assert found["learned_from"] == split["train_rows"] == 720
    assert found["realised"]["everybody"]["customers"] == split["test_rows"] == tried["rows"]
    assert found["realised"]["named"]["left"] == confusion["true_positive"]
    assert found["realised"]["named"]["customers"] == (
        confusion["true_positive"] + confusion["false_positive"]
    )
    client.force_login(user)
    page = client.get(page_of(prediction)).content.decode()
    assert "The model learned from 720 of these 900 customers. What follows is of the other 180." in page
    assert (
        f"{confusion['true_positive']} of {found['realised']['named']['customers']} named as leaving" in page
    )
    assert f"{prediction.result['realised']['named']['left']} of" in page.partition("With all customers")[2]


def test_the_same_customers_under_other_ids_are_no_new_ones(done, user, training_file):
    lines = training_file.read_text().splitlines()
    again = "\n".join([lines[0], *(f"again-{line}" for line in lines[1:])])

    prediction = done(user, again.encode())

    found = prediction.result["untouched"]
    assert (found["learned_from"], found["twins"]) == (0, 720)
    assert Findings(prediction).graded.note == (
        "Of 900 customers the model learned from none, but 720 are equal to some that it learned from in all "
        "that it reads, perhaps the same people, and left out. What follows is of the other 180."
    )


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("customerID,Churn\n1,Yes\n")])
def test_where_the_table_is_gone_or_changed_nobody_says_from_whom_the_model_learned(
    done, user, version, labelled, harm
):
    harm(media_path(version.training_dataset.file_path))

    prediction = done(user, to_csv(labelled))

    assert prediction.result["untouched"] is None
    assert "is not known" in Findings(prediction).graded.note


def test_a_table_that_cannot_be_read_now_is_not_told_as_unknown(done, user, version, labelled):
    path = media_path(version.training_dataset.file_path)
    path.unlink()
    path.symlink_to(path)

    prediction = done(user, to_csv(labelled))

    # Another attempt follows, and if that fails too it says why.
    assert not prediction.job.has_ended
    assert prediction.job.error["code"] == "storage-fails"


@pytest.mark.parametrize(
    ("untouched", "has_ids", "said"),
    [
        (None, True, "Whether the model learned from some of these customers is not known. If it did"),
        (None, False, "These customers have no id, so whether the model learned from some of them cannot be"),
        ({"learned_from": 0, "twins": 0, "realised": {}}, True, "The model learned from none of these"),
        (
            {"learned_from": 0, "twins": None, "realised": {}},
            True,
            "By their ids the model learned from none",
        ),
        (
            {"learned_from": 40, "realised": None},
            True,
            "The model learned from all of these 40 customers: how",
        ),
    ],
)
def test_whether_the_model_knew_them_is_said(untouched, has_ids, said):
    everybody = outcomes(everybody=group(40, 3, 2.0), named=group(4, 2, 2.5)).counts

    graded = Graded(everybody | {"untouched": untouched}, has_ids=has_ids)

    assert graded.note.startswith(said)
    assert graded.rest is None


@pytest.mark.any_database
def test_an_outcome_that_cannot_be_read_is_counted_and_refuses_nothing(done, user, labelled):
    labelled[1][-1], labelled[2][-1] = "perhaps", ""

    prediction = done(user, to_csv(labelled))

    assert prediction.result["realised"]["unknown"] == 2
    assert prediction.result["rows"] == 150


def test_a_file_without_outcomes_says_nothing_about_them(done, user, client):
    prediction = done(user)
    client.force_login(user)

    page = client.get(page_of(prediction), {"in_file": "left"})

    assert "Promised to leave" not in page.content.decode() and "filter-in-file" not in page.content.decode()
    assert page.context["page"].paginator.count == prediction.result["rows"]


def test_says_bad_news_first():
    said = outcomes(everybody=group(1_000, 100, 240.0), named=group(200, 60, 130.0))

    assert said.verdict.startswith("The probabilities were too high: 240 were expected to leave and 100 did")
    assert said.headline == "60 of 200 named as leaving did leave; 40 more left unnamed"


def test_of_few_customers_it_is_not_said_that_the_probabilities_held():
    said = outcomes(everybody=group(2, 2, 1.96), named=group(2, 2, 1.96)).verdict

    assert said.startswith("Fewer than 100 customers do not tell whether the probabilities hold: 2 were")
    assert "chance explains" not in said


def test_says_that_nobody_left_and_divides_by_nobody():
    said = outcomes(everybody=group(40, 0, 1.0), named=group(0, 0, 0.0))

    assert said.headline == "None of the 40 customers whose outcome is known left"
    assert said.recall.percent is None
    assert [row.left.interval for row in said.rows if row.is_empty] == [None] * 4


def test_a_file_in_which_nobody_left_yet_tells_nothing_of_the_model():
    said = outcomes(everybody=group(1_118, 0, 200.0), named=group(200, 0, 130.0))

    assert not said.tells and said.headline == "The file says of none of the 1,118 customers that they left"
    assert said.verdict.startswith("200 were expected to leave and 0 did. A file with one outcome alone")
    all_left = outcomes(everybody=group(60, 60, 30.0), named=group(40, 40, 28.0))
    assert not all_left.tells and all_left.headline.startswith("The file says of all 60 customers")


def test_says_that_all_who_left_were_missed():
    said = outcomes(everybody=group(40, 3, 2.0), named=group(0, 0, 0.0))

    assert said.headline == "3 of 40 left, and none of them was named"
