"""How probabilities hold for the newest uploads alone: customers of longer ago may hide it."""

from __future__ import annotations

import numpy as np

from ml.evaluation.metrics import reliability
from ml.evaluation.promises import noteworthy_fault
from ml.learning.splits import has_few

# Of the newest uploads and of all together: pages say both in one title.
VERDICTS = 2


def judge_newest(outcomes, probabilities, uploads, groups=None):
    """Look at the newest uploads together, at more and more of them until a fault is found.

    An upload that is just large enough to be judged tells little alone, and may hide what those before it
    showed. Each look takes at least twice as many customers as the one before: those between would see
    nearly the same. A fault is found in one of twenty models without any, at most, however many looks, and
    that of all customers, which stands beside it, is one of them.

    Parameters
    ----------
    outcomes, probabilities : ndarray of shape (n_customers,)
        Of those held out.
    uploads : ndarray of int, shape (n_customers,) or None
        The number of the upload that each came with, the latest having the largest.
    groups : ndarray of int, shape (n_customers,), optional
        As for `ml.evaluation.metrics.reliability`.

    Returns
    -------
    dict
        ``newest``: `ml.evaluation.metrics.reliability` of the fewest that show a fault, or of the fewest that
        can be judged, with ``uploads``, how many these are, and ``looks``, among how many they were found.
        ``calibration``: that of all customers, one of two looks now. Nothing where there are no older ones.
    """
    looks = _looks(outcomes, uploads)
    if not looks:
        return {}
    everybody = reliability(outcomes, probabilities, groups=groups) | {"looks": VERDICTS}
    found = []
    for count, newest in looks:
        same = None if groups is None else groups[newest]
        one = reliability(outcomes[newest], probabilities[newest], groups=same)
        found.append(one | {"uploads": count, "looks": VERDICTS * len(looks)})
        if noteworthy_fault(found[-1]):
            return {"newest": found[-1], "calibration": everybody}
    return {"newest": found[0], "calibration": everybody}


def _looks(outcomes, uploads):
    """Return how many uploads each look takes, and whose they are; never the oldest."""
    numbers = [] if uploads is None else np.unique(uploads)[:0:-1]
    found, least = [], 0
    for count, first in enumerate(numbers, start=1):
        newest = uploads >= first
        rows = int(newest.sum())
        if rows >= least and not has_few(outcomes[newest]):
            found.append((count, newest))
            least = 2 * rows
    return found
