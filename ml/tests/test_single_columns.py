import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ml.learning.judging import judge_simple_rule
from ml.learning.single_columns import best_single_column
from ml.matrix.schemas import Category, FeatureSchema, Number

SCHEMA = FeatureSchema(
    "plans_v1",
    "id",
    (Category("plan", ("monthly", "yearly")), Category("city", tuple(f"c{n}" for n in range(400)))),
    (Number("age", 0, 100),),
    Category("left", ("no", "yes")),
)


def customers(rows, seed, *, age=0.0, plan=0.0):
    """Draw customers whose leaving follows their age or their plan by so much; their city says nothing."""
    rng = np.random.default_rng(seed)
    ages, monthly = rng.uniform(18, 80, rows), rng.random(rows) < 0.5
    odds = -0.5 - age * (ages - 49) / 18 + plan * (monthly - 0.5)
    frame = pd.DataFrame(
        {
            "plan": np.where(monthly, "monthly", "yearly"),
            "city": [f"c{n}" for n in rng.integers(0, 400, rows)],
            "age": ages,
        }
    )
    return frame, (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)


@pytest.mark.parametrize(("signal", "best"), [({"age": 1.0}, "age"), ({"plan": 2.0}, "plan")])
def test_the_column_that_decides_is_found_among_numbers_and_words(signal, best):
    frame, labels = customers(2_000, 1, **signal)
    later, outcomes = customers(2_000, 2, **signal)

    rule = best_single_column(frame, labels, schema=SCHEMA)

    assert rule.feature == best
    assert roc_auc_score(outcomes, rule.score(later)) > 0.65


def test_of_many_words_no_order_is_read_into_chance():
    frame, labels = customers(1_000, 3, age=0.5)

    assert best_single_column(frame, labels, schema=SCHEMA).feature == "age"


def test_words_that_nobody_had_are_sorted_with_the_usual_rate():
    frame, labels = customers(1_000, 4, plan=2.0)
    rule = best_single_column(frame, labels, schema=SCHEMA)

    monthly, new, yearly = rule.score(pd.DataFrame({"plan": ["monthly", "weekly", "yearly"]}))

    assert monthly > new > yearly


def test_a_column_of_words_is_judged_beside_the_model_on_the_same_customers():
    frame, labels = customers(1_500, 5, plan=2.0)
    later, outcomes = customers(1_500, 6, plan=2.0)
    same = np.where(later["plan"] == "monthly", 0.6, 0.2)

    rule = judge_simple_rule(frame, labels, later, outcomes, same, schema=SCHEMA)

    assert (rule["feature"], rule["is_category"], rule["higher_is_riskier"]) == ("plan", True, None)
    assert rule["model_gains"]["value"] == pytest.approx(0, abs=1e-12)
    assert rule["model_gains"]["low"] == rule["model_gains"]["high"] == rule["model_gains"]["value"]
