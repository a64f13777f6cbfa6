"""Whether a single column tells who left: then it was written down afterwards, or made from the answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

BLOCKS, WARNS = 0.975, 0.90


@dataclass(frozen=True)
class ColumnAuc:
    """How well one column alone tells who churned.

    Attributes
    ----------
    column : str
    auc : float
        From 0.5 to 1: of the column or of its opposite, whichever tells more.
    verdict : {"blocks", "warns", "fine"}
    """

    column: str
    auc: float
    verdict: str

    def to_dict(self) -> dict:
        """Return plain text and numbers, ready for JSON."""
        return asdict(self)


def single_column_auc(frame, label):
    """Return how well each column alone tells who churned, the best first.

    A column of 0.975 or more knows the answer and blocks; one of 0.90 or more warns.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, n_features)
        Numbers, and text columns: each of their values counts by the churn rate of customers with it in the
        other half of the rows, so that a column of unique values tells nothing. Empty cells are a value of
        their own.
    label : array-like of int, shape (n_customers,)
        1 where the customer churned.

    Returns
    -------
    list of ColumnAuc

    Raises
    ------
    ValueError
        Only one outcome occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"answer": [0, 0, 5, 9], "noise": [1, 2, 2, 1]})
    >>> [(found.column, found.auc, found.verdict) for found in single_column_auc(frame, [0, 0, 1, 1])]
    [('answer', 1.0, 'blocks'), ('noise', 0.5, 'fine')]
    """
    y = np.asarray(label, dtype=np.int64)
    if not 0 < y.sum() < len(y):
        raise ValueError("Both outcomes must occur to tell whether a column knows them.")
    found = [_judge(name, _to_numbers(frame[name], y), y) for name in frame.columns]
    return sorted(found, key=lambda one: (-one.auc, one.column))


def _judge(name, numbers, y):
    empty = np.isnan(numbers)
    areas = []
    # Empty cells may stand for either end; the one that tells more is taken.
    for filler in (-np.inf, np.inf) if empty.any() else (0.0,):
        ranks = rankdata(np.where(empty, filler, numbers))
        ones = y.sum()
        area = (ranks[y == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(y) - ones))
        areas.append(max(area, 1 - area))
    auc = float(max(areas))
    return ColumnAuc(name, auc, "blocks" if auc >= BLOCKS else "warns" if auc >= WARNS else "fine")


def _to_numbers(cells, y):
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)
    groups, values = pd.factorize(cells, use_na_sentinel=False)
    numbers, half = np.empty(len(y)), np.arange(len(y)) % 2
    for side in (0, 1):
        # Leaving out only the own row would give the answer away: the rate sinks exactly where it is 1.
        other = half != side
        size = np.bincount(groups[other], minlength=len(values))
        ones = np.bincount(groups[other], weights=y[other], minlength=len(values))
        rates = np.where(size > 0, ones / np.maximum(size, 1), y[other].mean())
        numbers[half == side] = rates[groups[half == side]]
    return numbers
