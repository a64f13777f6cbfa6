"""Decision trees of scikit-learn."""

from __future__ import annotations

from types import MappingProxyType

from ml.model_types.common.model_type import FAST, ModelType
from ml.model_types.common.parameters import LEAF, ParameterRule
from ml.model_types.common.trees import read_sklearn_tree, share_of_leavers


def _write_graph(writer, source, model):
    writer.trees(source, [read_sklearn_tree(model.tree_, share_of_leavers(model.tree_))])


MODEL_TYPE = ModelType(
    slug="decision_tree",
    name="Decision Tree",
    description="One tree of yes-or-no questions. Easy to read, rarely the best.",
    order=4,
    pace=FAST,
    default_params=MappingProxyType(
        {"max_depth": 6, "min_samples_leaf": 80, "criterion": "entropy", "ccp_alpha": 0.0}
    ),
    rules=(
        ParameterRule(
            "max_depth", "integer", 1, 20, help="Most questions in a row.", label="Most questions in a row"
        ),
        LEAF,
        ParameterRule(
            "criterion", "choice", choices=("gini", "entropy", "log_loss"), label="How questions are judged"
        ),
        ParameterRule(
            "ccp_alpha", "number", 0, 1, help="Pruning; more gives a smaller tree.", label="Pruning"
        ),
    ),
    candidates=(
        {"max_depth": 4, "min_samples_leaf": 80},
        {"max_depth": 6, "min_samples_leaf": 40},
        {"max_depth": 10, "min_samples_leaf": 20},
    ),
    estimator="sklearn.tree.DecisionTreeClassifier",
    write_graph=_write_graph,
    refuse_foreign=lambda model: "",
)
