import copy
import dataclasses
import io
import json
import pickle

import joblib
import numpy as np
import onnx
import onnxruntime
import pytest

from ml.exchange.export import check_golden, export_model, fold_linear
from ml.learning.honest_scores import raw_scores
from ml.learning.training import train_model
from ml.matrix.frames import clean_frame
from ml.matrix.telco import TELCO_V1
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.calibration import Calibrator
from ml.serving.scoring import Scorer

ENSEMBLE = "TreeEnsembleRegressor"
TREES = ("decision_tree", "random_forest", "gradient_boosting", "xgboost", "lightgbm")


def columns_of(frame):
    return {name: frame[name].to_numpy() for name in frame}


@pytest.fixture
def customers(small_table):
    return clean_frame(small_table, TELCO_V1).head(400)


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_every_way_of_scoring_agrees(slug, small_models, customers):
    trained, exported = small_models.train(slug), small_models.export(slug)
    expected = trained.calibrator.apply(raw_scores(trained.pipeline, customers))
    scorer = Scorer(json.loads(json.dumps(exported.manifest)), exported.onnx)
    through_graph = Scorer(exported.manifest | {"serving": {"kind": "onnx"}}, exported.onnx)

    assert np.abs(scorer.score_batch(columns_of(customers)) - expected).max() < 1e-5
    assert np.abs(through_graph.score_batch(columns_of(customers)) - expected).max() < 1e-5
    one_by_one = [scorer.score_record(record) for record in customers.to_dict("records")]
    assert np.abs(np.array(one_by_one) - expected).max() < 1e-5


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_every_way_treats_unknown_categories_alike(slug, small_models, customers):
    trained, exported = small_models.train(slug), small_models.export(slug)
    strange = customers.copy()
    for position, column in enumerate(TELCO_V1.categorical):
        strange.loc[position::13, column.name] = column.spelling("Satellite")
    expected = trained.calibrator.apply(raw_scores(trained.pipeline, strange))
    scorer = Scorer(exported.manifest, exported.onnx)
    # The scorer meets the cells as they were written, scikit-learn the cleaned ones.
    raw = strange.replace("", "Satellite")

    assert np.abs(scorer.score_batch(columns_of(raw)) - expected).max() < 1e-5
    one_by_one = [scorer.score_record(record) for record in raw.to_dict("records")]
    assert np.abs(np.array(one_by_one) - expected).max() < 1e-5


def thresholds_of(graph, column):
    """Return where the trees of a graph cut an encoded column."""
    (node,) = (node for node in onnx.load_from_string(graph).graph.node if node.op_type == ENSEMBLE)
    parts = {part.name: onnx.helper.get_attribute_value(part) for part in node.attribute}
    asked = (np.array(parts["nodes_modes"]) != b"LEAF") & (np.array(parts["nodes_featureids"]) == column)
    return np.unique(np.array(parts["nodes_values"], dtype=np.float32)[asked])


def around(cuts):
    """Return the 32-bit numbers at and next to `cuts`, and 64-bit ones between them."""
    low, high = np.nextafter(cuts, np.float32(-np.inf)), np.nextafter(cuts, np.float32(np.inf))
    near = np.concatenate([cuts, low, high]).astype(np.float64)
    return np.concatenate([near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf)])


@pytest.mark.parametrize("slug", TREES)
def test_trees_agree_exactly_at_their_thresholds(slug, small_models, customers):
    trained, exported = small_models.train(slug), small_models.export(slug)
    hot = len(TELCO_V1.encoded_columns) - 3
    scorer = Scorer(exported.manifest, exported.onnx)
    compared = 0
    for position, column in enumerate(TELCO_V1.numeric):
        values = np.clip(around(thresholds_of(exported.onnx, hot + position)), 0, None)
        rows = customers.iloc[np.resize(np.arange(len(customers)), len(values))].reset_index(drop=True)
        rows[column.name] = values
        compared += len(rows)

        expected = trained.calibrator.apply(raw_scores(trained.pipeline, rows))

        assert np.abs(scorer.score_batch(columns_of(rows)) - expected).max() < 1e-5
    # A single tree asks few questions.
    assert compared > (20 if slug == "decision_tree" else 1_000)


@pytest.mark.parametrize("slug", ["neural_network", "logistic_regression"])
def test_linear_models_are_folded_and_need_no_graph(slug, small_models):
    manifest = small_models.export(slug).manifest

    assert manifest["serving"]["kind"] == "linear"
    assert check_golden(manifest, None) < 1e-9


def test_a_linear_model_may_be_calibrated_steeply(small_models, customers):
    trained = small_models.train("logistic_regression")
    scores = raw_scores(trained.pipeline, customers)
    middle = float(np.sort(scores)[len(scores) // 2])
    steep = Calibrator("isotonic", x=(0.0, middle - 1e-6, middle + 1e-6, 1.0), y=(0.0, 0.1, 0.9, 1.0))
    probabilities = steep.apply(scores)
    golden = [
        {"record": record, "probability": float(probability)}
        for record, probability in zip(customers.to_dict("records"), probabilities, strict=True)
    ]

    exported = export_model(dataclasses.replace(trained, calibrator=steep, golden=golden), TELCO_V1)

    assert check_golden(exported.manifest, None) < 1e-9
    # Through the graph the same rows are told apart too coarsely for that calibrator.
    with pytest.raises(ValueError, match="not registered"):
        check_golden(exported.manifest | {"serving": {"kind": "onnx"}}, exported.onnx)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # fifteen passes are enough for this
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_a_network_that_is_not_linear_is_served_from_its_graph(activation, small_table):
    params = {"activation": activation, "hidden_layer_sizes": [8], "solver": "adam", "max_iter": 15}

    exported = export_model(
        train_model(small_table, schema=TELCO_V1, model_type="neural_network", params=params), TELCO_V1
    )

    assert exported.manifest["serving"] == {"kind": "onnx"}
    assert check_golden(exported.manifest, exported.onnx) < 1e-5


def test_a_linear_kernel_is_exported_too(small_table):
    trained = train_model(
        small_table.head(500),
        schema=TELCO_V1,
        model_type="support_vector_machine",
        params={"kernel": "linear"},
    )

    assert fold_linear(trained.pipeline, TELCO_V1) is None
    assert export_model(trained, TELCO_V1).onnx


def test_the_graph_stands_on_its_own(small_models, customers):
    exported, trained = small_models.export("gradient_boosting"), small_models.train("gradient_boosting")
    encoded = trained.pipeline.named_steps["encode"].transform(customers).astype(np.float32)

    session = onnxruntime.InferenceSession(exported.onnx)
    scores = session.run(["score"], {"features": encoded})[0]

    assert scores.shape == (400, 1)
    np.testing.assert_allclose(scores[:, 0], raw_scores(trained.pipeline, customers), atol=1e-6)


def test_the_pickle_is_a_plain_pipeline(small_models, customers):
    exported, trained = small_models.export("random_forest"), small_models.train("random_forest")

    pipeline = joblib.load(io.BytesIO(exported.pipeline_pickle))

    np.testing.assert_array_equal(
        pipeline.predict_proba(customers)[:, 1], raw_scores(trained.pipeline, customers)
    )


def test_the_metadata_has_exactly_the_asked_keys(small_models):
    exported = small_models.export("neural_network")

    metadata = pickle.loads(exported.metadata_pickle)

    assert set(metadata) == {"model_type", "metrics"}
    assert metadata["model_type"] == "Neural Network"
    assert list(metadata["metrics"]) == ["Accuracy", "AUC", "Precision", "Recall", "F1 Score"]


def test_the_manifest_says_where_the_model_comes_from(small_models):
    manifest = small_models.export("random_forest").manifest

    assert len(manifest["golden"]) == 50
    assert len(manifest["data_sha256"]) == 64
    assert {"python", "numpy", "scikit-learn", "onnx", "onnxruntime"} <= set(manifest["versions"])
    assert manifest["seeds"] == {"training": 42}
    assert manifest["parameters"]["n_estimators"] == 40
    assert json.loads(json.dumps(manifest, allow_nan=False)) == manifest


@pytest.mark.parametrize("slug", ["neural_network", "random_forest"])
def test_refuses_a_model_that_serves_otherwise_than_it_was_trained(slug, small_models):
    exported = small_models.export(slug)
    broken = copy.deepcopy(exported.manifest)
    broken["golden"][7]["probability"] += 3e-5

    with pytest.raises(ValueError, match=r"golden row 8 .* not registered"):
        check_golden(broken, exported.onnx)


def test_refuses_a_model_without_golden_rows(small_models):
    with pytest.raises(ValueError, match="without golden rows"):
        check_golden(small_models.export("random_forest").manifest | {"golden": []}, None)
