"""How far the mean of what was found customer by customer can be relied on."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm


def standard_error(values):
    """Return the standard error of the mean of independent values.

    Parameters
    ----------
    values : ndarray of float64, shape (n_customers,)
        At least two.

    Returns
    -------
    float

    Examples
    --------
    >>> standard_error(np.array([1.0, 2.0, 3.0, 4.0])).round(4)
    np.float64(0.6455)
    """
    return values.std(ddof=1) / np.sqrt(len(values))


def mean_interval(values, confidence=0.95):
    """Return from where to where the mean lies, as of many independent values.

    Parameters
    ----------
    values : ndarray of float64, shape (n_customers,)
    confidence : float, default 0.95

    Returns
    -------
    list of float
        Low and high.

    Examples
    --------
    >>> [round(end, 3) for end in mean_interval(np.arange(100.0))]
    [43.814, 55.186]
    """
    half = norm.ppf((1 + confidence) / 2) * standard_error(values)
    return [float(values.mean() - half), float(values.mean() + half)]
