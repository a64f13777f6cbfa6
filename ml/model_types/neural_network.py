"""Neural networks of scikit-learn."""

from __future__ import annotations

from types import MappingProxyType

from ml.model_types.common.model_type import SLOW, ModelType
from ml.model_types.common.parameters import ParameterRule

_ACTIVATIONS = {"logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}


def _is_linear(model):
    # Layers without an activation in between are one matrix product.
    return model.activation == "identity"


def _collapse(model):
    weights, bias = model.coefs_[0], model.intercepts_[0]
    for layer, shift in zip(model.coefs_[1:], model.intercepts_[1:], strict=True):
        weights, bias = weights @ layer, bias @ layer + shift
    return weights[:, 0], float(bias[0])


def _write_graph(writer, source, model):
    for weights, bias in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        source = writer.dense(source, weights, bias, _ACTIVATIONS.get(model.activation))
    writer.dense(source, model.coefs_[-1], model.intercepts_[-1], "Sigmoid")


MODEL_TYPE = ModelType(
    slug="neural_network",
    name="Neural Network",
    description="Two hidden layers. With the identity activation it is a linear model.",
    order=1,
    pace=SLOW,
    default_params=MappingProxyType(
        {
            "hidden_layer_sizes": (100, 50),
            "activation": "identity",
            "solver": "sgd",
            "alpha": 0.1,
            "max_iter": 200,
        }
    ),
    rules=(
        ParameterRule(
            "hidden_layer_sizes",
            "integers",
            1,
            1_000,
            help="From the first layer to the last.",
            label="Neurons in each hidden layer",
        ),
        ParameterRule(
            "activation", "choice", choices=("identity", "logistic", "tanh", "relu"), label="Activation"
        ),
        ParameterRule("solver", "choice", choices=("sgd", "adam", "lbfgs"), label="Solver"),
        ParameterRule(
            "alpha", "number", 0, 100, help="Regularisation; more is smoother.", label="Regularisation"
        ),
        ParameterRule(
            "max_iter",
            "integer",
            1,
            5_000,
            help="Most passes over the data.",
            label="Most passes over the data",
        ),
    ),
    candidates=(
        {"activation": "identity", "alpha": 0.1},
        {"activation": "relu", "alpha": 1.0},
        {"activation": "relu", "alpha": 0.1},
    ),
    estimator="sklearn.neural_network.MLPClassifier",
    write_graph=_write_graph,
    scales=True,
    is_linear=_is_linear,
    collapse=_collapse,
    refuse_foreign=lambda model: "",
)
