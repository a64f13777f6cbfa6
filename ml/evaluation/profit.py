"""What a retention campaign would have earned, by how many customers are contacted."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from ml.evaluation.outcomes import check_outcomes, spread_points


@dataclass(frozen=True)
class ProfitPoint:
    """One size of the campaign.

    Attributes
    ----------
    share : float
        Contacted customers among all.
    contacted, leavers : int
        How many customers are contacted, and how many of them would have left.
    profit : float
        In the currency of value and cost, over all customers of the table.
    threshold : float or None
        Lowest probability that is contacted; None where nobody is.
    """

    share: float
    contacted: int
    leavers: int
    profit: float
    threshold: float | None


@dataclass(frozen=True)
class ProfitCurve:
    """Profit over the share of customers contacted.

    Attributes
    ----------
    points : tuple of ProfitPoint
        From nobody to everybody, at most 200 and the best one.
    best : ProfitPoint
        The highest profit; the smallest campaign where several share it. Nobody is contacted where every
        campaign costs more than it earns.
    everybody : float
        Profit of contacting all customers, for comparison.
    """

    points: tuple[ProfitPoint, ...]
    best: ProfitPoint
    everybody: float
    value: float
    cost: float
    success_rate: float
    customers: int
    churned: int

    def to_dict(self):
        """Return plain numbers and lists, ready for JSON."""
        found = asdict(self)
        return found | {"points": list(found["points"])}


def profit_curve(labels, probabilities, *, value, cost, success_rate):
    r"""Return the profit of contacting the customers with the highest probabilities, by their share.

    .. math:: \mathrm{profit}(k) = \gamma \, v \sum_{i \le k} y_{(i)} - c \, k

    with the customers in falling order of probability, :math:`y_{(i)} = 1` where the i-th one left, value
    :math:`v`, cost :math:`c` and success rate :math:`\gamma`. One more contact pays while the probability of
    churn is above :math:`c / (\gamma v)`.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
        1 where the customer churned.
    probabilities : array-like of float, shape (n_customers,)
        Of one version; call it once per version to draw both.
    value : float
        What one kept customer is worth, above 0; any currency.
    cost : float
        Of one contact with its offer, in the same currency, taken by leavers and stayers alike; at least 0.
    success_rate : float
        Share of the contacted leavers who then stay, above 0 and at most 1.

    Returns
    -------
    ProfitCurve
        Customers with the same probability are contacted together: nothing tells them apart. The best point
        is chosen on the same customers on which it is measured, and so is a little flattered.

    Raises
    ------
    ValueError
        An amount is out of its range, or the outcomes cannot be judged.

    References
    ----------
    .. [1] Neslin, S. A., Gupta, S., Kamakura, W., Lu, J. and Mason, C. H. (2006). Defection Detection:
       Measuring and Understanding the Predictive Accuracy of Customer Churn Models. Journal of Marketing
       Research, 43(2), 204-211. The profit of a campaign there, without its fixed cost and with one cost for
       contact and incentive.

    Examples
    --------
    >>> curve = profit_curve([1, 0, 1, 0], [0.9, 0.2, 0.6, 0.4], value=100, cost=10, success_rate=0.5)
    >>> curve.best
    ProfitPoint(share=0.5, contacted=2, leavers=2, profit=80.0, threshold=0.6)
    >>> curve.everybody
    60.0
    """
    y, p = check_outcomes(labels, probabilities, both=False)
    order = np.argsort(-p, kind="stable")
    falling = p[order]
    # The last customer of each group of equal probabilities.
    last = np.append(np.flatnonzero(np.diff(falling)), len(y) - 1)
    leavers = np.append(0, np.cumsum(y[order])[last])
    return _curve(
        np.append(0, last + 1),
        leavers,
        [None, *falling[last].tolist()],
        (len(y), int(y.sum())),
        {"value": value, "cost": cost, "success_rate": success_rate},
    )


def with_assumptions(curve, *, value, cost, success_rate):
    """Return a curve for other amounts, without the customers it was made from.

    Parameters
    ----------
    curve : dict
        From `ProfitCurve.to_dict`.
    value, cost, success_rate : float
        As in `profit_curve`.

    Returns
    -------
    ProfitCurve
        The best of the points that `curve` has: up to 200, so with many customers the very best size of the
        campaign may lie between two of them.

    Raises
    ------
    ValueError
        An amount is out of its range.

    Examples
    --------
    >>> curve = profit_curve([1, 0, 1, 0], [0.9, 0.2, 0.6, 0.4], value=100, cost=10, success_rate=0.5)
    >>> with_assumptions(curve.to_dict(), value=100, cost=40, success_rate=0.5).best.profit
    20.0
    """
    points = curve["points"]
    return _curve(
        np.array([point["contacted"] for point in points]),
        np.array([point["leavers"] for point in points]),
        [point["threshold"] for point in points],
        (curve["customers"], curve["churned"]),
        {"value": value, "cost": cost, "success_rate": success_rate},
    )


def _curve(contacted, leavers, thresholds, customers, campaign):
    """Return the curve over campaigns of `contacted` customers, of whom `leavers` would have left."""
    value, cost, success_rate = campaign["value"], campaign["cost"], campaign["success_rate"]
    if not 0 < value < math.inf:
        raise ValueError(f"value must be a positive amount, got {value}.")
    if not 0 <= cost < math.inf:
        raise ValueError(f"cost must be an amount of at least 0, got {cost}.")
    if not 0 < success_rate <= 1:
        raise ValueError(f"success_rate must be above 0 and at most 1, got {success_rate}.")
    profit = success_rate * value * leavers - cost * contacted

    def point(position):
        return ProfitPoint(
            share=float(contacted[position] / customers[0]),
            contacted=int(contacted[position]),
            leavers=int(leavers[position]),
            profit=float(profit[position]),
            threshold=thresholds[position],
        )

    best = int(np.argmax(profit))
    return ProfitCurve(
        points=tuple(point(position) for position in np.union1d(spread_points(len(contacted)), [best])),
        best=point(best),
        everybody=float(profit[-1]),
        value=float(value),
        cost=float(cost),
        success_rate=float(success_rate),
        customers=customers[0],
        churned=customers[1],
    )
