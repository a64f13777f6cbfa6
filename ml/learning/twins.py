"""Customers who are equal in everything a model reads, under different ids: no new evidence for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.evaluation.equal_rows import equal_rows_tell
from ml.matrix.hashing import FEWEST_DIFFERENT


def find_twins(features, labels):
    """Return for each customer the number of its group; twins share one.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.
    labels : ndarray of int, shape (n_customers,)
        1 where the customer left.

    Returns
    -------
    ndarray of int64, shape (n_customers,) or None
        Counted from 0 as they first appear. None where all customers differ, and where equal rows are what
        so few columns can say, see `ml.evaluation.equal_rows.equal_rows_tell`.

    Examples
    --------
    >>> ages, left = pd.DataFrame({"age": np.r_[np.arange(200.0), 7, 7]}), np.arange(202) % 4 == 0
    >>> find_twins(ages, left)[[7, 200, 201]].tolist()
    [7, 7, 7]
    >>> find_twins(ages[:200], left[:200]) is None and find_twins(ages % 5, left) is None
    True
    """
    groups = find_equal(features)
    return None if groups is None or not equal_rows_tell(groups, labels) else groups


def find_equal(features):
    """Do as `find_twins`, but take all who are equal for twins: as versions of earlier days were split.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)

    Returns
    -------
    ndarray of int64, shape (n_customers,) or None
        None where all customers differ, and where fewer than `ml.matrix.hashing.FEWEST_DIFFERENT` do.
    """
    groups, different = pd.factorize(pd.util.hash_pandas_object(features, index=False))
    if len(different) == len(groups) or len(different) < FEWEST_DIFFERENT:
        return None
    return groups.astype(np.int64)


def groups_of(features, labels, keeps_twins=None):
    """Return who stands on one side of a split, as `keeps_twins` says.

    Parameters
    ----------
    features, labels
        As for `find_twins`.
    keeps_twins : bool, optional
        By default as `find_twins` finds; True takes all who are equal for twins, False nobody.

    Returns
    -------
    ndarray of int64, shape (n_customers,) or None
    """
    if keeps_twins is None:
        return find_twins(features, labels)
    return find_equal(features) if keeps_twins else None
