"""Whether a single column tells who left: then it was written down afterwards, or made from the answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

BLOCKS, WARNS = 0.975, 0.90
# From so many customers on, of whom so many in a hundred left, having something means having left...
FEWEST_MARKED, MARKED = 30, 0.98
# ... where not most have left anyway, and where it concerns a part of the leavers worth speaking of.
MOST_LEAVERS, LEAST_SHARE = 0.7, 0.1
# Most customers stay anyway. So to have something means having stayed where next to none of those left who
# would have by the rate of all, and chance would hardly do that: a rare value may be without a leaver. Where
# most have left, that holds of leavers.
MOST_EXCEPTIONS, MOST_BY_CHANCE = 0.02, 1e-6
# Of an honest number one end is without exceptions, too, but there are more and more of them beside it. Among
# as many customers next to an end as should have ten of them, there must be half as many.
BESIDE, FEWEST_BESIDE = 10, 5
MOST_VALUES = 50
FILLED, BLANK = "filled", "blank"
IS, OTHER, FROM, UP_TO = "is", "other", "from", "up_to"


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


@dataclass(frozen=True)
class OutcomeMark:
    """Something in a column that next to nobody has who stayed, or next to nobody who left.

    Attributes
    ----------
    column : str
    what : str
        "filled" or "blank" where having any value, or none, is the mark; otherwise the value.
    customers, churned : int
        How many have it, and how many of them churned.
    relation : {"is", "other", "from", "up_to"}
        Whether the mark is the value itself, any other one, or, of numbers, that one and above, or that one
        and below.
    of_leavers : bool
        Whether those who have it left.
    """

    column: str
    what: str
    customers: int
    churned: int
    relation: str = IS
    of_leavers: bool = True

    def to_dict(self) -> dict:
        """Return plain text and numbers, ready for JSON."""
        return asdict(self)


def find_marks(frame, label):
    """Return what only those have who churned, or only those who stayed.

    Such as a reason that was asked for when they left, or a bonus that was promised to whoever had stayed. A
    column that is filled for a part of the leavers and for nobody else ranks no better than that part is
    large, so `single_column_auc` does not see it. The same is said by another value than the usual one (a
    refund where nearly all have 0, a reason where they have "none"), by one value among others, and by one
    end of a range of numbers (those given from 900000 on).

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, n_features)
        Numbers with NaN, and text columns with None where a cell is blank.
    label : array-like of int, shape (n_customers,)
        1 where the customer churned.

    Returns
    -------
    list of OutcomeMark
        At most one for a column, in the order of the columns. Of leavers: at least 30 customers, of whom 98 %
        churned where at most 70 % of all did, and at least a tenth of all who churned. Where nothing tells,
        thirty customers of one outcome come about with a chance of 0.7^30, one in 40,000. Of stayers: as
        many, and a tenth of all who stayed, of whom at most 2 % churned of those expected by the rate of all,
        with a chance of one in a million; of leavers likewise where more than 70 % left.

    Examples
    --------
    >>> frame = pd.DataFrame({"why": ["price"] * 30 + [None] * 90, "age": [30.0] * 120})
    >>> [(mark.column, mark.what, mark.churned) for mark in find_marks(frame, [1] * 40 + [0] * 80)]
    [('why', 'filled', 30)]
    """
    y = np.asarray(label, dtype=bool)
    if not 0 < y.mean() < 1:
        return []
    found = (_first_mark(name, frame[name], y) for name in frame.columns)
    return [mark for mark in found if mark]


def _first_mark(name, cells, y):
    tests = [(True, _marks_leavers), (False, _marks_stayers)]
    ways = list(_ways(cells))
    for of_leavers, marks in tests:
        for relation, what, has in ways:
            if marks(has.sum(), y[has].sum(), y):
                return OutcomeMark(name, what, int(has.sum()), int(y[has].sum()), relation, of_leavers)
    if not pd.api.types.is_numeric_dtype(cells):
        return None
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    ends = (_end(name, numbers, y, marks, of_leavers) for of_leavers, marks in tests)
    return next(filter(None, ends), None)


def _ways(cells):
    """Yield each way in which a cell may be a mark: its relation, its value, and which customers have it."""
    blank = cells.isna().to_numpy()
    if blank.any():
        yield IS, FILLED, ~blank
        yield IS, BLANK, blank
    values = cells.value_counts().index[:MOST_VALUES]
    say = _number if pd.api.types.is_numeric_dtype(cells) else str
    for value in values:
        yield IS, say(value), (cells == value).to_numpy(dtype=bool, na_value=False)
    if len(values):
        usual = (cells == values[0]).to_numpy(dtype=bool, na_value=False)
        yield OTHER, say(values[0]), ~blank & ~usual


def _end(name, numbers, y, marks, of_leavers):
    """Return the end of the range of numbers that is a mark of the most; None where none is."""
    known = ~np.isnan(numbers)
    for relation, order in ((FROM, np.argsort(-numbers[known])), (UP_TO, np.argsort(numbers[known]))):
        values = numbers[known][order]
        # Equal numbers belong to the same end, and not all of them to one.
        last = np.flatnonzero(values[1:] != values[:-1])
        customers, churned = last + 1, np.cumsum(y[known][order])[last]
        marked = np.flatnonzero(marks(customers, churned, y))
        if len(marked):
            best = marked[np.argmax(_worth(customers, churned, y, of_leavers)[marked])]
            size = int(customers[best])
            if _ends_abruptly(y[known][order] != of_leavers, size):
                what = _number(values[last[best]])
                return OutcomeMark(name, what, size, int(churned[best]), relation, of_leavers)
    return None


def _worth(customers, churned, y, of_leavers):
    """Return what makes the shortest end with the most: those of the other outcome beside it are no part."""
    if of_leavers and y.mean() <= MOST_LEAVERS:
        return churned
    others, rate = (customers - churned, 1 - y.mean()) if of_leavers else (churned, y.mean())
    # At the rate of all, each further customer would take more away than it adds.
    return customers - others - 2 * others * (1 - rate) / rate


def _ends_abruptly(exceptions, size):
    others = exceptions[size:]
    if others.sum() < BESIDE:
        return False
    return others[: round(BESIDE / others.mean())].sum() >= FEWEST_BESIDE


def _marks_leavers(customers, churned, y):
    if y.mean() > MOST_LEAVERS:
        return _marks_stayers(customers, customers - churned, ~y)
    return (customers >= FEWEST_MARKED) & (churned >= MARKED * customers) & (churned >= LEAST_SHARE * y.sum())


def _marks_stayers(customers, churned, y):
    return (
        (customers >= FEWEST_MARKED)
        & (churned <= MOST_EXCEPTIONS * customers * y.mean())
        & (customers - churned >= LEAST_SHARE * (~y).sum())
        & (_chance_of_so_few(churned, customers, y.mean()) <= MOST_BY_CHANCE)
    )


def _chance_of_so_few(churned, customers, rate):
    """Return at most with which chance so few of them churn, where so few are fewer than the rate of all.

    The bound of Chernoff needs no library of statistics, which a child that looks at a table need not wait
    for; where nobody churned it is exact.
    """
    share = np.minimum(churned / np.maximum(customers, 1), rate)
    left = np.where(share > 0, share * np.log(np.maximum(share, 1e-12) / rate), 0)
    stayed = (1 - share) * np.log((1 - share) / (1 - rate))
    return np.exp(-customers * (left + stayed))


def _number(value):
    return f"{value:.10g}"


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
        ranks = pd.Series(np.where(empty, filler, numbers)).rank().to_numpy()
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
