"""ONNX graphs of fitted estimators, over the encoded float32 matrix.

Written node by node instead of by a converter: one output instead of labels and maps of probabilities, which
is most of the time of a single customer, and thresholds rounded the way that keeps every tree's decisions.
"""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

INPUT, OUTPUT = "features", "score"
_ACTIVATIONS = {"logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}
# They ask where a number lies, so nothing needs to be scaled for them.
TREES = (DecisionTreeClassifier, RandomForestClassifier, GradientBoostingClassifier)


def build_graph(pipeline):
    """Return the estimator of a fitted pipeline as ONNX: scaling, model, score.

    Parameters
    ----------
    pipeline : Pipeline
        From `ml.model_types.estimators.ModelTypeSpec.build`, fitted.

    Returns
    -------
    bytes
        Input ``features``: float32 of shape (n, n_encoded); output ``score``: float32 of shape (n, 1),
        uncalibrated.

    Raises
    ------
    ValueError
        The estimator is of a kind that has no graph.
    """
    model = pipeline.named_steps["model"]
    mean, scale = scaling(pipeline)
    graph = _Graph()
    source = INPUT
    if not isinstance(model, TREES):
        source = graph.add("Sub", INPUT, graph.constant(mean.astype(np.float32)))
        source = graph.add("Mul", source, graph.constant((1 / scale).astype(np.float32)))
    _add_model(graph, source, model)
    return graph.build(len(mean))


def build_reordered_graph(model, *, places, shift, scale, width):
    """Return an estimator as ONNX that reads other columns, in another order, than the encoded matrix has.

    Parameters
    ----------
    model : estimator
        Fitted.
    places : ndarray of int, shape (n_columns,)
        Which encoded column each column of the estimator is.
    shift, scale : ndarray of float64, shape (n_columns,)
        Subtracted first, divided by then; 0 and 1 where a column goes in as it is.
    width : int
        Columns of the encoded matrix.

    Returns
    -------
    bytes
        As of `build_graph`.

    Raises
    ------
    ValueError
        The estimator is of a kind that has no graph.
    """
    graph = _Graph()
    source = graph.add("Gather", INPUT, graph.constant(np.asarray(places, dtype=np.int64)), axis=1)
    # In 64 bits, as scikit-learn does it: a tree asks on which side of a border the scaled number lies.
    source = graph.add("Cast", source, to=TensorProto.DOUBLE)
    source = graph.add("Sub", source, graph.constant(np.asarray(shift, dtype=np.float64)))
    source = graph.add("Div", source, graph.constant(np.asarray(scale, dtype=np.float64)))
    _add_model(graph, graph.add("Cast", source, to=TensorProto.FLOAT), model)
    return graph.build(width)


def _add_model(graph, source, model):
    if isinstance(model, LogisticRegression):
        graph.dense(source, model.coef_.T, model.intercept_, "Sigmoid")
    elif isinstance(model, MLPClassifier):
        for weights, bias in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
            source = graph.dense(source, weights, bias, _ACTIVATIONS.get(model.activation))
        graph.dense(source, model.coefs_[-1], model.intercepts_[-1], "Sigmoid")
    elif isinstance(model, SVC):
        graph.add("Sigmoid", _svm(graph, source, model))
    elif isinstance(model, DecisionTreeClassifier):
        graph.trees(source, [(model.tree_, _share(model.tree_))])
    elif isinstance(model, RandomForestClassifier):
        trees = [tree.tree_ for tree in model.estimators_]
        graph.trees(source, [(tree, _share(tree) / len(trees)) for tree in trees])
    elif isinstance(model, GradientBoostingClassifier):
        trees = [tree.tree_ for tree in model.estimators_[:, 0]]
        values = [(tree, model.learning_rate * tree.value[:, 0, 0]) for tree in trees]
        # A node of its own: as a post transform of the ensemble, onnxruntime gives 0 for some rows.
        graph.add("Sigmoid", graph.trees(source, values, base=_prior(model)))
    else:
        raise ValueError(f"There is no ONNX graph for {type(model).__name__}.")


def scaling(pipeline):
    """Return the mean and the scale of every encoded column; 0 and 1 where it is not standardised.

    Parameters
    ----------
    pipeline : Pipeline

    Returns
    -------
    mean, scale : ndarray of float64, shape (n_encoded,)
    """
    encode = pipeline.named_steps["encode"]
    # A schema of numbers alone leaves the encoder unfitted.
    hot = sum(map(len, getattr(encode.named_transformers_["categories"], "categories_", ())))
    numbers = encode.transformers_[1][2]
    mean, scale = np.zeros(hot + len(numbers)), np.ones(hot + len(numbers))
    scaler = encode.named_transformers_["numbers"]
    if hasattr(scaler, "scale_"):
        mean[hot:], scale[hot:] = scaler.mean_, scaler.scale_
    return mean, scale


def floor32(values):
    """Round down to 32-bit floats.

    scikit-learn compares a 32-bit feature with a 64-bit threshold; ONNX has 32 bits for both. For every
    32-bit x, x <= t holds exactly when x <= floor32(t), while rounding to nearest would send some customers
    to the other side.

    Parameters
    ----------
    values : ndarray of float64

    Returns
    -------
    ndarray of float32

    Examples
    --------
    >>> float(floor32(np.array([0.1]))[0]) <= 0.1 < float(np.float32(0.1))
    True
    """
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)


def _share(tree):
    counts = tree.value[:, 0, :]
    return counts[:, 1] / counts.sum(axis=1)


def _prior(model):
    rate = model.init_.class_prior_[1]
    return float(np.log(rate / (1 - rate)))


def _svm(graph, source, model):
    # In 64 bits: thousands of terms of both signs cancel out, and what is left would be mostly rounding in
    # 32.
    source = graph.add("Cast", source, to=TensorProto.DOUBLE)
    vectors = model.support_vectors_.astype(np.float64)
    products = graph.add("MatMul", source, graph.constant(vectors.T))
    if model.kernel == "rbf":
        # `_gamma` is the number, also where the parameter says "scale".
        # |x - v|^2 = |x|^2 - 2 x.v + |v|^2, so that one matrix product does most of the work.
        own = graph.add("ReduceSumSquare", source, graph.constant(np.array([1])), keepdims=1)
        crossed = graph.add("Mul", products, graph.constant(np.array(-2.0)))
        distance = graph.add("Add", graph.add("Add", crossed, own), graph.constant((vectors**2).sum(axis=1)))
        products = graph.add(
            "Exp", graph.add("Mul", distance, graph.constant(np.array(-float(model._gamma))))
        )
    weights, bias = model.dual_coef_.T.astype(np.float64), model.intercept_.astype(np.float64)
    total = graph.add("Add", graph.add("MatMul", products, graph.constant(weights)), graph.constant(bias))
    return graph.add("Cast", total, to=TensorProto.FLOAT)


class _Graph:
    """Collects nodes in order; the last one added is the output."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, *inputs, domain="", **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], domain=domain, **attributes))
        return name

    def dense(self, source, weights, bias, activation):
        name = self.add(
            "Gemm", source, self.constant(weights.astype(np.float32)), self.constant(bias.astype(np.float32))
        )
        return self.add(activation, name) if activation else name

    def trees(self, source, trees, base=0.0):
        """Add one node for all `trees`: pairs of a scikit-learn tree and the value of each of its nodes."""
        nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "truenodeids", "falsenodeids")}
        thresholds, modes, target = [], [], {"treeids": [], "nodeids": [], "weights": []}
        for number, (tree, values) in enumerate(trees):
            leaf = tree.children_left < 0
            nodes["treeids"] += [number] * tree.node_count
            nodes["nodeids"] += range(tree.node_count)
            nodes["featureids"] += np.where(leaf, 0, tree.feature).tolist()
            nodes["truenodeids"] += np.where(leaf, 0, tree.children_left).tolist()
            nodes["falsenodeids"] += np.where(leaf, 0, tree.children_right).tolist()
            thresholds += floor32(np.where(leaf, 0.0, tree.threshold)).tolist()
            modes += np.where(leaf, "LEAF", "BRANCH_LEQ").tolist()
            ends = np.flatnonzero(leaf)
            target["treeids"] += [number] * len(ends)
            target["nodeids"] += ends.tolist()
            target["weights"] += values[ends].astype(np.float32).tolist()
        return self.add(
            "TreeEnsembleRegressor",
            source,
            domain="ai.onnx.ml",
            n_targets=1,
            aggregate_function="SUM",
            base_values=[base],
            nodes_values=thresholds,
            nodes_modes=modes,
            target_treeids=target["treeids"],
            target_nodeids=target["nodeids"],
            target_ids=[0] * len(target["nodeids"]),
            target_weights=target["weights"],
            **{f"nodes_{key}": value for key, value in nodes.items()},
        )

    def build(self, columns):
        self.nodes[-1].output[0] = OUTPUT
        graph = helper.make_graph(
            self.nodes,
            "churn",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", columns])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", 1])],
            self.constants,
        )
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="churnbuster")
        checker.check_model(model)
        return model.SerializeToString(deterministic=True)
