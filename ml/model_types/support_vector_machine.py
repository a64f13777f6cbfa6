"""Support vector machines of scikit-learn.

Without probabilities of their own: their decision function is calibrated out of fold like every other score.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from ml.model_types.common.model_type import SLOW, ModelType
from ml.model_types.common.parameters import ParameterRule


def _write_graph(writer, source, model):
    # In 64 bits: thousands of terms of both signs cancel out, and what is left would be mostly rounding in
    # 32.
    source = writer.add("Cast", source, to=writer.DOUBLE)
    vectors = model.support_vectors_.astype(np.float64)
    products = writer.add("MatMul", source, writer.constant(vectors.T))
    if model.kernel == "rbf":
        products = _distances(writer, source, products, vectors, float(model._gamma))
    weights, bias = model.dual_coef_.T.astype(np.float64), model.intercept_.astype(np.float64)
    total = writer.add("Add", writer.add("MatMul", products, writer.constant(weights)), writer.constant(bias))
    writer.add("Sigmoid", writer.add("Cast", total, to=writer.FLOAT))


def _distances(writer, source, products, vectors, gamma):
    """Write exp(-gamma |x - v|^2); `gamma` is the number, also where the parameter says "scale"."""
    # |x - v|^2 = |x|^2 - 2 x.v + |v|^2, so that one matrix product does most of the work.
    own = writer.add("ReduceSumSquare", source, writer.constant(np.array([1])), keepdims=1)
    crossed = writer.add("Mul", products, writer.constant(np.array(-2.0)))
    squares = writer.constant((vectors**2).sum(axis=1))
    distance = writer.add("Add", writer.add("Add", crossed, own), squares)
    return writer.add("Exp", writer.add("Mul", distance, writer.constant(np.array(-gamma))))


def _refuse_foreign(model):
    if model.kernel not in ("rbf", "linear") or model.probability is True:
        return "Its SVC has another kernel than rbf or linear, or probabilities of its own."
    return ""


MODEL_TYPE = ModelType(
    slug="support_vector_machine",
    name="Support Vector Machine",
    description="Separates customers by the ones nearest to the border. Not for large files.",
    order=6,
    pace=SLOW,
    default_params=MappingProxyType({"C": 1.0, "kernel": "rbf", "gamma": 0.02}),
    rules=(
        ParameterRule("C", "number", 1e-3, 1e3, help="Less is smoother.", label="Freedom of the weights (C)"),
        ParameterRule("kernel", "choice", choices=("rbf", "linear"), label="Kernel"),
        ParameterRule(
            "gamma",
            "number",
            1e-5,
            10,
            help="Reach of one customer; only for the rbf kernel.",
            label="Reach of one customer",
        ),
    ),
    candidates=({"C": 0.3, "gamma": 0.02}, {"C": 1.0, "gamma": 0.005}, {"C": 3.0, "gamma": 0.08}),
    estimator="sklearn.svm.SVC",
    write_graph=_write_graph,
    scales=True,
    refuse_foreign=_refuse_foreign,
)
