import numpy as np
import pandas as pd
import pytest

from ml.exchange.export import export_model
from ml.learning.feature_training import learn_from_labels, learn_over_time
from ml.learning.judging import choose_threshold
from ml.learning.pipelines import balanced_weights
from ml.learning.splits import split_rows
from ml.logs.feature_columns import FeatureTable, fill_nulls
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.scoring import Scorer


def table(seed, customers=600, shift=0.0):
    rng = np.random.default_rng(seed)
    recency, visits = rng.exponential(20, customers), rng.poisson(6, customers)
    odds = -2.2 + 0.06 * recency - 0.2 * visits + shift
    labels = (rng.random(customers) < 1 / (1 + np.exp(-odds))).astype(int)
    gap = np.where(rng.random(customers) < 0.1, np.nan, recency / 2 + rng.exponential(10, customers))
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{number}" for number in range(customers)],
            "recency_days": recency,
            "visits": visits,
            "days_between": gap,
            "favourite": rng.choice(["Tea", "Coffee", "Cake"], customers),
            "same_for_all": 1.0,
            "hardly_ever": np.where(np.arange(customers) < 10, 1.0, np.nan),
        }
    )
    return FeatureTable(frame, labels)


@pytest.fixture(scope="module")
def learned():
    return learn_over_time(table(1), table(2), name="rfm_v2", model_type="logistic_regression")


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_type_learns_exports_and_scores_alike(model_type):
    learned = learn_over_time(table(1), table(2), name="rfm_v2", model_type=model_type)

    exported = export_model(learned.trained, learned.schema)

    scorer = Scorer(exported.manifest, exported.onnx)
    record = fill_nulls(table(3).frame.iloc[0].to_dict(), learned.schema, learned.fills)
    assert 0 < scorer.score_record(record) < 1
    assert exported.manifest["schema"]["name"] == "rfm_v2"
    assert len(exported.manifest["golden"]) == 50


def test_the_figures_are_those_of_the_later_cutoff_and_the_model_has_learned_from_it():
    earlier, later = table(1), table(2, customers=500)

    learned = learn_over_time(earlier, later, name="rfm_v2", model_type="logistic_regression")

    assert learned.trained.metrics["rows"] == 500
    assert learned.trained.split["train_rows"] == 600
    assert learned.trained.split["registered_rows"] == 500
    assert learned.report["optimistic"]["rows"] == 100


def test_the_figures_say_that_another_fit_serves(learned):
    assert learned.trained.metrics["fitted_again"] == {
        "customers": 600,
        "threshold": learned.trained.threshold,
        "cutoffs": 1,
    }
    assert learned.trained.metrics["threshold"] == learned.judged.threshold != learned.trained.threshold


def test_what_happens_at_the_later_cutoff_changes_no_figure_but_through_its_outcome(learned):
    earlier, later = table(1), table(2)
    flipped = FeatureTable(later.frame, 1 - later.labels)

    turned = learn_over_time(earlier, flipped, name="x", model_type="logistic_regression")

    # The model under test is the same, so ranking the opposite outcome is exactly as bad as it was good.
    assert turned.trained.metrics["churners"]["auc"] == pytest.approx(
        1 - learned.trained.metrics["churners"]["auc"]
    )


def test_columns_that_teach_nothing_are_left_out_with_the_reason(learned):
    assert set(learned.report["left_out"]) == {"same_for_all", "hardly_ever"}
    assert learned.schema.features == ("favourite", "recency_days", "visits", "days_between")


def test_a_null_is_scored_as_the_median_of_those_learned_from(learned):
    filled = fill_nulls(
        {"favourite": None, "recency_days": 3, "visits": 2, "days_between": float("nan")},
        learned.schema,
        learned.fills,
    )

    assert filled["days_between"] == table(2).frame["days_between"].median()


def test_missing_features_are_named(learned):
    with pytest.raises(ValueError, match=r"Missing columns: favourite, days_between\."):
        fill_nulls({"recency_days": 3, "visits": 2}, learned.schema, learned.fills)


def test_labels_are_learned_from_by_a_stratified_split():
    learned = learn_from_labels(table(1), name="rfm_v2", model_type="logistic_regression")

    assert learned.report["split"] == "stratified"
    assert learned.trained.metrics["rows"] == 120
    assert learned.trained.split["train_rows"] == learned.trained.split["registered_rows"] == 480
    assert "fitted_again" not in learned.trained.metrics


def test_the_model_is_put_beside_the_best_single_column(learned):
    rule = learned.report["simple_rule"]
    assert rule["feature"] in ("recency_days", "days_between")
    assert rule["higher_is_riskier"]
    assert 0.6 < rule["auc"] < learned.trained.metrics["churners"]["auc"] + 0.02


def test_what_the_model_gains_over_the_column_is_drawn_together(learned):
    rule, metrics = learned.report["simple_rule"], learned.trained.metrics

    gains = rule["model_gains"]
    alone = metrics["intervals"]["weighted"]["AUC"]
    assert gains["value"] == pytest.approx(metrics["churners"]["auc"] - rule["auc"], abs=1e-12)
    assert gains["low"] < gains["value"] < gains["high"]
    assert gains["high"] - gains["low"] < alone["high"] - alone["low"]


@pytest.mark.parametrize(
    ("earlier", "later", "when"),
    [(table(1, shift=-8), table(2), "earlier"), (table(1), table(2, shift=-8), "later")],
)
def test_too_few_who_left_are_refused_with_both_numbers(earlier, later, when):
    with pytest.raises(ValueError, match=f"at the {when} cutoff"):
        learn_over_time(earlier, later, name="x", model_type="logistic_regression")


def test_unknown_types_are_refused():
    with pytest.raises(ValueError, match="Unknown model type 'oracle'"):
        learn_over_time(table(1), table(2), name="x", model_type="oracle")


def test_outcomes_of_nearly_the_same_size_need_no_weights():
    assert balanced_weights(np.array([0, 1] * 50)) is None
    assert balanced_weights(np.array([0, 0, 0, 1])).sum() == pytest.approx(4)


def test_the_threshold_keeps_away_from_the_ends():
    labels = np.array([0] * 99 + [1])

    assert choose_threshold(labels, np.full(100, 0.001)) == 0.05


def doubled(table):
    """Add a column that says the same as another, a little worse."""
    noise = np.random.default_rng(7).normal(0, 1, len(table))
    return FeatureTable(table.frame.assign(like_recency=table.frame["recency_days"] + noise), table.labels)


def test_of_two_columns_that_say_the_same_one_is_left_out_and_the_report_says_why():
    learned = learn_over_time(
        doubled(table(1)), doubled(table(2)), name="rfm_v2", model_type="logistic_regression"
    )

    selection = learned.report["selection"]
    found = {one["name"]: one for one in selection["dropped"]}
    (name,) = {"recency_days", "like_recency"} - set(selection["kept"])
    assert found[name]["reason"] == "correlated" and found[name]["value"] > 0.95
    assert learned.report["left_out"][name] == found[name]["sentence"]
    assert set(learned.schema.features) == set(learned.fills) | {"favourite"} == set(selection["kept"])
    assert {one["name"] for one in selection["importance"]} == set(selection["kept"])


def test_each_model_is_given_the_columns_that_its_own_customers_tell_apart():
    earlier, later = table(1), table(2)
    late = earlier.frame.assign(visits=3)

    learned = learn_over_time(
        FeatureTable(late, earlier.labels), later, name="rfm_v2", model_type="logistic_regression"
    )

    # The customers who are tested do not decide what the model under test was given.
    assert "visits" in learned.report["tested_without"]
    assert "visits" not in learned.report["left_out"]
    assert "visits" in learned.schema.features


def test_those_held_out_do_not_choose_the_columns():
    labelled = table(1)
    _, held_out = split_rows(labelled.labels, 42)
    frame = labelled.frame.copy()
    frame.loc[held_out, "same_for_all"] = np.arange(len(held_out))

    learned = learn_from_labels(
        FeatureTable(frame, labelled.labels), name="rfm_v2", model_type="logistic_regression"
    )

    assert "same_for_all" in learned.report["left_out"]
