"""How much is known of a buyer: enough to ask a model, one purchase only, or that the buyer has left.

Each rule stands here for one customer and for all customers of a log, and both ways must agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ml.logs.features.duck import write_literal
from ml.logs.features.logs import quote

ORDER = "order_id"


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
