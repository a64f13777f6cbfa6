"""Boosted trees of LightGBM."""

from __future__ import annotations

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
from ml.model_types.common.trees import AT_MOST, LEAF, Tree, floor32

# One row per node while a tree is walked: column, threshold, way of deciding, left, right, value.
_ON_THE_WAY = (0, 0.0, AT_MOST, 0, 0, 0.0)


def _write_graph(writer, source, model):
    found = model.booster_.dump_model()
    trees = [_read(tree["tree_structure"]) for tree in found["tree_info"]]
    # A node of its own: as a post transform of the ensemble, onnxruntime gives 0 for some rows. What boosting
    # starts from stands in the leaves of the first tree.
    writer.add("Sigmoid", writer.trees(source, trees))


def _read(root):
    rows = []
    _walk(root, rows)
    features, thresholds, modes, left, right, values = zip(*rows, strict=True)
    return Tree(
        features=np.array(features),
        thresholds=floor32(np.array(thresholds)),
        modes=np.array(modes),
        left=np.array(left),
        right=np.array(right),
        values=np.array(values, dtype=np.float32),
    )


def _walk(node, rows):
    """Append `node` and all below it to `rows`; return its position."""
    place = len(rows)
    if "leaf_value" in node:
        rows.append((0, 0.0, LEAF, 0, 0, node["leaf_value"]))
        return place
    # No cell of the encoded matrix is empty, so LightGBM has seen none and asks nothing but this.
    if node["decision_type"] != "<=" or node["missing_type"] != "None":
        raise ValueError("There is no ONNX graph for splits of LightGBM by category or by empty cells.")
    rows.append(_ON_THE_WAY)
    left, right = _walk(node["left_child"], rows), _walk(node["right_child"], rows)
    rows[place] = (node["split_feature"], node["threshold"], AT_MOST, left, right, 0.0)
    return place


MODEL_TYPE = ModelType(
    slug="lightgbm",
    name="LightGBM",
    description="Many small trees, each correcting the ones before, grown where it helps most.",
    order=8,
    pace=SLOWER,
    default_params=MappingProxyType(
        {
            "n_estimators": 200,
            "learning_rate": 0.05,
            "num_leaves": 31,
            "min_child_samples": 20,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
            "reg_lambda": 1.0,
        }
    ),
    rules=(
        TREES,
        LEARNING_RATE,
        ParameterRule(
            "num_leaves",
            "integer",
            2,
            256,
            help="Most leaves of a tree; more is finer.",
            label="Most leaves of a tree",
        ),
        ParameterRule(
            "min_child_samples",
            "integer",
            1,
            10_000,
            help="Fewest customers in a leaf; more is smoother.",
            label="Fewest customers in a leaf",
        ),
        SUBSAMPLE,
        COLUMNS,
        REG_LAMBDA,
    ),
    candidates=(
        {"n_estimators": 200, "learning_rate": 0.03, "num_leaves": 7},
        {"n_estimators": 150, "learning_rate": 0.05, "num_leaves": 4},
        {"n_estimators": 100, "learning_rate": 0.05, "num_leaves": 15},
        {"n_estimators": 400, "learning_rate": 0.1, "num_leaves": 31, "min_child_samples": 5},
    ),
    estimator="lightgbm.LGBMClassifier",
    fixed=MappingProxyType(
        {
            "n_jobs": 1,
            "verbosity": -1,
            # Without a frequency the share of customers would be ignored.
            "subsample_freq": 1,
            "deterministic": True,
            "force_row_wise": True,
        }
    ),
    write_graph=_write_graph,
    in_32_bits=True,
)
