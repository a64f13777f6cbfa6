"""How often those leave of whom no model is asked: who bought once only, and who has lapsed already.

Of both too little is known, or too long ago, to tell one from another: the days since they bought are nearly
all that there is. So the share of past customers of their kind stands in for a model, and is judged like one.
"""

from __future__ import annotations

import numpy as np

# Days; within a band all are taken to be alike.
BANDS = (30, 90, 180, 365)
TENURE = ("tenure_days", "days_since_first_purchase")
# So many customers with the common rate are counted to each band: a few of its own count for little.
PRIOR = 20


def learn_rates(days, labels, *, common):
    """Return how often those left who had been known, or silent, for so many days.

    Parameters
    ----------
    days, labels : sequence of ndarray of int, each of shape (n_customers,)
        At one cutoff after another, the oldest first: full days, and 1 where the customer left. The latest
        decides wherever it has customers enough; with few, what was found before weighs as `PRIOR` customers.
    common : float
        Where nobody was seen at all.

    Returns
    -------
    dict
        ``bands``, ``rates`` (one more than bands) and ``customers``, ready for JSON.

    Examples
    --------
    >>> table = learn_rates([np.array([5] * 80)], [np.array([1] * 60 + [0] * 20)], common=0.5)
    >>> [round(rate, 2) for rate in table["rates"]]
    [0.75, 0.75, 0.75, 0.75, 0.75]
    """
    rates, overall, weight = None, common, 1
    for known, left in zip(days, labels, strict=True):
        overall = (left.sum() + weight * overall) / (len(left) + weight)
        bands = find_bands(BANDS, known)
        counts = np.bincount(bands, minlength=len(BANDS) + 1)
        rates = (np.bincount(bands, weights=left, minlength=len(counts)) + PRIOR * overall) / (counts + PRIOR)
        weight = PRIOR
    customers = sum(map(len, labels))
    # That none of so many was an exception yet makes nobody certain: the next may be the first.
    exception = 1 / (customers + PRIOR)
    rates = np.clip(rates, exception, 1 - exception)
    return {"bands": list(BANDS), "rates": rates.tolist(), "customers": customers}


def learn_first_buyers(moments, often):
    """Return how often those leave who bought once only, by how long they are known.

    Parameters
    ----------
    moments : sequence of FeatureTable
        Who bought once only at one cutoff after another, the oldest first.
    often : FeatureTable
        Who did so more often, at the latest: they stand in where nobody bought once.

    Returns
    -------
    dict
        As `learn_rates` has it.
    """
    return learn_rates(
        [tenure_of(once) for once in moments],
        [once.labels for once in moments],
        common=float(often.labels.mean()),
    )


def tenure_of(once):
    """Return since how many days each of a table of first-time buyers is known.

    Parameters
    ----------
    once : FeatureTable

    Returns
    -------
    ndarray of int, shape (n_customers,)
    """
    return once.frame[next(name for name in TENURE if name in once.frame)].to_numpy()


def days_since(moments, as_of):
    """Return how many full days lie between instants and the cutoff.

    Parameters
    ----------
    moments : datetime or ndarray of datetime64
    as_of : datetime

    Returns
    -------
    int or ndarray of int
    """
    passed = np.datetime64(as_of, "us") - np.asarray(moments, dtype="datetime64[us]")
    return passed // np.timedelta64(1, "D")


def rates_since(table, moments, as_of):
    """Return the rate that a table has for an instant, for one customer or for each of many.

    Parameters
    ----------
    table : dict
        From `learn_rates`.
    moments : datetime or ndarray of datetime64
        When each first-time buyer bought, or when each of the lapsed bought last.
    as_of : datetime

    Returns
    -------
    float or ndarray of float

    Examples
    --------
    >>> from datetime import datetime
    >>> table = {"bands": [30], "rates": [0.2, 0.4], "customers": 9}
    >>> first = np.array(["2024-05-01", "2024-05-02"], dtype="datetime64[us]")
    >>> rates_since(table, first, datetime(2024, 5, 31)).tolist()
    [0.4, 0.2]
    """
    return rates_of(table, days_since(moments, as_of))


def rates_of(table, days):
    """Return the rate that a table has for days, of one customer or of each of many.

    Parameters
    ----------
    table : dict
        From `learn_rates`.
    days : int or ndarray of int

    Returns
    -------
    float or ndarray of float
    """
    return np.asarray(table["rates"])[find_bands(table["bands"], days)]


def find_bands(bounds, days):
    """Return the places of the bands that days lie in.

    Parameters
    ----------
    bounds : sequence of int
    days : int or ndarray of int

    Returns
    -------
    int or ndarray of int

    Examples
    --------
    >>> find_bands([30, 90], np.array([29, 30, 400])).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(bounds, days, side="right")
