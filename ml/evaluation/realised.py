"""What was promised, held against what happened, for customers whose outcome is known."""

from __future__ import annotations

import numpy as np

from ml.evaluation.outcomes import rows_per_customer


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
        self._equal = []
        self._everybody, self._named = _Group(), _Group()
        self._tiers = [_Group() for _ in range(tiers)]

    def take(self, churned, probabilities, *, named, tiers, hashes=None):
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
        hashes : ndarray of uint64, shape (n_customers,), optional
            From `ml.matrix.hashing.hash_rows`, by which twins are found; None where nobody knows them.
        """
        known = ~np.isnan(churned)
        self.unknown += int(len(churned) - known.sum())
        churned, probabilities, tiers = churned[known], probabilities[known], tiers[known]
        if hashes is not None:
            self._equal.append((hashes[known], churned - probabilities, tiers))
        self._everybody.add(churned, probabilities)
        self._named.add(churned[named[known]], probabilities[named[known]])
        for position, group in enumerate(self._tiers):
            group.add(churned[tiers == position], probabilities[tiers == position])

    def to_dict(self):
        """Return the counts, ready for JSON; None where nobody's outcome is known.

        Returns
        -------
        dict or None
            ``everybody``, ``named`` and each of ``tiers``: ``customers``, ``left`` and ``expected`` (the sum
            of what was promised); ``unknown``, customers without a readable outcome; ``rows_per_customer``,
            see `ml.evaluation.outcomes.rows_per_customer`.
        """
        if not self._everybody.customers:
            return None
        return {
            "everybody": self._everybody.to_dict(),
            "named": self._named.to_dict(),
            "tiers": [group.to_dict() for group in self._tiers],
            "unknown": self.unknown,
            "rows_per_customer": self._rows_per_customer(),
        }

    def _rows_per_customer(self):
        if not self._equal:
            return 1.0
        hashes, surplus, tiers = map(np.concatenate, zip(*self._equal, strict=True))
        # What all of a tier have in common is no likeness of twins.
        usual = np.bincount(tiers, weights=surplus) / np.maximum(np.bincount(tiers), 1)
        surplus -= usual[tiers]
        return rows_per_customer(hashes, surplus)


class _Group:
    def __init__(self):
        self.customers = self.left = 0
        self.expected = 0.0

    def add(self, churned, probabilities):
        self.customers += len(churned)
        self.left += int(churned.sum())
        self.expected += float(probabilities.sum())

    def to_dict(self):
        return dict(vars(self))
