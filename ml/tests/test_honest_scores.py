import json

import numpy as np
import pytest

from ml.evaluation.metrics import evaluate
from ml.exchange.export import export_model
from ml.learning.honest_scores import (
    LARGEST_SHRINKAGE,
    collect_scores,
    expected_shrinkage,
    raw_scores,
    score_out_of_fold,
)
from ml.learning.pipelines import build_pipeline
from ml.learning.training import train_model
from ml.matrix.frames import clean_frame, read_labels
from ml.matrix.telco import TELCO_V1
from ml.model_types.catalogue import MODEL_TYPES, is_linear
from ml.samples.dataset_a import make_dataset_a
from ml.serving.calibration import choose_calibrator


@pytest.fixture(scope="module")
def many():
    table = make_dataset_a(rows=20_000, seed=5)
    return table, clean_frame(table, TELCO_V1), read_labels(table, TELCO_V1)


@pytest.fixture(scope="module")
def fresh():
    table = make_dataset_a(rows=40_000, seed=6)
    return clean_frame(table, TELCO_V1), read_labels(table, TELCO_V1)


def fit(slug, features, labels, **params):
    return build_pipeline(MODEL_TYPES[slug], params, schema=TELCO_V1).fit(features, labels)


def test_many_customers_per_weight_cost_no_further_fit(many):
    _, features, labels = many
    pipeline = fit("logistic_regression", features, labels)

    scores, folds, how = collect_scores(pipeline, features, labels, 42)

    np.testing.assert_array_equal(scores, raw_scores(pipeline, features))
    assert set(folds) == {0, 1, 2, 3, 4}
    assert (how["folds"], how["calibrated_on"]) == (0, "training_predictions")
    assert 0 < how["expected_shrinkage"] <= LARGEST_SHRINKAGE


def test_promises_on_new_customers_are_as_good_as_out_of_fold(many, fresh):
    _, features, labels = many
    customers, churned = fresh
    pipeline = fit("logistic_regression", features, labels)
    scores, folds, _ = collect_scores(pipeline, features, labels, 42)
    cheap = choose_calibrator(scores, labels, folds)
    scores, folds = score_out_of_fold(pipeline, features, labels, 42)
    costly = choose_calibrator(scores, labels, folds)

    new = raw_scores(pipeline, customers)
    by_cheap, by_costly = (evaluate(churned, calibrator.apply(new)) for calibrator in (cheap, costly))

    assert by_cheap["calibration"]["ece"] == pytest.approx(by_costly["calibration"]["ece"], abs=0.002)
    assert by_cheap["calibration"]["ece"] < 0.015
    assert by_cheap["brier"] == pytest.approx(by_costly["brier"], abs=0.0002)
    assert by_cheap["log_loss"] == pytest.approx(by_costly["log_loss"], abs=0.0005)


def test_the_estimate_is_what_new_customers_show():
    # Known weights, few customers: the slope that new customers ask for is 1 less the expected shrinkage.
    from sklearn.linear_model import LogisticRegression

    from ml.serving.calibration import fit_sigmoid

    rng = np.random.default_rng(0)
    weights = rng.normal(0, 0.3, 40)
    slopes, expected = [], []
    for _ in range(15):
        seen, new = rng.normal(size=(1_500, 40)), rng.normal(size=(20_000, 40))
        draw = [(rng.random(len(x)) < 1 / (1 + np.exp(-(x @ weights - 1)))).astype(int) for x in (seen, new)]
        model = LogisticRegression(C=1e6).fit(seen, draw[0])
        slopes.append(fit_sigmoid(model.predict_proba(new)[:, 1], draw[1]).slope)
        expected.append(expected_shrinkage(draw[0], model.predict_proba(seen)[:, 1], 40))

    assert 1 - np.mean(slopes) == pytest.approx(np.mean(expected), abs=0.03)
    assert np.mean(expected) > 0.05


@pytest.mark.parametrize("slug", ["neural_network", "logistic_regression"])
def test_few_customers_are_scored_out_of_fold(slug, small_models):
    split = small_models.train(slug).split

    assert split["folds"] == 5
    assert "calibrated_on" not in split


def test_a_model_that_can_memorise_is_scored_out_of_fold_however_many_customers(many):
    _, features, labels = many
    pipeline = fit("decision_tree", features, labels)

    scores, _, how = collect_scores(pipeline, features, labels, 42)

    assert how == {"folds": 5}
    assert (scores != raw_scores(pipeline, features)).any()


def test_a_model_that_knows_next_to_nothing_is_scored_out_of_fold(many):
    _, features, _ = many
    labels = (np.random.default_rng(0).random(len(features)) < 0.3).astype(int)

    *_, how = collect_scores(fit("logistic_regression", features, labels), features, labels, 42)

    assert how == {"folds": 5}


def test_few_leavers_are_scored_out_of_fold_however_many_stay(many):
    _, features, labels = many
    chosen = np.r_[np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:500]]
    features, labels = features.iloc[chosen], labels[chosen]

    *_, how = collect_scores(fit("logistic_regression", features, labels), features, labels, 42)

    assert how == {"folds": 5}


def test_knows_which_types_are_linear():
    linear = {
        slug
        for slug, spec in MODEL_TYPES.items()
        if is_linear(build_pipeline(spec, schema=TELCO_V1).named_steps["model"])
    }

    assert linear == {"neural_network", "logistic_regression"}
    curved = build_pipeline(MODEL_TYPES["neural_network"], {"activation": "tanh"}, schema=TELCO_V1)
    assert not is_linear(curved.named_steps["model"])


def test_the_manifest_says_what_the_calibration_was_learned_from(many):
    table, _, _ = many
    trained = train_model(table, schema=TELCO_V1, model_type="logistic_regression")

    split = json.loads(json.dumps(export_model(trained, TELCO_V1).manifest))["split"]

    assert (split["folds"], split["calibrated_on"]) == (0, "training_predictions")
