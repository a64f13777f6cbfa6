"""ONNX graphs of fitted estimators, over the encoded float32 matrix.

Written node by node instead of by a converter: one output instead of labels and maps of probabilities, which
is most of the time of a single customer, and thresholds rounded the way that keeps every tree's decisions.
"""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from sklearn.pipeline import Pipeline

from ml.model_types.catalogue import type_of
from ml.model_types.common.trees import LEAF

INPUT, OUTPUT = "features", "score"


def build_graph(pipeline, schema):
    """Return the estimator of a fitted pipeline as ONNX: scaling, model, score.

    Parameters
    ----------
    pipeline : Pipeline
        From `ml.learning.pipelines.build_pipeline`, fitted.
    schema : FeatureSchema

    Returns
    -------
    bytes
        Input ``features``: float32 of shape (n, n_encoded); output ``score``: float32 of shape (n, 1),
        uncalibrated.

    Raises
    ------
    ValueError
        The estimator is of no known type, or decides in a way that has no graph.
    """
    model = pipeline.named_steps["model"]
    model_type = type_of(model)
    mean, scale = scaling(pipeline, schema)
    writer, source = GraphWriter(), INPUT
    if model_type.scales:
        source = writer.add("Sub", INPUT, writer.constant(mean.astype(np.float32)))
        source = writer.add("Mul", source, writer.constant((1 / scale).astype(np.float32)))
    model_type.write_graph(writer, source, model)
    return writer.build(len(mean))


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
        The estimator is of no known type, or decides in a way that has no graph.
    """
    writer = GraphWriter()
    source = writer.add("Gather", INPUT, writer.constant(np.asarray(places, dtype=np.int64)), axis=1)
    # In 64 bits, as scikit-learn does it: a tree asks on which side of a border the scaled number lies.
    source = writer.add("Cast", source, to=writer.DOUBLE)
    source = writer.add("Sub", source, writer.constant(np.asarray(shift, dtype=np.float64)))
    source = writer.add("Div", source, writer.constant(np.asarray(scale, dtype=np.float64)))
    type_of(model).write_graph(writer, writer.add("Cast", source, to=writer.FLOAT), model)
    return writer.build(width)


def scaling(pipeline, schema):
    """Return the mean and the scale of every encoded column; 0 and 1 where it is not standardised.

    Parameters
    ----------
    pipeline : Pipeline
    schema : FeatureSchema

    Returns
    -------
    mean, scale : ndarray of float64, shape (n_encoded,)
    """
    numbers = pipeline.named_steps["encode"].named_transformers_["numbers"]
    scaler = numbers[-1] if isinstance(numbers, Pipeline) else numbers
    width = len(schema.encoded_columns)
    mean, scale = np.zeros(width), np.ones(width)
    # A schema without numbers leaves the scaler unfitted.
    if hasattr(scaler, "scale_"):
        places = [schema.places[column.name][0] for column in schema.numeric]
        mean[places], scale[places] = scaler.mean_, scaler.scale_
    return mean, scale


class GraphWriter:
    """Collects nodes in order; the last one added is the output."""

    FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, values):
        """Add a constant and return its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, *inputs, domain="", **attributes):
        """Add a node of one output and return its name."""
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], domain=domain, **attributes))
        return name

    def dense(self, source, weights, bias, activation):
        """Add a layer: a matrix product, and an operator over it unless `activation` is None."""
        name = self.add(
            "Gemm", source, self.constant(weights.astype(np.float32)), self.constant(bias.astype(np.float32))
        )
        return self.add(activation, name) if activation else name

    def trees(self, source, trees, base=0.0):
        """Add one node that sums `base` and all `trees`, each a `ml.model_types.common.trees.Tree`."""
        sizes = [len(tree.features) for tree in trees]
        ends = [np.flatnonzero(tree.modes == LEAF) for tree in trees]
        joined = [np.concatenate(part).tolist() for part in zip(*trees, strict=True)]
        features, thresholds, modes, left, right, _ = joined
        return self.add(
            "TreeEnsembleRegressor",
            source,
            domain="ai.onnx.ml",
            n_targets=1,
            aggregate_function="SUM",
            base_values=[base],
            nodes_treeids=np.repeat(range(len(trees)), sizes).tolist(),
            nodes_nodeids=[number for size in sizes for number in range(size)],
            nodes_featureids=features,
            nodes_values=thresholds,
            nodes_modes=modes,
            nodes_truenodeids=left,
            nodes_falsenodeids=right,
            target_treeids=np.repeat(range(len(trees)), [len(end) for end in ends]).tolist(),
            target_nodeids=np.concatenate(ends).tolist(),
            target_ids=[0] * sum(map(len, ends)),
            target_weights=np.concatenate(
                [tree.values[end] for tree, end in zip(trees, ends, strict=True)]
            ).tolist(),
        )

    def build(self, columns):
        """Return the graph as bytes, over a matrix of so many columns."""
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
