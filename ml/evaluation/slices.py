"""How good a version is for parts of the customers: by contract, by age, by tenure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np

from ml.evaluation.outcomes import check_outcomes
from ml.evaluation.resampling import RESAMPLES, MetricIntervals, bootstrap_metrics
from ml.matrix.columns import Coded, read_columns
from ml.matrix.schemas import BLANK, UNKNOWN

# With fewer customers, or fewer of either outcome, the figures of a slice are mostly luck: it is flagged.
FEWEST_CUSTOMERS = 100
FEWEST_PER_CLASS = 30
# By unit, upper ends included. Months: the first year, in which most leave, the second, the two after, and
# beyond.
BANDS = {"months": (12, 24, 48)}


@dataclass(frozen=True)
class Slice:
    """One part of the customers.

    Attributes
    ----------
    feature, label : str
        What the customers have in common: Contract, "One year".
    churn_rate, mean_probability : float
        What happened, and what was promised.
    small : bool
        Fewer than 100 customers, or fewer than 30 of either outcome: not to be relied on.
    metrics : MetricIntervals
        See `ml.evaluation.resampling.bootstrap_metrics`; no AUC where only one outcome occurs.
    """

    feature: str
    label: str
    customers: int
    churned: int
    churn_rate: float
    mean_probability: float
    small: bool
    metrics: MetricIntervals

    def to_dict(self):
        """Return plain numbers, texts and lists, ready for JSON."""
        return asdict(self)


def slices(
    columns,
    labels,
    probabilities,
    threshold=0.5,
    *,
    schema,
    features,
    resamples=RESAMPLES,
    seed=0,
    groups=None,
):
    """Return the figures of a version for each part of the customers.

    Parameters
    ----------
    columns : mapping of str to array, or DataFrame
        The columns that are sliced by; see `ml.matrix.columns.read_columns`.
    labels : array-like of int, shape (n_customers,)
        1 where the customer churned.
    probabilities : array-like of float, shape (n_customers,)
    threshold : float, default 0.5
    schema : FeatureSchema
        Knows the categories. Features that it does not have are left out.
    features : sequence of str
        By which the customers are parted. A number is cut at the `BANDS` of its unit, or at its quartiles
        where it has none.
    resamples : int, default 1000
    seed : int, default 0
    groups : ndarray of int, shape (n_customers,), optional
        As for `ml.evaluation.resampling.resample`.

    Returns
    -------
    list of Slice
        In the order of `features`, categories in the schema's order and unknown ones last; empty slices are
        left out. Slices overlap between features, and twenty intervals at 95 % are expected to miss once.

    Raises
    ------
    ValueError
        A column is missing, or its length is not that of the labels.

    Examples
    --------
    >>> from ml.matrix.telco import TELCO_V1
    >>> churned = np.array([0, 1] * 60)
    >>> table = {"Contract": ["One year", "Two year"] * 60}
    >>> chances, by = churned * 0.5 + 0.2, ["Contract"]
    >>> found = slices(table, churned, chances, schema=TELCO_V1, features=by, resamples=10)
    >>> [(part.label, part.customers, part.churned, part.small) for part in found]
    [('One year', 60, 0, True), ('Two year', 60, 60, True)]
    """
    y, p = check_outcomes(labels, probabilities, both=False)
    wanted = replace(
        schema,
        categorical=tuple(column for column in schema.categorical if column.name in features),
        numeric=tuple(column for column in schema.numeric if column.name in features),
    )
    coded, numbers = read_columns(
        {name: _plain(columns[name]) for name in wanted.features if name in columns}, wanted
    )
    cells = dict(zip(wanted.features, (*coded, *numbers), strict=True))
    known = {column.name: column for column in (*wanted.categorical, *wanted.numeric)}
    found = []
    for name in (name for name in features if name in known):
        group, names = _groups(known[name], cells[name])
        if len(group) != len(y):
            raise ValueError(f"{name} has {len(group)} rows, but there are {len(y)} labels.")
        for number, label in enumerate(names):
            chosen = group == number
            if chosen.any():
                metrics = bootstrap_metrics(
                    y[chosen],
                    p[chosen],
                    threshold,
                    resamples=resamples,
                    seed=seed,
                    groups=None if groups is None else groups[chosen],
                )
                found.append(_slice(name, label, metrics, float(p[chosen].mean())))
    return found


def _slice(feature, label, metrics, mean_probability):
    fewest = min(metrics.churned, metrics.customers - metrics.churned)
    return Slice(
        feature=feature,
        label=label,
        customers=metrics.customers,
        churned=metrics.churned,
        churn_rate=metrics.churned / metrics.customers,
        mean_probability=mean_probability,
        small=metrics.customers < FEWEST_CUSTOMERS or fewest < FEWEST_PER_CLASS,
        metrics=metrics,
    )


def _plain(cells):
    return cells.to_numpy() if hasattr(cells, "to_numpy") and hasattr(cells, "iloc") else cells


def _groups(column, cells):
    """Return the number of the group of each customer, and what the groups are called."""
    if isinstance(cells, Coded):
        return cells.positions[cells.indices], [*column.levels, UNKNOWN]
    edges = BANDS.get(column.unit)
    if edges is None:
        known = cells[~np.isnan(cells)]
        edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75])) if len(known) else ()
    unit = f" {column.unit}" if column.unit else ""
    names, below = [], None
    for edge in edges:
        names.append(f"up to {edge:g}{unit}" if below is None else f"over {below:g} to {edge:g}{unit}")
        below = edge
    names.append("all" if below is None else f"over {below:g}{unit}")
    places = np.searchsorted(edges, cells, side="left")
    return np.where(np.isnan(cells), len(names), places), [*names, BLANK]
