"""Logistic regression of scikit-learn."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from ml.model_types.common.model_type import FAST, ModelType
from ml.model_types.common.parameters import ParameterRule


def _collapse(model):
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])


def _write_graph(writer, source, model):
    writer.dense(source, model.coef_.T, model.intercept_, "Sigmoid")


def _find_fault(params):
    if params["l1_ratio"] and params["solver"] == "lbfgs":
        return "l1_ratio needs the solver saga; lbfgs can only have 0."
    return ""


MODEL_TYPE = ModelType(
    slug="logistic_regression",
    name="Logistic Regression",
    description="One weight per category and number, added up. Its reasons can be read off.",
    order=5,
    pace=FAST,
    default_params=MappingProxyType({"C": 1.0, "l1_ratio": 0.0, "solver": "lbfgs", "max_iter": 1_000}),
    rules=(
        ParameterRule("C", "number", 1e-6, 1e6, help="Less is smoother.", label="Freedom of the weights (C)"),
        ParameterRule(
            "l1_ratio",
            "number",
            0,
            1,
            help="0 shrinks weights (l2), 1 drops some (l1; needs saga).",
            label="Share of L1 in the regularisation",
        ),
        ParameterRule("solver", "choice", choices=("lbfgs", "saga"), label="Solver"),
        ParameterRule(
            "max_iter",
            "integer",
            10,
            10_000,
            help="Most passes over the data.",
            label="Most passes over the data",
        ),
    ),
    candidates=({"C": 0.03}, {"C": 0.1}, {"C": 1.0}, {"C": 10.0}),
    estimator="sklearn.linear_model.LogisticRegression",
    write_graph=_write_graph,
    scales=True,
    is_linear=lambda model: True,
    collapse=_collapse,
    find_fault=_find_fault,
    refuse_foreign=lambda model: "",
)
