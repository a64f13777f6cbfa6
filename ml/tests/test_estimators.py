import warnings

import pytest

from ml.matrix.schemas import TELCO_V1
from ml.model_types.estimators import MODEL_TYPES


def test_knows_six_types_of_which_five_are_seeded():
    assert len(MODEL_TYPES) == 6
    assert not MODEL_TYPES["support_vector_machine"].is_default
    assert sum(spec.is_default for spec in MODEL_TYPES.values()) == 5


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_the_defaults_keep_their_own_rules(slug):
    spec = MODEL_TYPES[slug]

    assert set(spec.default_params) == {rule.name for rule in spec.rules}
    assert spec.check_params() == dict(spec.default_params)


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_building_uses_nothing_deprecated(slug):
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        pipeline = MODEL_TYPES[slug].build(schema=TELCO_V1)

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
