"""Gradient boosting of scikit-learn."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from ml.model_types.common.model_type import SLOWER, ModelType
from ml.model_types.common.parameters import LEAF, LEARNING_RATE, SUBSAMPLE, TREES, ParameterRule
from ml.model_types.common.trees import read_sklearn_tree


def _write_graph(writer, source, model):
    trees = [tree.tree_ for tree in model.estimators_[:, 0]]
    read = [read_sklearn_tree(tree, model.learning_rate * tree.value[:, 0, 0]) for tree in trees]
    # A node of its own: as a post transform of the ensemble, onnxruntime gives 0 for some rows.
    writer.add("Sigmoid", writer.trees(source, read, base=_prior(model)))


def _prior(model):
    rate = model.init_.class_prior_[1]
    return float(np.log(rate / (1 - rate)))


def _refuse_foreign(model):
    if model.loss != "log_loss" or type(model.init_).__name__ != "DummyClassifier":
        return "Its GradientBoostingClassifier has another loss or another start than usual."
    return ""


MODEL_TYPE = ModelType(
    slug="gradient_boosting",
    name="Gradient Boosting",
    description="Small trees, each correcting what the ones before got wrong.",
    order=3,
    pace=SLOWER,
    default_params=MappingProxyType(
        {
            "n_estimators": 60,
            "learning_rate": 0.1,
            "max_depth": 3,
            "min_samples_leaf": 20,
            "subsample": 0.8,
        }
    ),
    rules=(
        TREES,
        LEARNING_RATE,
        ParameterRule(
            "max_depth", "integer", 1, 8, help="Most questions in a row.", label="Most questions in a row"
        ),
        LEAF,
        SUBSAMPLE,
    ),
    candidates=(
        {"n_estimators": 100, "learning_rate": 0.05, "max_depth": 3},
        {"n_estimators": 200, "learning_rate": 0.05, "max_depth": 2},
        {"n_estimators": 200, "learning_rate": 0.1, "max_depth": 5},
    ),
    estimator="sklearn.ensemble.GradientBoostingClassifier",
    write_graph=_write_graph,
    refuse_foreign=_refuse_foreign,
)
