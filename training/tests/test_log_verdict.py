"""What the page of a training on a purchase log may say of the model."""

from types import SimpleNamespace

import pytest

from training.presenting.log_models import Verdict
from training.presenting.simple_rule import describe_standing


def verdict(*, model=0.75, rule=0.7, gains=(0.02, 0.08), split="temporal", **report):
    metrics = {
        "rows": 400,
        "churners": {"auc": model, "f1": 0.6},
        "intervals": {"weighted": {"AUC": {"value": model, "low": model - 0.05, "high": model + 0.05}}},
    }
    low, high = gains
    simple = {"feature": "recency_days", "higher_is_riskier": True, "auc": rule, "f1": 0.5, "f1_of_all": 0.4}
    gained = (
        {"model_gains": {"value": model - rule, "low": low, "high": high}} if gains != (None, None) else {}
    )
    days = {"trained_at_cutoff": "2011-06-12T00:00:00", "tested_at_cutoff": "2011-09-10T00:00:00"}
    version = SimpleNamespace(metrics=SimpleNamespace(additional_metrics=metrics))
    return Verdict(
        SimpleNamespace(
            model_type="Random Forest",
            version=version,
            report={"split": split, "simple_rule": simple | gained, **days, **report},
        )
    )


def test_says_better_only_where_chance_does_not_explain_it():
    assert verdict().headline == "The model ranks customers better than the best single column"
    assert (
        verdict(gains=(-0.01, 0.11)).headline
        == "The model is not shown to be better than the best single column"
    )
    assert "chance may explain" in verdict(gains=(-0.01, 0.11)).meaning


def test_says_first_where_chance_ranks_as_well():
    found = verdict(model=0.54, rule=0.5, gains=(0.01, 0.07))

    assert found.headline == "The model is not shown to rank customers better than chance"
    assert found.meaning.startswith("AUC 0.540, 95 % interval 0.490 to 0.590, and chance has 0.500.")
    assert describe_standing(found.training).startswith(
        "It is not shown to rank customers better than chance"
    )


def test_does_not_say_better_of_a_report_that_never_looked():
    assert "not shown to be better" in verdict(gains=(None, None)).headline


@pytest.mark.parametrize("model", [0.7, 0.6])
def test_says_where_a_model_is_no_better(model):
    found = verdict(model=model, gains=(-0.2, 0.1))

    assert found.headline == "The model is no better than sorting by recency_days"
    assert "chance may explain the difference" in found.meaning and "Use the rule" not in found.meaning


def test_sends_to_the_rule_only_where_it_is_shown_to_be_better():
    found = verdict(model=0.6, gains=(-0.2, -0.05))

    assert found.headline == "The model ranks customers worse than sorting by recency_days"
    assert "Use the rule" in found.meaning


def test_the_champion_stands_beside_it_on_the_same_customers():
    ranking = {"value": 0.741, "low": 0.71, "high": 0.77}
    beside = {"name": "Logistic Regression v1", "ranking": ranking, "f1": 0.6, "knew_until": None}

    _, champion, rule, _ = verdict(beside_champion=beside).rows

    assert (champion.name, champion.auc, champion.low) == ("Logistic Regression v1", 0.741, 0.71)
    assert rule.name.startswith("Simple rule")


def test_the_first_version_says_where_it_is_no_better_than_the_rule():
    below = verdict(model=0.6, gains=(-0.2, -0.05)).training

    assert describe_standing(verdict().training) == ""
    assert describe_standing(below) == (
        "It ranks customers worse than sorting by recency_days does (AUC 0.600 against 0.700)."
    )
    assert "not shown to be better" in describe_standing(verdict(gains=(-0.1, 0.2)).training)


def test_the_rows_are_the_model_the_rule_and_nothing():
    model, rule, nothing = verdict().rows

    assert (model.auc, model.low, model.high) == (0.75, pytest.approx(0.7), pytest.approx(0.8))
    assert rule.name == "Simple rule: recency_days" and "a high value" in rule.note
    assert (nothing.auc, nothing.f1) == (0.5, 0.4)


def test_says_that_what_was_kept_cannot_have_been_judged_yet():
    told = verdict().how

    assert "learned from the customers of 12 June 2011 and was judged on those of 10 September 2011" in told
    assert "nobody can have judged it yet" in told


def test_says_that_a_split_judged_what_was_kept():
    assert "is the one that was kept" in verdict(split="stratified").how
