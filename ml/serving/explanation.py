"""Why customers leave, as the model sees it: which features move the probability, and in which direction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ml.matrix.columns import Coded
from ml.matrix.schemas import BLANK, UNKNOWN

FEWEST_DONORS = 50
DONORS = 3


def explain(score, schema, coded, numbers, *, background, sample=2_000, seed=0, threads=1):
    """Measure how far the probability moves when customers get the value of other customers.

    Parameters
    ----------
    score : callable
        Takes coded columns and numbers, returns calibrated probabilities. Any model has one.
    schema : FeatureSchema
    coded : list of Coded
    numbers : list of ndarray of float64, shape (n,)
    background : pair of such lists
        Customers to take values from where the batch has fewer than 50 of its own.
    sample : int, default 2000
        Most customers to look at.
    seed : int, default 0
        Chooses the sample and the other customers.
    threads : int, default 1
        How many features are looked at side by side.

    Returns
    -------
    list of (str, float)
        Feature and mean absolute change of the calibrated probability, largest first.

    References
    ----------
    .. [1] Breiman, L. (2001). Random Forests. Machine Learning, 45, section 10 (replacing a variable by
       values of other cases); here the change of the prediction is measured instead of the error, as no
       outcome is known yet.
    """
    rng = np.random.default_rng(seed)
    rows = len(coded[0].indices) if coded else len(numbers[0])
    if not rows or sample < 1:
        return [(name, 0.0) for name in schema.features]
    chosen = np.sort(rng.choice(rows, sample, replace=False)) if rows > sample else np.arange(rows)
    mine = _take(coded, numbers, chosen)
    donors = mine if len(chosen) >= FEWEST_DONORS else _take(*background, slice(None))
    pool = len(donors[1][0]) if donors[1] else len(donors[0][0].indices)
    base, features = score(*mine), list(_places(schema))
    others = [rng.integers(0, pool, (DONORS, len(chosen))).ravel() for _ in features]

    def effect(place, other):
        kind, position, name = place
        given = _taken(donors[kind][position], other)
        return name, _mean_move(score, mine, base, kind, position, given)

    with ThreadPoolExecutor(threads) as workers:
        effects = list(workers.map(effect, features, others))
    return sorted(effects, key=lambda effect: -effect[1])


@dataclass(frozen=True)
class Group:
    """Customers of a batch that share a category, or a range of a number."""

    label: str
    rows: int
    mean_probability: float


def describe_feature(column, cells, probabilities, bins=4):
    """Return the mean probability by category, or by range of a number: the direction of a feature.

    Parameters
    ----------
    column : Category or Number
    cells : Coded or ndarray of float64, shape (n,)
        The column, from `ml.matrix.columns.read_columns`.
    probabilities : ndarray of float64, shape (n,)
    bins : int, default 4
        Ranges of about equally many customers for a number.

    Returns
    -------
    list of Group
        Categories in the schema's order, unknown ones last; ranges rising, blanks last. Empty groups are left
        out.

    Raises
    ------
    ValueError
        There are not as many probabilities as rows.
    """
    rows = len(cells.indices) if isinstance(cells, Coded) else len(cells)
    if rows != len(probabilities):
        raise ValueError(f"{column.name} has {rows} rows, but there are {len(probabilities)} probabilities.")
    if isinstance(cells, Coded):
        position = cells.positions[cells.indices]
        labels = [*column.levels, UNKNOWN]
    else:
        known = cells[~np.isnan(cells)]
        shares = np.linspace(0, 1, bins + 1)[1:-1]
        edges = np.unique(np.quantile(known, shares)) if len(known) else np.empty(0)
        labels = [*_ranges(edges, known), BLANK]
        position = np.where(np.isnan(cells), len(labels) - 1, np.searchsorted(edges, cells, side="right"))
    counts = np.bincount(position, minlength=len(labels))
    total = np.bincount(position, weights=probabilities, minlength=len(labels))
    return [
        Group(label, int(count), float(part / count))
        for label, count, part in zip(labels, counts, total, strict=True)
        if count
    ]


def state_finding(name, groups, fewest=20):
    """Say in one sentence whom a model expects to leave more often, by the extreme groups of a feature.

    Nobody has left yet: what is compared are means of predicted probabilities.

    Parameters
    ----------
    name : str
        What people call the feature.
    groups : list of Group
    fewest : int, default 20
        Groups with fewer customers are not compared: their mean says little.

    Returns
    -------
    str
        Empty where there are not two groups to compare.

    Examples
    --------
    >>> told = state_finding("Contract", [Group("Month-to-month", 60, 0.44), Group("Two year", 40, 0.04)])
    >>> told[:66]
    'The model expects customers with Contract Month-to-month to leave '
    >>> told[66:]
    '11 times as often as with Two year (44 % against 4 %).'
    """
    compared = sorted(
        (group for group in groups if group.rows >= fewest), key=lambda group: group.mean_probability
    )
    if len(compared) < 2:
        return ""
    low, high = compared[0], compared[-1]
    shares = f"({_in_100(high.mean_probability)} against {_in_100(low.mean_probability)})"
    times = high.mean_probability / max(low.mean_probability, 1e-9)
    if times < 1.15:
        between = f"{high.label} and {low.label} {shares}"
        return f"{name}: the model expects hardly a difference between {between}."
    # Next to nobody leaving in one group would give a proud factor that the next file overturns.
    factor = "more than 50" if times > 50 else f"{times:.0f}" if times >= 3 else f"{times:.1f}"
    whose = f"The model expects customers with {name} {high.label}"
    return f"{whose} to leave {factor} times as often as with {low.label} {shares}."


def _in_100(probability):
    # No model is sure, so neither 0 nor 100 is ever what it expects.
    if probability < 0.005:
        return "less than 1 %"
    return "more than 99 %" if probability >= 0.995 else f"{100 * probability:.0f} %"


def _take(coded, numbers, chosen):
    return [_taken(column, chosen) for column in coded], [_taken(column, chosen) for column in numbers]


def _mean_move(score, mine, base, kind, position, given):
    """Return how far the probability moves on average when `DONORS` times as many cells are `given`."""
    customers = np.tile(np.arange(len(base)), DONORS)
    # Who gets the value that they have keeps their probability; only the rest is scored, in one go.
    changed = np.flatnonzero(_differs(_taken(mine[kind][position], customers), given))
    if not len(changed):
        return 0.0
    whose = customers[changed]
    parts = _take(*mine, whose)
    parts[kind][position] = _taken(given, changed)
    return float(np.abs(score(*parts) - base[whose]).sum()) / len(customers)


def _taken(column, rows):
    return Coded(column.positions, column.indices[rows]) if isinstance(column, Coded) else column[rows]


def _differs(one, other):
    """Return where two columns, coded or of numbers, hold different values; a blank equals a blank."""
    if isinstance(one, Coded):
        return one.positions[one.indices] != other.positions[other.indices]
    return (one != other) & ~(np.isnan(one) & np.isnan(other))


def _places(schema):
    for kind, columns in enumerate((schema.categorical, schema.numeric)):
        for position, column in enumerate(columns):
            yield kind, position, column.name


def _ranges(edges, known):
    if not len(edges):
        return ["all"]
    if (known == np.round(known)).all():
        return _ranges_of_whole_numbers(np.ceil(edges), known)
    middle = [f"{_write(low)} to below {_write(high)}" for low, high in pairwise(edges)]
    return [f"below {_write(edges[0])}", *middle, f"{_write(edges[-1])} and more"]


def _ranges_of_whole_numbers(firsts, known):
    """Return the same by the numbers that are in each range: nobody bought 2 to below 3 times."""
    middle = [
        _write(low) if low == high - 1 else f"{_write(low)} to {_write(high - 1)}"
        for low, high in pairwise(firsts)
    ]
    least, most = known.min(), known.max()
    bottom = _write(least) if least == firsts[0] - 1 else f"up to {_write(firsts[0] - 1)}"
    top = _write(most) if most == firsts[-1] else f"{_write(firsts[-1])} and more"
    return [bottom, *middle, top]


def _write(number):
    # Six digits tell ranges apart; of larger numbers `g` would leave an exponent.
    return f"{number:,.0f}" if number == round(number) or abs(number) >= 1e5 else f"{number:g}"
