"""Customers who are equal in everything but their ids are learned from, and are no new evidence."""

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.comparison import compare_versions, state_verdict
from ml.evaluation.resampling import bootstrap_metrics
from ml.learning.honest_scores import score_out_of_fold
from ml.learning.pipelines import build_pipeline
from ml.learning.training import train_model
from ml.learning.twins import find_twins
from ml.matrix.schemas import Category, FeatureSchema, Number
from ml.model_types.catalogue import MODEL_TYPES

SCHEMA = FeatureSchema(
    "visits_v1",
    "id",
    (Category("plan", ("monthly", "yearly")),),
    (Number("visits", 0, 10_000),),
    Category("left", ("no", "yes")),
)


def table_of(rows, seed=1):
    """Draw customers of whom each differs; whether one leaves is a coin that knows no column."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "plan": rng.choice(["monthly", "yearly"], rows),
            "visits": rng.permutation(10_000)[:rows].astype(float),
            "left": np.where(rng.random(rows) < 0.4, "yes", "no"),
        }
    )


def twice(table):
    return pd.concat([table, table], ignore_index=True)


def test_of_equal_customers_none_is_learned_from_while_another_is_held_out():
    alone, doubled = table_of(400), twice(table_of(400))

    # A tree without limits knows by heart whom it learned: of twins on both sides it would know the outcome.
    params = {"max_depth": 20, "min_samples_leaf": 1}
    options = {"schema": SCHEMA, "model_type": "decision_tree", "params": params}
    apart, crossing = train_model(doubled, **options), train_model(doubled, keeps_twins=False, **options)

    assert apart.split["twins_left_out"] > 100
    assert apart.metrics["weighted"]["AUC"] < 0.6 < 0.7 < crossing.metrics["weighted"]["AUC"]
    assert "twins_left_out" not in crossing.split
    assert "twins_left_out" not in train_model(alone, **options).split


def test_equal_customers_share_a_fold():
    table = twice(table_of(300))
    features, labels = table[["plan", "visits"]], (table["left"] == "yes").to_numpy().astype(int)
    params = MODEL_TYPES["decision_tree"].check_params({"max_depth": 20, "min_samples_leaf": 1})
    pipeline = build_pipeline(MODEL_TYPES["decision_tree"], params, 42, schema=SCHEMA)

    _, folds = score_out_of_fold(pipeline, features, labels, 42, groups=find_twins(features, labels))

    assert (folds[:300] == folds[300:]).all()
    assert len(set(folds)) == 5


@pytest.mark.parametrize("metric", [("weighted", "AUC"), ("probabilities", "brier"), ("churners", "recall")])
def test_an_interval_is_as_wide_as_without_the_twins(metric):
    rng = np.random.default_rng(3)
    chances = rng.uniform(0.05, 0.9, 800)
    labels = (rng.random(800) < chances).astype(int)
    group, name = metric

    def width(*, times, groups=None):
        found = bootstrap_metrics(np.tile(labels, times), np.tile(chances, times), groups=groups)
        interval = getattr(found, group)[name]
        return interval.high - interval.low

    alone, groups = width(times=1), np.tile(np.arange(800), 2)
    assert width(times=2, groups=groups) == pytest.approx(alone, rel=0.08)
    assert width(times=2) < 0.8 * alone


def test_a_comparison_says_how_many_customers_are_different():
    rng = np.random.default_rng(4)
    chances = rng.uniform(0.05, 0.9, 300)
    labels = (rng.random(300) < chances).astype(int)
    groups = np.r_[np.arange(300), np.arange(50)]
    again = [np.r_[each, each[:50]] for each in (labels, chances, chances)]

    said = state_verdict(compare_versions(*again, groups=groups))

    assert "This rests on 350 customers" in said
    assert said.endswith("count once: 300 of them are different ones.")


def test_few_different_customers_of_each_outcome_are_too_few_however_often_they_come():
    labels, chances = np.array([0, 1] * 25), np.tile([0.2, 0.7], 25)
    again = [np.tile(each, 4) for each in (labels, chances, chances)]

    assert compare_versions(*again).enough
    assert not compare_versions(*again, groups=np.tile(np.arange(50), 4)).enough


def test_different_people_who_are_equal_by_chance_are_each_evidence():
    table = table_of(1_200)
    table["visits"] %= 150

    trained = train_model(table, schema=SCHEMA, model_type="decision_tree")

    assert "twins_left_out" not in trained.split
    assert "rows_per_customer" not in trained.metrics["calibration"]
    # The interval is that of 240 customers, and not of the fewer rows that differ.
    accuracy = trained.metrics["intervals"]["weighted"]["Accuracy"]
    assert accuracy["high"] - accuracy["low"] < 0.14
