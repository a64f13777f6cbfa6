"""How much is known of a buyer: enough to ask a model, one purchase only, or that the buyer has left.

Each rule stands here for one customer and for all customers of a log, and both ways must agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from ml.logs.features.duck import write_literal
from ml.logs.features.logs import quote

ORDER = "order_id"
# Tenure in days; within a band all first-time buyers are taken to be alike.
BANDS = (30, 90, 180, 365)
TENURE = ("tenure_days", "days_since_first_purchase")
# So many customers with the common rate are counted to each band: a few of its own count for little.
PRIOR = 20


def bought_once(purchases, *, columns):
    """Tell whether somebody bought once only: rows of one order are one purchase, others one each.

    Parameters
    ----------
    purchases : sequence of dict
        The events of one customer that are purchases before the cutoff; at least one.
    columns : collection of str
        Canonical columns of the log that the model learned from. Without orders each row is a purchase.

    Returns
    -------
    bool

    Examples
    --------
    >>> lines = [{"order_id": "7"}, {"order_id": "7"}]
    >>> bought_once(lines, columns=("order_id",)), bought_once(lines, columns=())
    (True, False)
    """
    orders = {event.get(ORDER) for event in purchases} if ORDER in columns else {None}
    return len(purchases) == 1 or (len(orders) == 1 and None not in orders)


def select_buyers(events, *, as_of, columns, once, first, latest):
    """Return SQL that finds of each customer what `bought_once` tells, and when they bought.

    Parameters
    ----------
    events : Path
        Parquet file of canonical events.
    as_of : datetime
        Nothing at or after it is looked at.
    columns : collection of str
        As `bought_once` has them.
    once, first, latest : str
        Names of what is found.

    Returns
    -------
    str
    """
    bought_once = "count(*) = 1"
    if ORDER in columns:
        bought_once += f" OR (count({ORDER}) = count(*) AND min({ORDER}) = max({ORDER}))"
    return (
        f"SELECT customer_id, {bought_once} AS {once}, min(event_at) AS {first}, max(event_at) AS {latest} "
        f"FROM read_parquet({quote(events)}) WHERE event_type = 'purchase' "
        f"AND event_at < {write_literal(as_of)} GROUP BY customer_id"
    )


def active_since(as_of, window_days):
    """Return the instant before which nobody's latest purchase lies who is still a customer.

    Parameters
    ----------
    as_of : datetime
    window_days : int or None
        None where nobody knows after how long a silent customer has left.

    Returns
    -------
    datetime
    """
    return as_of - timedelta(days=window_days) if window_days else datetime.min


def learn_first_buyers(once, table):
    """Return how often those leave who bought once only, by how long they are known.

    Where nobody of a band was seen, those with several purchases stand in.

    Parameters
    ----------
    once, table : FeatureTable
        Who bought once only, and who did so more often.

    Returns
    -------
    dict
        ``bands``, ``rates`` (one more than bands) and ``customers``, ready for JSON.
    """
    overall = (int(once.labels.sum()) + float(table.labels.mean())) / (len(once) + 1)
    tenure = once.frame[next(name for name in TENURE if name in once.frame)].to_numpy()
    bands, rates = _bands(BANDS, tenure), []
    for band in range(len(BANDS) + 1):
        left = once.labels[bands == band]
        rates.append(float((left.sum() + PRIOR * overall) / (len(left) + PRIOR)))
    return {"bands": list(BANDS), "rates": rates, "customers": len(once)}


def rates_of_first_buyers(table, first, as_of):
    """Return the rate of those who bought once and are known as long, for one customer or for each of many.

    Parameters
    ----------
    table : dict
        From `learn_first_buyers`.
    first : datetime or ndarray of datetime64
        When each bought first.
    as_of : datetime

    Returns
    -------
    float or ndarray of float

    Examples
    --------
    >>> table = {"bands": [30], "rates": [0.2, 0.4], "customers": 9}
    >>> first = np.array(["2024-05-01", "2024-05-02"], dtype="datetime64[us]")
    >>> rates_of_first_buyers(table, first, datetime(2024, 5, 31)).tolist()
    [0.4, 0.2]
    """
    days = (np.datetime64(as_of, "us") - np.asarray(first, dtype="datetime64[us]")) // np.timedelta64(1, "D")
    return np.asarray(table["rates"])[_bands(table["bands"], days)]


def _bands(bounds, days):
    return np.searchsorted(bounds, days, side="right")
