"""A model that tells nothing is called so, and names nobody; no threshold names nearly everybody."""

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.signal import NAMES_NOBODY, describe_missing_signal, read_signal
from ml.exchange.export import export_model
from ml.learning.feature_training import learn_from_labels, learn_over_time
from ml.learning.judging import choose_threshold
from ml.learning.training import train_model
from ml.logs.feature_columns import FeatureTable
from ml.matrix.schemas import Category, FeatureSchema, Number
from ml.serving.scoring import Scorer


def figures(auc=(0.75, 0.7, 0.8), gains=(0.05, 0.02, 0.08)):
    names = ("value", "low", "high")
    rule = {"feature": "recency_days", "auc": auc[0] - gains[0]}
    return {
        "intervals": {"weighted": {"AUC": dict(zip(names, auc, strict=True))}},
        "simple_rule": rule | {"model_gains": dict(zip(names, gains, strict=True))},
    }


def told(found):
    return describe_missing_signal(read_signal(found), str.upper)


def test_better_than_both_is_no_warning():
    assert read_signal(figures()).is_shown and told(figures()) == ""


def test_what_chance_ranks_as_well_is_said_of_chance():
    assert told(figures(auc=(0.52, 0.48, 0.56))) == (
        "It is not shown to rank customers better than chance: AUC 0.520, 95 % interval 0.480 to 0.560, and "
        "chance has 0.500."
    )


def test_what_a_column_ranks_as_well_is_said_of_that_column():
    assert told(figures(auc=(0.56, 0.54, 0.58), gains=(0.0, -0.01, 0.012))) == (
        "It is not shown to rank customers better than sorting them by RECENCY_DAYS: AUC 0.560 against 0.560 "
        "on the same customers, 95 % interval of the difference \N{MINUS SIGN}0.010 to +0.012."
    )
    assert told(figures(gains=(-0.05, -0.08, -0.02))).startswith("It ranks customers worse than sorting")


def test_nothing_is_said_of_what_was_not_looked_at():
    alone = figures() | {"simple_rule": None}

    assert read_signal({}) is None and told({}) == ""
    assert told(alone) == ""
    # A report of earlier days did not draw the two together.
    assert told(figures() | {"simple_rule": {"feature": "x", "auc": 0.9}}) == ""
    assert "SAID" in describe_missing_signal(
        read_signal(alone, {"feature": "said", "auc": 0.8, "model_gains": {"low": -0.1, "high": 0.1}}),
        str.upper,
    )


def customers(seed, *, signal, count=800):
    rng = np.random.default_rng(seed)
    recency, visits, items = (rng.normal(size=count) for _ in range(3))
    odds = -0.4 + signal * (recency + visits + items)
    labels = (rng.random(count) < 1 / (1 + np.exp(-odds))).astype(int)
    frame = pd.DataFrame({"recency_days": recency, "visits": visits, "items": items})
    return FeatureTable(frame, labels)


@pytest.mark.parametrize("model_type", ["logistic_regression", "random_forest"])
def test_a_log_without_signal_gives_a_model_that_names_nobody(model_type):
    learned = learn_over_time(
        customers(1, signal=0), customers(2, signal=0), name="rfm_v2", model_type=model_type
    )

    metrics = learned.trained.metrics
    assert not read_signal(metrics).is_shown and told(metrics)
    assert metrics["names_nobody"] and learned.trained.threshold == NAMES_NOBODY
    assert not (learned.judged.probabilities >= learned.trained.threshold).any()
    assert metrics["confusion"]["true_positive"] == metrics["churners"]["recall"] == 0


def test_a_model_that_is_better_than_its_best_column_names_customers():
    learned = learn_over_time(
        customers(1, signal=1), customers(2, signal=1), name="rfm_v2", model_type="logistic_regression"
    )

    metrics = learned.trained.metrics
    assert read_signal(metrics).is_shown and told(metrics) == ""
    assert not metrics["names_nobody"] and learned.trained.threshold < 1


def test_a_model_that_is_no_better_than_its_best_column_says_so_and_names_customers():
    alone = customers(1, signal=1.5), customers(2, signal=1.5)
    # All but one column are noise, so that a model cannot know more than that one says.
    learned = learn_over_time(
        *(only(table) for table in alone), name="rfm_v2", model_type="logistic_regression"
    )

    metrics = learned.trained.metrics
    assert "sorting them by RECENCY_DAYS" in told(metrics)
    assert not metrics["names_nobody"] and learned.trained.threshold < 1


def only(table):
    rng = np.random.default_rng(len(table))
    rest = {name: rng.normal(size=len(table)) for name in ("visits", "items")}
    return FeatureTable(table.frame.assign(**rest), table.labels)


def test_given_labels_without_signal_name_nobody_either():
    learned = learn_from_labels(customers(3, signal=0), name="rfm_v2", model_type="logistic_regression")

    assert learned.trained.threshold == NAMES_NOBODY
    assert learned.trained.metrics["confusion"]["false_positive"] == 0


@pytest.mark.parametrize("rate", [0.03, 0.2, 0.42])
def test_no_threshold_names_more_than_twice_as_many_as_leave(rate):
    """F1 alone would name nearly everybody: of these the probabilities hardly tell anything."""
    rng = np.random.default_rng(11)
    probabilities = np.clip(rng.normal(rate, 0.01, 2_000), 0.001, 0.999)
    labels = (rng.random(2_000) < probabilities).astype(int)

    threshold = choose_threshold(labels, probabilities)

    assert (probabilities >= threshold).sum() <= 2 * labels.sum()


def test_one_probability_for_all_offers_no_threshold():
    assert choose_threshold(np.array([0, 0, 0, 1] * 50), np.full(200, 0.25)) == NAMES_NOBODY
    # Where more than half leave, everybody is not more than twice as many.
    assert choose_threshold(np.array([0, 1, 1, 1] * 50), np.full(200, 0.75)) == 0.75


def table_of_customers(seed, *, signal, rows=1_500):
    """Draw a table as companies upload it: a plan and an age decide by so much, the rest says nothing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "plan": rng.choice(["monthly", "yearly"], rows),
            "age": rng.uniform(18, 80, rows).round(1),
            "visits": rng.poisson(4, rows).astype(float),
        }
    )
    odds = -0.8 + signal * ((frame["plan"] == "monthly") - 0.5 + (49 - frame["age"]) / 18)
    return frame.assign(left=np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no"))


OF_CUSTOMERS = FeatureSchema(
    "plans_v1",
    "id",
    (Category("plan", ("monthly", "yearly")),),
    (Number("age", 0, 100), Number("visits", 0, 100)),
    Category("left", ("no", "yes")),
)


def trained_on(table, **options):
    return train_model(table, schema=OF_CUSTOMERS, model_type="logistic_regression", **options)


def test_a_table_of_customers_without_signal_gives_a_model_that_names_nobody():
    trained = trained_on(table_of_customers(1, signal=0), threshold=0.2)

    assert not read_signal(trained.metrics).beats_chance and "better than chance" in told(trained.metrics)
    assert trained.metrics["names_nobody"] and trained.threshold == NAMES_NOBODY
    # What is judged is what serves.
    confusion = trained.metrics["confusion"]
    assert trained.metrics["threshold"] == NAMES_NOBODY
    assert confusion["true_positive"] + confusion["false_positive"] == 0


def test_a_table_of_customers_is_judged_beside_its_best_column():
    trained = trained_on(table_of_customers(2, signal=1.5))

    assert trained.metrics["simple_rule"]["feature"] == "age"
    assert read_signal(trained.metrics).is_shown and told(trained.metrics) == ""
    assert (trained.threshold, trained.metrics["names_nobody"]) == (0.5, False)


def test_a_table_of_which_one_column_knows_as_much_as_the_model_says_so_and_names_customers():
    table = table_of_customers(3, signal=1.5)
    rng = np.random.default_rng(0)
    alone = table.assign(plan=rng.choice(["monthly", "yearly"], len(table)))

    trained = trained_on(alone)

    assert "sorting them by AGE" in told(trained.metrics)
    assert trained.threshold == 0.5


def test_a_model_without_signal_is_served_as_it_was_judged():
    table = table_of_customers(1, signal=0)

    exported = export_model(trained_on(table), OF_CUSTOMERS)

    assert exported.manifest["threshold"] == NAMES_NOBODY
    scorer = Scorer(exported.manifest, exported.onnx)
    scores = scorer.score_batch({name: table[name].to_numpy() for name in OF_CUSTOMERS.features})
    assert not (scores >= scorer.threshold).any()
