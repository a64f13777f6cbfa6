"""Customers who are equal in everything a model reads, under different ids: no new evidence for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.matrix.hashing import FEWEST_DIFFERENT


def find_twins(features):
    """Return for each customer the number of its group; twins share one.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.

    Returns
    -------
    ndarray of int64, shape (n_customers,) or None
        Counted from 0 as they first appear. None where all customers differ, and where fewer than
        `FEWEST_DIFFERENT` do: equal rows are what so few columns can say then.

    Examples
    --------
    >>> ages = pd.DataFrame({"age": np.r_[np.arange(200.0), 7, 7]})
    >>> find_twins(ages)[[7, 200, 201]].tolist()
    [7, 7, 7]
    >>> find_twins(ages[:200]) is None and find_twins(ages % 5) is None
    True
    """
    groups, different = pd.factorize(pd.util.hash_pandas_object(features, index=False))
    if len(different) == len(groups) or len(different) < FEWEST_DIFFERENT:
        return None
    return groups.astype(np.int64)
