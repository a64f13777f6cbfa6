"""What was promised, held against what happened, for customers whose outcome is known."""

from __future__ import annotations

import math

import numpy as np

from ml.evaluation.proportions import Z_95


class Realised:
    """Counts outcomes beside promises, batch by batch.

    Parameters
    ----------
    tiers : int
        Number of risk tiers.

    Examples
    --------
    >>> seen = Realised(2)
    >>> seen.take(np.array([1.0, 0.0, np.nan]), np.array([0.75, 0.25, 0.5]),
    ...           named=np.array([True, False, True]), tiers=np.array([1, 0, 1]))
    >>> found = seen.to_dict()
    >>> found["everybody"]["customers"], found["unknown"], found["named"]["left"]
    (2, 1, 1)
    """

    def __init__(self, tiers):
        self.unknown = 0
        self._everybody, self._named = _Group(), _Group()
        self._tiers = [_Group() for _ in range(tiers)]

    def take(self, churned, probabilities, *, named, tiers):
        """Count some customers.

        Parameters
        ----------
        churned : ndarray of float64, shape (n_customers,)
            1 for who left, 0 for who stayed, NaN where nobody knows.
        probabilities : ndarray of float64, shape (n_customers,)
            What was promised.
        named : ndarray of bool, shape (n_customers,)
            Who was called leaving.
        tiers : ndarray of int, shape (n_customers,)
            Position of the risk tier.
        """
        known = ~np.isnan(churned)
        self.unknown += int(len(churned) - known.sum())
        churned, probabilities, tiers = churned[known], probabilities[known], tiers[known]
        self._everybody.add(churned, probabilities)
        self._named.add(churned[named[known]], probabilities[named[known]])
        for position, group in enumerate(self._tiers):
            group.add(churned[tiers == position], probabilities[tiers == position])

    def to_dict(self):
        """Return the counts, ready for JSON; None where nobody's outcome is known.

        Returns
        -------
        dict or None
            ``everybody``, ``named`` and each of ``tiers``: ``customers``, ``left``, ``expected`` (the sum of
            what was promised) and ``variance`` (of the number who leave, if the promises are true);
            ``unknown``, customers without a readable outcome.
        """
        if not self._everybody.customers:
            return None
        return {
            "everybody": self._everybody.to_dict(),
            "named": self._named.to_dict(),
            "tiers": [group.to_dict() for group in self._tiers],
            "unknown": self.unknown,
        }


class _Group:
    def __init__(self):
        self.customers = self.left = 0
        self.expected = self.variance = 0.0

    def add(self, churned, probabilities):
        self.customers += len(churned)
        self.left += int(churned.sum())
        self.expected += float(probabilities.sum())
        self.variance += float((probabilities * (1 - probabilities)).sum())

    def to_dict(self):
        return dict(vars(self))


def differs_from_promise(group):
    """Say whether more or fewer customers left than was promised, beyond what chance alone does.

    Where every promise is true, it says so of one group in twenty at most: customers leave independently of
    each other, and the number who do varies by the sum of p (1 - p). Half a customer is given to chance,
    because only whole customers leave.

    Parameters
    ----------
    group : mapping
        One of `Realised.to_dict`.

    Returns
    -------
    int
        1 where more left than promised, -1 where fewer did, 0 where chance explains the difference.

    Examples
    --------
    >>> differs_from_promise({"customers": 100, "left": 30, "expected": 50.0, "variance": 25.0})
    -1
    >>> differs_from_promise({"customers": 100, "left": 45, "expected": 50.0, "variance": 25.0})
    0
    """
    difference = group["left"] - group["expected"]
    if abs(difference) - 0.5 <= Z_95 * math.sqrt(group["variance"]):
        return 0
    return 1 if difference > 0 else -1
