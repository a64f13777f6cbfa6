"""What all figures and curves start from: outcomes beside probabilities, and the points a curve keeps.

Needs numpy alone: pages that draw a curve anew load no learning library for it.
"""

import numpy as np

MOST_POINTS = 200


def check_outcomes(labels, probabilities, both=True):
    """Return outcomes and probabilities as arrays, or refuse what cannot be judged.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
    probabilities : array-like of float, shape (n_customers,)
    both : bool, default True
        Whether both outcomes must occur.

    Returns
    -------
    y : ndarray of int64, shape (n_customers,)
    p : ndarray of float64, shape (n_customers,)

    Raises
    ------
    ValueError
        Lengths differ, a label is not 0 or 1, a probability is outside [0, 1], or an outcome is missing.
    """
    y = np.asarray(labels)
    p = np.asarray(probabilities, dtype=np.float64)
    if y.shape != p.shape or y.ndim != 1 or not len(y):
        raise ValueError(
            f"Labels and probabilities must be of one length, got shapes {y.shape} and {p.shape}."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError("Labels must be 0 or 1.")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("Probabilities must lie between 0 and 1.")
    if both and y.min() == y.max():
        raise ValueError("Both classes must occur: with only one, no ranking can be judged.")
    return y.astype(np.int64), p


def spread_points(length):
    """Return which points of a curve are kept: its ends and evenly spread ones, 200 at most.

    Parameters
    ----------
    length : int
        How many points the curve has, 1 or more.

    Returns
    -------
    ndarray of int
        Positions, rising, none twice.

    Examples
    --------
    >>> spread_points(3).tolist(), len(spread_points(10_000))
    ([0, 1, 2], 200)
    """
    return np.unique(np.linspace(0, length - 1, min(length, MOST_POINTS)).round().astype(int))


def rows_per_customer(groups):
    """Return how many rows tell as much as one customer, where some are the same customer once more.

    Twins leave together, so a sum over rows varies as if there were fewer of them by this factor.

    Parameters
    ----------
    groups : ndarray, shape (n_rows,)
        The same where rows are of the same customer. Not empty.

    Returns
    -------
    float
        1.0 where all are different.

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling. Wiley, section 5.4: the design effect of clusters, here of such
       that are alike in everything and of sizes that differ.

    Examples
    --------
    >>> rows_per_customer(np.array([1, 1, 2, 2])), rows_per_customer(np.array([1, 2, 3, 3]))
    (2.0, 1.5)
    """
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    return float(sizes @ sizes / sizes.sum())
