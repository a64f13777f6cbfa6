"""An ONNX graph of somebody else is looked at as data: more than a function of customers is refused."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ml.exchange.graph_checks import check_graph
from ml.matrix.schemas import FeatureSchema

WIDTH = 4
WEIGHTS = numpy_helper.from_array(np.ones((WIDTH, 1), np.float32), "weights")
OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]


def graph(
    *nodes,
    weights=(WEIGHTS,),
    reads=(("features", TensorProto.FLOAT, ["n", WIDTH]),),
    gives=(("score", TensorProto.FLOAT, ["n", 1]),),
    opsets=OPSETS,
    **model,
):
    """Return a graph that multiplies and squeezes, or does what `nodes` say."""
    nodes = nodes or (
        helper.make_node("MatMul", ["features", "weights"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["score"]),
    )
    made = helper.make_graph(
        list(nodes),
        "churn",
        [helper.make_tensor_value_info(*value) for value in reads],
        [helper.make_tensor_value_info(*value) for value in gives],
        list(weights),
    )
    return helper.make_model(made, opset_imports=opsets, ir_version=9, **model).SerializeToString()


def elsewhere(location):
    tensor = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[WIDTH, 1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def hidden_in_a_node(tensor):
    return (
        helper.make_node("Constant", [], ["weights"], value=tensor),
        helper.make_node("MatMul", ["features", "weights"], ["score"]),
    )


def loop():
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, [])],
    )
    return helper.make_node("Loop", ["", ""], [], body=body)


def own_function():
    return helper.make_function(
        "house", "Twice", ["x"], ["y"], [helper.make_node("Add", ["x", "x"], ["y"])], OPSETS
    )


def many(number):
    """Return a tensor that says it has so many values, and has one."""
    return TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[number], raw_data=b"\0\0\0\0")


NAN = numpy_helper.from_array(np.array([[1], [2], [np.nan], [4]], np.float32), "weights")
CIRCLE = (helper.make_node("Add", ["features", "b"], ["a"]), helper.make_node("Add", ["a", "a"], ["b"]))

HOSTILE = {
    "no graph": (b"customerID,Churn", "is no ONNX file"),
    "half of a graph": (graph()[:-40], "is no ONNX file|does not hold together"),
    "nothing": (b"", "must read one float32 matrix|does not hold together"),
    "weights beside it": (graph(weights=[elsewhere("weights.bin")]), "another file"),
    "weights above it": (graph(weights=[elsewhere("../../var/secret_key")]), "another file"),
    "weights anywhere": (graph(weights=[elsewhere("/etc/hostname")]), "another file"),
    "weights of a node elsewhere": (
        graph(*hidden_in_a_node(elsewhere("/etc/hostname")), weights=()), "another file",
    ),
    "a circle": (graph(*CIRCLE), "runs in a circle"),
    "a loop": (graph(loop()), r"a branch or a loop \('Loop'\)"),
    "own operators": (graph(opsets=[*OPSETS, helper.make_opsetid("evil.example", 1)]), "'evil.example'"),
    "own functions": (graph(functions=[own_function()]), "functions of its own"),
    "a later opset": (graph(opsets=[helper.make_opsetid("", 99)]), "needs version 99 of the operators"),
    "no version at all": (graph(opsets=[helper.make_opsetid("", 0)]), "needs version 0 of the operators"),
    "too many columns": (
        graph(reads=[("features", TensorProto.FLOAT, ["n", 5])]), r"4 encoded columns; it reads float",
    ),
    "columns of another kind": (
        graph(reads=[("features", TensorProto.STRING, ["n", WIDTH])]), "must read one float32 matrix",
    ),
    "two matrices": (
        graph(reads=[(name, TensorProto.FLOAT, ["n", WIDTH]) for name in ("features", "more")]),
        "must read one float32 matrix",
    ),
    "a row that is fixed": (
        graph(reads=[("features", TensorProto.FLOAT, [1, WIDTH])]), "must read one float32 matrix",
    ),
    "two columns of scores": (
        graph(gives=[("score", TensorProto.FLOAT, ["n", 2])]), r"it gives float \(any x 2\)",
    ),
    "a weight that is no number": (graph(weights=[NAN]), r"is no number \(in 'weights'\)"),
    "a hidden weight that is no number": (
        graph(*hidden_in_a_node(NAN), weights=()), r"is no number \(in 'weights'\)",
    ),
    "an attribute that is no number": (
        graph(helper.make_node("LeakyRelu", ["features"], ["score"], alpha=float("nan"))),
        r"is no number \(in 'alpha'\)",
    ),
    "a tensor without its values": (graph(weights=[many(2**40)]), "declares 1,099,511,627,776 values"),
    "a tensor of less than nothing": (graph(weights=[many(-1)]), "declares -1 values"),
}  # fmt: skip


def test_a_plain_graph_is_taken():
    check_graph(graph(), WIDTH)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_a_function_of_customers_is_refused_in_words(name):
    payload, sentence = HOSTILE[name]

    with pytest.raises(ValueError, match=sentence) as refusal:
        check_graph(payload, WIDTH)

    assert len(str(refusal.value)) < 400
    assert str(refusal.value).endswith((".", ")"))


def test_the_graphs_of_the_house_are_taken(exported_models):
    taken = 0
    for exported in exported_models.values():
        if exported.onnx is not None:
            schema = FeatureSchema.from_dict(exported.manifest["schema"])
            check_graph(exported.onnx, len(schema.encoded_columns))
            taken += 1

    assert taken
