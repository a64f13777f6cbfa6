"""The model types: what each one is, its parameters and their rules, and how it is built."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from ml.matrix.schemas import FeatureSchema


@dataclass(frozen=True)
class ParameterRule:
    """What one parameter may be: its kind, its range or its choices, and a line of help."""

    name: str
    kind: str  # "integer", "number", "choice" or "integers" (a list of whole numbers)
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple = ()
    may_be_none: bool = False
    help: str = ""

    def check(self, value):
        """Return `value` in its proper type, or refuse it with a sentence.

        Parameters
        ----------
        value : object
            As it came out of a form or out of JSON.

        Returns
        -------
        int, float, str, tuple of int or None

        Raises
        ------
        ValueError
            Wrong type, out of range, or not one of the choices.

        Examples
        --------
        >>> ParameterRule("max_depth", "integer", 1, 30).check(5)
        5
        >>> ParameterRule("max_depth", "integer", 1, 30).check(99)
        Traceback (most recent call last):
        ...
        ValueError: max_depth must be a whole number from 1 to 30, got 99.
        """
        if value is None and self.may_be_none:
            return None
        if self.kind == "choice":
            if value not in self.choices:
                raise ValueError(
                    f"{self.name} must be one of {', '.join(map(str, self.choices))}, got {value!r}."
                )
            return value
        if self.kind == "integers":
            if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 5:
                raise ValueError(f"{self.name} must be a list of one to five whole numbers, got {value!r}.")
            return tuple(self._number(item) for item in value)
        return self._number(value)

    def _number(self, value):
        whole = self.kind != "number"
        allowed = isinstance(value, int) if whole else isinstance(value, (int, float))
        # bool is an int in Python, and a NaN is inside no range although no comparison says so.
        if isinstance(value, bool) or not allowed or not self.minimum <= value <= self.maximum:
            kind = "a whole number" if whole else "a number"
            raise ValueError(
                f"{self.name} must be {kind} from {self.minimum:g} to {self.maximum:g}"
                f"{' or nothing' if self.may_be_none else ''}, got {value!r}."
            )
        return value if whole else float(value)


@dataclass(frozen=True)
class ModelTypeSpec:
    """One kind of model that the system knows.

    Attributes
    ----------
    slug : str
        Stable name in files, addresses and the database.
    default_params : mapping of str to object
        JSON-able; a full set.
    rules : tuple of ParameterRule
        One per parameter. A parameter without a rule does not exist.
    is_default : bool
        Seeded as one of the five default models.
    scales : bool
        Whether numbers are standardised before the estimator sees them.
    """

    slug: str
    name: str
    description: str
    default_params: Mapping
    rules: tuple[ParameterRule, ...]
    estimator: Callable[[dict, int], BaseEstimator]
    is_default: bool = True
    scales: bool = False

    def check_params(self, params: Mapping | None = None) -> dict:
        """Return a full, checked set of parameters: the defaults with `params` over them.

        Parameters
        ----------
        params : mapping of str to object, optional
            Only the ones that differ from the defaults.

        Returns
        -------
        dict

        Raises
        ------
        ValueError
            A parameter is unknown or breaks its rule; all faults are named in one message.

        Examples
        --------
        >>> MODEL_TYPES["decision_tree"].check_params({"max_depth": 3})["max_depth"]
        3
        >>> MODEL_TYPES["support_vector_machine"].check_params({"depth": 3})
        Traceback (most recent call last):
        ...
        ValueError: Support Vector Machine has no parameter depth; it has C, kernel, gamma.
        """
        given = dict(params or {})
        rules = {rule.name: rule for rule in self.rules}
        faults, checked = [], {}
        for name in given.keys() - rules.keys():
            faults.append(f"{self.name} has no parameter {name}; it has {', '.join(rules)}.")
        for name, rule in rules.items():
            try:
                checked[name] = rule.check(given.get(name, self.default_params[name]))
            except ValueError as error:
                faults.append(str(error))
        if checked.get("l1_ratio") and checked.get("solver") == "lbfgs":
            faults.append("l1_ratio needs the solver saga; lbfgs can only have 0.")
        if faults:
            raise ValueError(" ".join(sorted(faults)))
        return checked

    def build(
        self, params: Mapping | None = None, random_state: int = 42, *, schema: FeatureSchema
    ) -> Pipeline:
        """Return an unfitted pipeline: encoding, scaling where the type needs it, estimator.

        Parameters
        ----------
        params : mapping of str to object, optional
            See `check_params`.
        random_state : int, default 42
        schema : FeatureSchema
            Fixes the columns of the encoded matrix, whatever the training data happens to contain.

        Returns
        -------
        Pipeline
            Steps ``encode`` and ``model``. Expects the columns of `ml.matrix.frames.clean_frame`.
        """
        names = [column.name for column in schema.categorical]
        encoder = OneHotEncoder(
            categories=[list(column.values) for column in schema.categorical],
            handle_unknown="ignore",
            sparse_output=False,
        )
        numbers = StandardScaler() if self.scales else "passthrough"
        encode = ColumnTransformer(
            [("categories", encoder, names), ("numbers", numbers, [column.name for column in schema.numeric])]
        )
        return Pipeline(
            [("encode", encode), ("model", self.estimator(self.check_params(params), random_state))]
        )


def _neural_network(params, random_state):
    return MLPClassifier(**params, random_state=random_state)


def _random_forest(params, random_state):
    return RandomForestClassifier(**params, random_state=random_state, n_jobs=1)


def _gradient_boosting(params, random_state):
    return GradientBoostingClassifier(**params, random_state=random_state)


def _decision_tree(params, random_state):
    return DecisionTreeClassifier(**params, random_state=random_state)


def _logistic_regression(params, random_state):
    return LogisticRegression(**params, random_state=random_state)


def _support_vector_machine(params, random_state):
    # Without `probability=`: its decision function is calibrated out of fold like every other score.
    return SVC(**params, random_state=random_state)


_LEAF = ParameterRule(
    "min_samples_leaf", "integer", 1, 10_000, help="Fewest customers in a leaf; more is smoother."
)
_TREES = ParameterRule("n_estimators", "integer", 10, 500, help="Number of trees; more is slower.")

_SPECS = (
    ModelTypeSpec(
        slug="neural_network",
        name="Neural Network",
        description="Two hidden layers. With the identity activation it is a linear model, fitted slowly.",
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
            ParameterRule("hidden_layer_sizes", "integers", 1, 1_000, help="Neurons in each hidden layer."),
            ParameterRule("activation", "choice", choices=("identity", "logistic", "tanh", "relu")),
            ParameterRule("solver", "choice", choices=("sgd", "adam", "lbfgs")),
            ParameterRule("alpha", "number", 0, 100, help="Regularisation; more is smoother."),
            ParameterRule("max_iter", "integer", 1, 5_000, help="Most passes over the data."),
        ),
        estimator=_neural_network,
        scales=True,
    ),
    ModelTypeSpec(
        slug="random_forest",
        name="Random Forest",
        description="Many trees on samples of the customers, averaged. Finds combinations by itself.",
        default_params=MappingProxyType(
            {"n_estimators": 40, "max_depth": 6, "min_samples_leaf": 12, "max_features": 0.3}
        ),
        rules=(
            _TREES,
            ParameterRule("max_depth", "integer", 1, 16, help="Most questions in a row; more is slower."),
            _LEAF,
            ParameterRule(
                "max_features", "number", 0.05, 1, help="Share of the columns tried at each question."
            ),
        ),
        estimator=_random_forest,
    ),
    ModelTypeSpec(
        slug="gradient_boosting",
        name="Gradient Boosting",
        description="Small trees, each mending what the ones before got wrong.",
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
            _TREES,
            ParameterRule("learning_rate", "number", 0.001, 1, help="How much of each tree is added."),
            ParameterRule("max_depth", "integer", 1, 8, help="Most questions in a row."),
            _LEAF,
            ParameterRule("subsample", "number", 0.1, 1, help="Share of the customers that each tree sees."),
        ),
        estimator=_gradient_boosting,
    ),
    ModelTypeSpec(
        slug="decision_tree",
        name="Decision Tree",
        description="One tree of yes-or-no questions. Easy to read, rarely the best.",
        default_params=MappingProxyType(
            {"max_depth": 6, "min_samples_leaf": 80, "criterion": "entropy", "ccp_alpha": 0.0}
        ),
        rules=(
            ParameterRule("max_depth", "integer", 1, 20, help="Most questions in a row."),
            _LEAF,
            ParameterRule("criterion", "choice", choices=("gini", "entropy", "log_loss")),
            ParameterRule("ccp_alpha", "number", 0, 1, help="Pruning; more gives a smaller tree."),
        ),
        estimator=_decision_tree,
    ),
    ModelTypeSpec(
        slug="logistic_regression",
        name="Logistic Regression",
        description="One weight per category and number, added up. Fast, and its reasons can be read off.",
        default_params=MappingProxyType({"C": 1.0, "l1_ratio": 0.0, "solver": "lbfgs", "max_iter": 1_000}),
        rules=(
            ParameterRule("C", "number", 1e-6, 1e6, help="Less is smoother."),
            ParameterRule(
                "l1_ratio", "number", 0, 1, help="0 shrinks weights (l2), 1 drops some (l1; needs saga)."
            ),
            ParameterRule("solver", "choice", choices=("lbfgs", "saga")),
            ParameterRule("max_iter", "integer", 10, 10_000, help="Most passes over the data."),
        ),
        estimator=_logistic_regression,
        scales=True,
    ),
    ModelTypeSpec(
        slug="support_vector_machine",
        name="Support Vector Machine",
        description="Separates customers by the ones nearest to the border. Slow on large files.",
        default_params=MappingProxyType({"C": 1.0, "kernel": "rbf", "gamma": 0.02}),
        rules=(
            ParameterRule("C", "number", 1e-3, 1e3, help="Less is smoother."),
            ParameterRule("kernel", "choice", choices=("rbf", "linear")),
            ParameterRule(
                "gamma", "number", 1e-5, 10, help="Reach of one customer; only for the rbf kernel."
            ),
        ),
        estimator=_support_vector_machine,
        is_default=False,
        scales=True,
    ),
)

MODEL_TYPES: Mapping[str, ModelTypeSpec] = MappingProxyType({spec.slug: spec for spec in _SPECS})


def is_linear(model) -> bool:
    """Say whether an estimator adds up one weight per encoded column, whatever it is called.

    Parameters
    ----------
    model : estimator

    Returns
    -------
    bool

    Examples
    --------
    >>> is_linear(MLPClassifier(activation="identity")), is_linear(MLPClassifier(activation="relu"))
    (True, False)
    """
    # Layers without an activation in between are one matrix product.
    return isinstance(model, LogisticRegression) or (
        isinstance(model, MLPClassifier) and model.activation == "identity"
    )
