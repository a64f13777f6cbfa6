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


def rows_per_customer(groups, surplus):
    """Return how many rows tell as much as one customer, where some are the same customer once more.

    The same customers leave together, so a sum over rows varies as if there were fewer of them by this
    factor. In a table of few columns different people are equal, too; they leave each for themselves, and
    their outcomes differ within a group as they do anywhere.

    Parameters
    ----------
    groups : ndarray, shape (n_rows,)
        The same where rows are equal in all that a model reads. Not empty.
    surplus : ndarray of float64, shape (n_rows,)
        Outcome less promise, without what all those of the same promise have in common.

    Returns
    -------
    float
        1.0 where all are different, or equal by chance.

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling. Wiley, section 5.4: the design effect of clusters.
    .. [2] Donner, A. (1986). A review of inference procedures for the intraclass correlation coefficient in
       the one-way random effects model. International Statistical Review 54, 67-82: its estimate by analysis
       of variance.

    Examples
    --------
    >>> rows_per_customer(np.array([1, 1, 2, 2]), np.array([0.5, 0.5, -0.5, -0.5]))
    2.0
    >>> rows_per_customer(np.array([1, 1, 2, 2]), np.array([0.5, -0.5, -0.5, 0.5]))
    1.0
    """
    _, numbered, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    rows, different = len(numbered), len(sizes)
    if different in (1, rows):
        return 1.0
    squared = float(np.square(sizes, dtype=np.float64).sum())
    between = float((np.bincount(numbered, weights=surplus) ** 2 / sizes).sum())
    within = (float(surplus @ surplus) - between) / (rows - different)
    between = (between - float(surplus.sum()) ** 2 / rows) / (different - 1)
    usual = (rows - squared / rows) / (different - 1)
    spread = between + (usual - 1) * within
    alike = min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 1.0
    return 1.0 + (squared / rows - 1.0) * alike
