"""Trees of any library as plain arrays, with thresholds that keep every decision in 32 bits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEAF, AT_MOST, BELOW = "LEAF", "BRANCH_LEQ", "BRANCH_LT"


class Tree(NamedTuple):
    """One tree, node by node; the first node is the root.

    Attributes
    ----------
    features : ndarray of int
        Column that a node asks about.
    thresholds : ndarray of float32
    modes : ndarray of str
        `LEAF`; `AT_MOST`, where a value goes to the left if it is at most the threshold; or `BELOW`.
    left, right : ndarray of int
        The next node; 0 of a leaf.
    values : ndarray of float32
        What a leaf adds; not looked at elsewhere.
    """

    features: np.ndarray
    thresholds: np.ndarray
    modes: np.ndarray
    left: np.ndarray
    right: np.ndarray
    values: np.ndarray


def floor32(values):
    """Round down to 32-bit floats.

    scikit-learn and LightGBM compare a 32-bit feature with a 64-bit threshold; ONNX has 32 bits for both. For
    every 32-bit x, x <= t holds exactly when x <= floor32(t), while rounding to nearest would send some
    customers to the other side.

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


def read_sklearn_tree(tree, values):
    """Return a tree of scikit-learn.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
    values : ndarray of float64, shape (n_nodes,)
        What each node adds if it is a leaf.

    Returns
    -------
    Tree
    """
    leaf = tree.children_left < 0
    return Tree(
        features=np.where(leaf, 0, tree.feature),
        thresholds=floor32(np.where(leaf, 0.0, tree.threshold)),
        modes=np.where(leaf, LEAF, AT_MOST),
        left=np.where(leaf, 0, tree.children_left),
        right=np.where(leaf, 0, tree.children_right),
        values=values.astype(np.float32),
    )


def share_of_leavers(tree):
    """Return the share of customers who left in each node of a tree of scikit-learn.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree

    Returns
    -------
    ndarray of float64, shape (n_nodes,)
    """
    counts = tree.value[:, 0, :]
    return counts[:, 1] / counts.sum(axis=1)
