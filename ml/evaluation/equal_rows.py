"""Are rows that are equal in all that a model reads the same customer once more, or different people?"""

from __future__ import annotations

import math

import numpy as np

from ml.evaluation.outcomes import rows_per_customer
from ml.matrix.hashing import FEWEST_DIFFERENT

# Where a larger share of a table equals another row, people are equal by chance, unless they leave as one.
MOST_EQUAL_BY_CHANCE, AS_ONE = 0.05, 0.9
# Of rows equal in threes chance makes fewer by so many standard deviations in one of a hundred tables.
RARELY_BELOW = 2.33


def equal_rows_tell(groups, labels):
    """Tell whether equal rows of a table are a sign of the same customer.

    In a table of few columns different people are equal. Then equal ones do not leave together, and where
    many are equal in twos, many are in threes.

    Parameters
    ----------
    groups : ndarray, shape (n_customers,)
        The same where rows are equal in all that a model reads.
    labels : ndarray of int, shape (n_customers,)
        1 where the customer left.

    Returns
    -------
    bool

    Examples
    --------
    >>> left = np.arange(600) % 4 == 0
    >>> equal_rows_tell(np.arange(600) % 300, left), equal_rows_tell(np.arange(600) % 7, left)
    (True, False)
    """
    sizes = np.unique(groups, return_counts=True)[1]
    if len(sizes) < FEWEST_DIFFERENT:
        return False
    if sizes[sizes > 1].sum() <= MOST_EQUAL_BY_CHANCE * len(groups) or _lack_threes(sizes):
        return True
    once_more = float(np.square(sizes, dtype=np.float64).sum()) / len(groups) - 1
    return rows_per_customer(groups, labels - labels.mean()) - 1 >= AS_ONE * once_more


def _lack_threes(sizes):
    """Tell whether far fewer rows are equal in threes than chance makes of those that are in twos.

    Of people drawn at random, three are equal at least as often as the square of how often two are: the
    mean of squares is no less than the square of the mean. Copies come in twos.
    """
    sizes = sizes.astype(np.float64)
    rows = float(sizes.sum())
    twos = float((sizes * (sizes - 1)).sum()) / (rows * (rows - 1))
    expected = math.comb(int(rows), 3) * twos**2
    threes = float((sizes * (sizes - 1) * (sizes - 2)).sum()) / 6
    return threes < min(expected / 2, expected - RARELY_BELOW * math.sqrt(expected))
