"""Random forests of scikit-learn."""

from __future__ import annotations

from types import MappingProxyType

from ml.model_types.common.model_type import SLOWER, ModelType
from ml.model_types.common.parameters import LEAF, TREES, ParameterRule
from ml.model_types.common.trees import read_sklearn_tree, share_of_leavers


def _write_graph(writer, source, model):
    trees = [tree.tree_ for tree in model.estimators_]
    writer.trees(source, [read_sklearn_tree(tree, share_of_leavers(tree) / len(trees)) for tree in trees])


MODEL_TYPE = ModelType(
    slug="random_forest",
    name="Random Forest",
    description="Many trees on samples of the customers, averaged. Finds combinations by itself.",
    order=2,
    pace=SLOWER,
    default_params=MappingProxyType(
        {"n_estimators": 40, "max_depth": 6, "min_samples_leaf": 12, "max_features": 0.3}
    ),
    rules=(
        TREES,
        ParameterRule(
            "max_depth",
            "integer",
            1,
            16,
            help="Most questions in a row; more is slower.",
            label="Most questions in a row",
        ),
        LEAF,
        ParameterRule(
            "max_features",
            "number",
            0.05,
            1,
            help="Share of the columns tried at each question.",
            label="Share of columns per question",
        ),
    ),
    candidates=(
        {"n_estimators": 40, "max_depth": 6, "min_samples_leaf": 20},
        {"n_estimators": 40, "max_depth": 10, "min_samples_leaf": 30},
        {"n_estimators": 60, "max_depth": 14, "min_samples_leaf": 2},
    ),
    estimator="sklearn.ensemble.RandomForestClassifier",
    fixed=MappingProxyType({"n_jobs": 1}),
    write_graph=_write_graph,
    refuse_foreign=lambda model: "",
)
