import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from sklearn.dummy import DummyClassifier

from ml.learning.pipelines import build_pipeline
from ml.matrix.telco import TELCO_V1
from ml.model_types import catalogue
from ml.model_types.catalogue import MODEL_TYPES, type_of
from ml.model_types.common.model_type import FAST, SLOW, SLOWER


def test_knows_eight_types():
    assert list(MODEL_TYPES) == [
        "neural_network", "random_forest", "gradient_boosting", "decision_tree", "logistic_regression",
        "support_vector_machine", "xgboost", "lightgbm",
    ]  # fmt: skip


def test_every_room_is_found_and_named_after_its_type():
    rooms = {path.stem for path in Path(catalogue.__file__).parent.glob("*.py")}

    assert rooms - {"__init__", "catalogue"} == set(MODEL_TYPES)


def test_asking_for_rules_loads_no_library_that_learns():
    code = "import sys, ml.model_types.catalogue; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "ml.model_types.lightgbm" in loaded.split()
    assert not {"sklearn", "xgboost", "lightgbm", "onnx", "pandas"}.intersection(loaded.split())


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_what_a_search_tries_keeps_the_rules_and_is_three_to_five_different_settings(slug):
    spec = MODEL_TYPES[slug]

    tried = [tuple(sorted(spec.check_params(dict(each)).items())) for each in spec.candidates]

    assert 3 <= len(set(tried)) == len(tried) <= 5


def test_an_estimator_of_no_known_type_is_named():
    with pytest.raises(ValueError, match="DummyClassifier is no estimator of a known model type"):
        type_of(DummyClassifier())


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_the_defaults_keep_their_own_rules(slug):
    spec = MODEL_TYPES[slug]

    assert set(spec.default_params) == {rule.name for rule in spec.rules}
    assert spec.check_params() == dict(spec.default_params)


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_each_parameter_is_called_by_words_of_its_own(slug):
    labels = [rule.label for rule in MODEL_TYPES[slug].rules]

    assert all(labels) and len(set(labels)) == len(labels)
    assert not any("_" in label for label in labels)


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_building_uses_nothing_deprecated(slug):
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        pipeline = build_pipeline(MODEL_TYPES[slug], schema=TELCO_V1)

    assert list(pipeline.named_steps) == ["encode", "model"]
    assert pipeline.named_steps["model"].random_state == 42


@pytest.mark.parametrize(
    ("slug", "params", "sentence"),
    [
        ("random_forest", {"n_estimators": 0}, "n_estimators must be a whole number from 10 to 500, got 0"),
        ("random_forest", {"n_estimators": 50.5}, "n_estimators must be a whole number"),
        ("random_forest", {"n_estimators": True}, "n_estimators must be a whole number"),
        ("random_forest", {"max_features": float("nan")}, "max_features must be a number from 0.05 to 1"),
        (
            "neural_network",
            {"activation": "step"},
            "activation must be one of identity, logistic, tanh, relu",
        ),
        ("neural_network", {"hidden_layer_sizes": []}, "hidden_layer_sizes must be a list"),
        ("neural_network", {"hidden_layer_sizes": "100"}, "hidden_layer_sizes must be a list"),
        ("neural_network", {"hidden_layer_sizes": [100, -5]}, "hidden_layer_sizes must be a whole number"),
        ("decision_tree", {"n_jobs": 64}, "Decision Tree has no parameter n_jobs"),
        ("logistic_regression", {"C": "big"}, "C must be a number from 1e-06 to 1e\\+06, got 'big'"),
        ("logistic_regression", {"l1_ratio": 1.0}, "l1_ratio needs the solver saga"),
        ("lightgbm", {"num_leaves": 1}, "num_leaves must be a whole number from 2 to 256, got 1"),
        ("xgboost", {"subsample": 0}, "subsample must be a number from 0.1 to 1, got 0"),
    ],
)
def test_refuses_parameters_with_a_sentence(slug, params, sentence):
    with pytest.raises(ValueError, match=sentence):
        MODEL_TYPES[slug].check_params(params)


def test_names_all_faults_at_once():
    with pytest.raises(ValueError, match=r"max_depth must be .* min_samples_leaf must be"):
        MODEL_TYPES["decision_tree"].check_params({"max_depth": 0, "min_samples_leaf": 0})


def test_takes_parameters_as_json_has_them():
    checked = MODEL_TYPES["neural_network"].check_params({"hidden_layer_sizes": [10, 5], "alpha": 1})

    assert checked["hidden_layer_sizes"] == (10, 5)
    assert checked["alpha"] == 1.0


def test_each_type_says_how_long_it_trains_and_the_usual_one_trains_fast():
    assert {found.pace for found in MODEL_TYPES.values()} == {FAST, SLOWER, SLOW}
    assert MODEL_TYPES["logistic_regression"].pace == FAST
