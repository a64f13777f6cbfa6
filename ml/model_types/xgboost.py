"""Boosted trees of XGBoost."""

from __future__ import annotations

import json
from types import MappingProxyType

import numpy as np

from ml.model_types.common.model_type import SLOWER, ModelType
from ml.model_types.common.parameters import (
    COLUMNS,
    LEARNING_RATE,
    REG_LAMBDA,
    SUBSAMPLE,
    TREES,
    ParameterRule,
)
from ml.model_types.common.trees import BELOW, LEAF, Tree


def _write_graph(writer, source, model):
    learner = json.loads(bytes(model.get_booster().save_raw("json")))["learner"]
    trees = [_read(tree) for tree in learner["gradient_booster"]["model"]["trees"]]
    # A node of its own: as a post transform of the ensemble, onnxruntime gives 0 for some rows.
    writer.add("Sigmoid", writer.trees(source, trees, base=_prior(learner)))


def _read(tree):
    if any(tree["split_type"]):
        raise ValueError("There is no ONNX graph for splits of XGBoost by category.")
    left = np.array(tree["left_children"])
    leaf, conditions = left < 0, np.array(tree["split_conditions"], dtype=np.float32)
    # XGBoost asks whether a 32-bit value is below a 32-bit threshold: nothing is rounded. No cell of the
    # encoded matrix is empty, so that the way of empty cells is never taken.
    return Tree(
        features=np.where(leaf, 0, tree["split_indices"]),
        thresholds=np.where(leaf, np.float32(0), conditions),
        modes=np.where(leaf, LEAF, BELOW),
        left=np.where(leaf, 0, left),
        right=np.where(leaf, 0, tree["right_children"]),
        values=conditions,
    )


def _prior(learner):
    # One number in brackets: the rate that boosting starts from.
    (rate,) = json.loads(learner["learner_model_param"]["base_score"])
    return float(np.log(rate / (1 - rate)))


MODEL_TYPE = ModelType(
    slug="xgboost",
    name="XGBoost",
    description="Many small trees, each correcting the ones before, grown level by level.",
    order=7,
    pace=SLOWER,
    default_params=MappingProxyType(
        {
            "n_estimators": 200,
            "learning_rate": 0.05,
            "max_depth": 4,
            "min_child_weight": 3.0,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
            "reg_lambda": 1.0,
        }
    ),
    rules=(
        TREES,
        LEARNING_RATE,
        ParameterRule(
            "max_depth", "integer", 1, 10, help="Most questions in a row.", label="Most questions in a row"
        ),
        ParameterRule(
            "min_child_weight",
            "number",
            0,
            10_000,
            help="Least weight of a leaf; more is smoother.",
            label="Least weight of a leaf",
        ),
        SUBSAMPLE,
        COLUMNS,
        REG_LAMBDA,
    ),
    candidates=(
        {"n_estimators": 150, "learning_rate": 0.05, "max_depth": 3},
        {"n_estimators": 150, "learning_rate": 0.06, "max_depth": 2},
        {"n_estimators": 100, "learning_rate": 0.05, "max_depth": 5},
        {"n_estimators": 300, "learning_rate": 0.1, "max_depth": 6, "min_child_weight": 1.0},
    ),
    estimator="xgboost.XGBClassifier",
    fixed=MappingProxyType({"n_jobs": 1, "tree_method": "hist", "verbosity": 0}),
    write_graph=_write_graph,
    in_32_bits=True,
)
