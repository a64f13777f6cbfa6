"""Learning from the customers of several cutoffs: where it gains, tried on earlier cutoffs alone."""

import numpy as np
import pandas as pd
import pytest

from ml.learning.feature_training import learn_over_time
from ml.learning.honest_scores import score_out_of_fold
from ml.learning.pipelines import build_pipeline
from ml.logs.feature_columns import FeatureTable, choose_columns, pool
from ml.model_types.catalogue import MODEL_TYPES


def cutoff(seed, customers=90, slope=0.05):
    """Make customers of one cutoff; few of them, so that one cutoff teaches little."""
    rng = np.random.default_rng(seed)
    columns = {f"noise_{number}": rng.normal(0, 1, customers) for number in range(8)}
    recency = rng.exponential(20, customers)
    labels = (rng.random(customers) < 1 / (1 + np.exp(1 - slope * recency))).astype(int)
    frame = pd.DataFrame({"recency_days": recency} | columns)
    return FeatureTable(frame, labels, np.array([f"C{number}" for number in range(customers)]))


def learn(*tables):
    *before, earlier, later = tables
    return learn_over_time(earlier, later, before=before, name="x", model_type="logistic_regression")


@pytest.fixture(scope="module")
def pooled():
    return learn(*(cutoff(seed) for seed in (1, 2, 3, 4)))


def test_several_cutoffs_are_learned_from_where_that_was_better_before(pooled):
    alone, three = (one["brier"] for one in pooled.report["cutoffs"]["tried"])

    assert three < alone
    assert (pooled.report["cutoffs"]["tested_from"], pooled.report["cutoffs"]["serves_from"]) == (3, 3)
    assert pooled.trained.metrics["fitted_again"]["cutoffs"] == 3


def test_customers_are_counted_once_though_they_have_a_row_at_each_cutoff(pooled):
    split = pooled.trained.split

    assert (split["train_rows"], split["registered_rows"], split["test_rows"]) == (90, 90, 90)


def test_where_the_past_was_another_the_latest_cutoff_alone_is_learned_from():
    old = [cutoff(seed, customers=400, slope=-0.15) for seed in (1, 2)]

    # The one before the latest decides, and it is like the one before it.
    learned = learn(old[0], *(cutoff(seed, customers=400) for seed in (3, 4, 5)))

    assert learned.report["cutoffs"]["serves_from"] == 1
    assert "cutoffs" in learned.trained.metrics["fitted_again"]


def test_the_cutoff_that_judges_decides_nothing(pooled):
    *before, later = (cutoff(seed) for seed in (1, 2, 3, 4))

    turned = learn(*before, FeatureTable(later.frame, 1 - later.labels, later.ids))

    assert turned.report["cutoffs"] == pooled.report["cutoffs"]
    assert turned.foretold[:-1] == pooled.foretold[:-1]
    # The same fit said the same of the same customers.
    assert turned.foretold[-1]["mean_probability"] == pooled.foretold[-1]["mean_probability"]


def test_what_was_foretold_stands_beside_what_happened(pooled):
    assert [one["rows"] for one in pooled.foretold] == [90, 90, 90]
    assert pooled.foretold[-1]["churn_rate"] == pytest.approx(cutoff(4).labels.mean())
    assert pooled.foretold[-1]["mean_probability"] == pytest.approx(pooled.judged.probabilities.mean())


def test_older_cutoffs_with_too_few_of_one_outcome_are_left_out():
    few = cutoff(1)
    few = FeatureTable(few.frame, np.zeros(len(few), dtype=int), few.ids)

    assert len(learn(few, cutoff(2), cutoff(3)).foretold) == 1


def test_no_customer_is_scored_by_a_model_that_knows_it_from_another_cutoff():
    # Labels by chance, the same at both cutoffs: only who saw the customer before can know.
    rng = np.random.default_rng(1)
    table = FeatureTable(
        pd.DataFrame({"a": rng.normal(0, 1, 300), "b": rng.normal(0, 1, 300)}),
        rng.integers(0, 2, 300),
        np.array([f"C{number}" for number in range(300)]),
    )
    twice = pool([table, table])
    columns = choose_columns(twice, name="x")
    forest = build_pipeline(
        MODEL_TYPES["random_forest"],
        MODEL_TYPES["random_forest"].check_params(
            {"n_estimators": 30, "max_depth": 16, "min_samples_leaf": 1}
        ),
        42,
        schema=columns.schema,
    )

    def right(groups):
        scores, _ = score_out_of_fold(forest, columns.read(twice.frame), twice.labels, 42, groups=groups)
        return float(((scores > 0.5) == twice.labels).mean())

    assert right(None) > 0.8
    assert right(np.tile(np.arange(300), 2)) < 0.6


def test_the_figures_are_of_customers_read_as_they_are_served():
    earlier, later = cutoff(1, customers=300), cutoff(2, customers=300)
    far = later.frame.assign(recency_days=later.frame["recency_days"] + 1e6)
    near = later.frame.assign(recency_days=earlier.frame["recency_days"].max())

    judged = [learn(earlier, FeatureTable(frame, later.labels, later.ids)).judged for frame in (far, near)]

    assert judged[0].probabilities == pytest.approx(judged[1].probabilities)
