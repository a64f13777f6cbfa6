"""Looking at an ONNX graph that somebody else made, as data, before anything runs it.

The runtime follows what a graph says: it opens the files that hold its weights, and loops as long as it is
told to. What a model of customers needs is little, so everything else is refused by name.
"""

from __future__ import annotations

import math

import numpy as np
from onnx import AttributeProto, TensorProto, checker, defs, helper, load_model_from_string, numpy_helper

# What the operators of a model of customers may come from, and up to which version.
KNOWN = {"": defs.onnx_opset_version(), "ai.onnx.ml": 5}
_LONGEST_NAME = 60


def check_graph(payload, width):
    """Refuse a graph that is more, or less, than one function from a matrix of customers to their scores.

    Parameters
    ----------
    payload : bytes
    width : int
        Columns of the encoded matrix.

    Raises
    ------
    ValueError
        It is no graph, keeps weights elsewhere, loops, brings operators of its own, declares other columns or
        more values than it holds, or holds a weight that is no number. The sentence says which.
    """
    try:
        model = load_model_from_string(payload)
    except Exception as error:  # protobuf's own errors share no base class
        raise ValueError("The graph is no ONNX file, or only a part of one.") from error
    _check_operators(model)
    for node in model.graph.node:
        _check_node(node)
    for tensor in _tensors(model.graph):
        _check_tensor(tensor)
    _check_order(model.graph)
    try:
        checker.check_model(model)
    except checker.ValidationError as error:
        raise ValueError(f"The graph does not hold together: {_first_line(error)}") from error
    _check_ends(model.graph, width)


def _check_operators(model):
    if model.functions or model.training_info:
        raise ValueError("The graph brings functions of its own. Export it with the standard operators only.")
    for entry in model.opset_import:
        domain = "" if entry.domain == "ai.onnx" else entry.domain
        if domain not in KNOWN:
            raise ValueError(
                f"The graph needs operators of {_named(domain)}, which Churn Buster does not have. Export it "
                "with the standard operators only."
            )
        if not 1 <= entry.version <= KNOWN[domain]:
            raise ValueError(
                f"The graph needs version {entry.version} of the operators of {domain or 'ai.onnx'}, and the "
                f"latest that is known here is {KNOWN[domain]}. Export it for an earlier one."
            )


def _check_node(node):
    for attribute in node.attribute:
        if attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS):
            raise ValueError(
                f"The graph has a branch or a loop ({_named(node.op_type)}), of which nobody knows when it "
                "ends. Export it without."
            )
        values = [attribute.f] if attribute.type == AttributeProto.FLOAT else attribute.floats
        if any(math.isnan(value) for value in values):
            raise ValueError(f"A weight of the graph is no number (in {_named(attribute.name)}).")


def _check_order(graph):
    known = {"", *(value.name for value in graph.input), *(tensor.name for tensor in graph.initializer)}
    known.update(tensor.values.name for tensor in graph.sparse_initializer)
    for node in graph.node:
        if unknown := [name for name in node.input if name not in known]:
            raise ValueError(
                f"The graph runs in a circle, or nothing gives what it calls {_named(unknown[0])}."
            )
        known.update(node.output)


def _tensors(graph):
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("sparse_tensor"):
                yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)


def _check_tensor(tensor):
    name = _named(tensor.name)
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise ValueError(
            f"The graph keeps weights in another file ({name}). No file that a graph names is opened: export "
            "it with all weights inside."
        )
    # The number of bytes that a value takes is 1 at least, also where several share one.
    if min(tensor.dims, default=1) < 0 or math.prod(tensor.dims) > 2 * tensor.ByteSize():
        raise ValueError(f"The graph declares {math.prod(tensor.dims):,} values for {name}, and holds fewer.")
    try:
        values = numpy_helper.to_array(tensor)
    except Exception as error:  # made by hand, it may lack or mix anything
        raise ValueError(f"The values of {name} in the graph cannot be read.") from error
    if np.issubdtype(values.dtype, np.floating) and np.isnan(values).any():
        raise ValueError(f"A weight of the graph is no number (in {name}).")


def _check_ends(graph, width):
    """Refuse other inputs and outputs than a float32 matrix of so many columns, and one column of scores."""
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    reads, gives = [_shape(value) for value in inputs], [_shape(value) for value in graph.output]
    if len(reads) != 1 or not _is_matrix(reads[0], width):
        raise ValueError(
            f"The graph must read one float32 matrix of the {width} encoded columns; it reads {_told(reads)}."
        )
    if len(gives) != 1 or not _is_matrix(gives[0], 1):
        raise ValueError(f"The graph must give one float32 column, the score; it gives {_told(gives)}.")


def _shape(value):
    """Return kind and sizes of a declared value; None for a size that is left open."""
    tensor = value.type.tensor_type
    sizes = [part.dim_value if part.HasField("dim_value") else None for part in tensor.shape.dim]
    return tensor.elem_type, sizes


def _is_matrix(shape, columns):
    kind, sizes = shape
    # Rows must be left open: one customer is scored, or a million.
    return kind == TensorProto.FLOAT and len(sizes) == 2 and sizes[0] is None and sizes[1] == columns


def _told(shapes):
    if not shapes:
        return "nothing"
    return ", ".join(
        f"{helper.tensor_dtype_to_string(kind).rpartition('.')[2].lower() if kind else 'no tensor'} "
        f"({' x '.join('any' if size is None else f'{size:,}' for size in sizes)})"
        for kind, sizes in shapes[:3]
    )


def _named(name):
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


def _first_line(error):
    return str(error).strip().partition("\n")[0][:200].rstrip(" .:") + "."
