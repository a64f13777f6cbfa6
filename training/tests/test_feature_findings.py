"""What is said of a training on a purchase log."""

from types import SimpleNamespace

import pytest

from training.models import TrainingRun
from training.presenting.purchases import describe_report


def told(**report):
    return dict(describe_report(TrainingRun(report=report)))


def test_the_columns_that_only_the_judged_model_saw_are_named():
    found = told(
        left_out={"recency": "recency says the same as engagement (correlation 0.960)."},
        tested_without={"spend": "spend is the same for 99.5 % of the customers."},
    )

    assert found["Columns left out"] == [
        "recency says the same as engagement (correlation 0.960).",
        "The model that was judged was given recency and was not given spend.",
    ]


def test_nothing_is_said_of_a_difference_where_there_is_none():
    same = {"spend": "spend is empty for 90 % of the customers."}

    assert told(left_out=same, tested_without=same)["Columns left out"] == list(same.values())


def test_only_the_most_telling_columns_are_named():
    importance = [{"name": f"column_{number}", "value": 0.5} for number in range(12)]

    found = told(selection={"kept": [], "dropped": [], "importance": importance})

    (sentence,) = found["What each column tells alone (2 AUC - 1)"]
    assert sentence.endswith("column_9 0.50 and 2 more.")


def test_a_report_of_earlier_days_and_none_at_all_say_what_they_can():
    assert told(split="stratified", optimistic=None, class_weights=True) == {
        "How it was judged": [
            "It learned from four fifths of the labelled customers and was judged on the rest."
        ]
    }
    assert describe_report(TrainingRun()) == []


def test_how_the_champion_did_on_the_same_customers_is_told_where_there_was_one():
    sentence = "No real difference between the new recipe and Random Forest v1."

    assert told(beside_champion={"version": 7, "sentence": sentence}) == {"Beside the champion": [sentence]}
    assert told(beside_champion=None) == {}


@pytest.mark.parametrize(("later", "said"), [(0.70, "higher than later"), (0.75, "lower than later")])
def test_a_random_split_is_called_higher_only_where_it_is(later, said):
    version = SimpleNamespace(metrics=SimpleNamespace(additional_metrics={"churners": {"auc": later}}))
    training = SimpleNamespace(report={"optimistic": {"auc": 0.74, "f1": 0.58}}, version=version)

    (sentence,) = dict(describe_report(training))["By a random split"]

    assert said in sentence and f"{later:.4f}" in sentence
