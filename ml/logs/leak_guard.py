"""Nothing that happens after the cutoff may reach a feature, and no feature may know the answer."""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.logs.features.duck import compile_expression, connect, write_literal
from ml.logs.features.logs import SQL_TYPES, open_log, to_cutoff

MUTATIONS = ("deleted", "shifted", "invented")
BLOCKS, WARNS = 0.975, 0.90
EXAMINED = 20


class LeakAfterCutoff(ValueError):
    """A feature changed when only the time at or after the cutoff did.

    Attributes
    ----------
    feature : str
    mutation : str
        What was done to the events at or after the cutoff: "deleted", "shifted" or "invented".
    """

    code = "LEAK_AFTER_CUTOFF"

    def __init__(self, feature, mutation, customer):
        super().__init__(
            f"{feature} knows what happens after the cutoff: with the later events {mutation} it is another "
            f"for customer {customer}. It must not be learned from."
        )
        self.feature, self.mutation, self.customer = feature, mutation, customer


@dataclass(frozen=True)
class GuardReport:
    """What was examined, and held.

    Attributes
    ----------
    features : tuple of str
    customers : int
    mutations : tuple of str
    """

    features: tuple[str, ...]
    customers: int
    mutations: tuple[str, ...] = MUTATIONS

    def to_dict(self) -> dict:
        """Return plain text, numbers and lists, ready for JSON."""
        return asdict(self) | {"features": list(self.features), "mutations": list(self.mutations)}


def check_features(events, *, as_of, feature_set=None, build=None, customers=EXAMINED):
    """Refuse features that look at or beyond the cutoff, by changing what happens there.

    The features of some customers are computed four times: from the log as it is, and with the events at or
    after the cutoff deleted, shifted by a day and more, and joined by invented ones. All four must agree bit
    for bit.

    Parameters
    ----------
    events : Path, list of Path or CsvLog
        Canonical events.
    as_of : datetime or date
    feature_set : str, optional
        A set of the catalogue.
    build : callable, optional
        Instead of a set: called as `build(columns=, has_time=, as_of=)`, it returns an Ibis expression over
        the table `events` (see `ml.logs.features.terms.open_events`) with customer_id first.
    customers : int
        How many customers are examined: those with most events at or after the cutoff, then the others, in a
        fixed order.

    Returns
    -------
    GuardReport

    Raises
    ------
    LeakAfterCutoff
        A feature changed; it is named.
    ValueError
        Neither a set nor an expression was given, or no customer has an event before the cutoff.
    """
    log, cutoff = open_log(events), to_cutoff(as_of)
    sql, features = compile_expression(
        feature_set=feature_set, build=build, columns=log.columns, has_time=log.has_time, as_of=cutoff
    )
    with TemporaryDirectory() as folder, connect(Path(folder)) as duck:
        examined = _gather(duck, log, cutoff, customers)
        if not examined:
            raise ValueError(f"No customer has an event before {cutoff:%Y-%m-%d %H:%M}.")
        truth = _compute(duck, sql, "known")
        for mutation, view in _mutate(duck, log.columns, cutoff).items():
            found = _compute(duck, sql, view)
            if found != truth:
                raise LeakAfterCutoff(*_find(truth, found, features, mutation))
    return GuardReport(features=features, customers=examined)


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
    import numpy as np

    y = np.asarray(label, dtype=np.int64)
    if not 0 < y.sum() < len(y):
        raise ValueError("Both outcomes must occur to tell whether a column knows them.")
    found = [_judge(name, _to_numbers(frame[name], y), y) for name in frame.columns]
    return sorted(found, key=lambda one: (-one.auc, one.column))


def _judge(name, numbers, y):
    import numpy as np
    from scipy.stats import rankdata

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
    import numpy as np
    import pandas as pd

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


def _gather(duck, log, cutoff, customers):
    """Keep the events of the examined customers in the table `known`; return how many there are."""
    at = write_literal(cutoff)
    duck.execute(f"CREATE TEMP VIEW log AS {log.select()}")
    duck.execute(
        "CREATE TEMP TABLE chosen AS SELECT customer_id FROM log GROUP BY customer_id "
        f"HAVING min(event_at) < {at} "
        f"ORDER BY count(*) FILTER (WHERE event_at >= {at}) DESC, hash(customer_id) LIMIT {int(customers)}"
    )
    duck.execute("CREATE TEMP TABLE known AS SELECT log.* FROM log SEMI JOIN chosen USING (customer_id)")
    return duck.execute("SELECT count(*) FROM chosen").fetchone()[0]


def _mutate(duck, columns, cutoff):
    """Return a view for each mutation of the events at or after the cutoff."""
    at = write_literal(cutoff)
    before = f"SELECT {', '.join(columns)} FROM known WHERE event_at < {at}"
    invented = {
        "event_at": f"{at} + to_hours(hours)",
        "amount": "1e6 + hours",
        "event_type": "CASE hours WHEN 30 THEN 'login' WHEN 31 THEN 'return' ELSE 'purchase' END",
        "order_id": "'invented-' || hours",
        "product": "'invented product'",
        "category": "'invented category'",
        "quantity": "1000",
        "discount": "1",
        "label": "1",
    }
    later = ", ".join(
        name if name == "customer_id" else f"CAST({invented[name]} AS {SQL_TYPES[name]}) AS {name}"
        for name in columns
    )
    shifted = ", ".join(
        "event_at + INTERVAL 40 HOUR AS event_at" if name == "event_at" else name for name in columns
    )
    views = {
        "deleted": before,
        "shifted": f"{before} UNION ALL SELECT {shifted} FROM known WHERE event_at >= {at}",
        # One of them exactly at the cutoff, and enough to win any count.
        "invented": f"SELECT {', '.join(columns)} FROM known UNION ALL SELECT {later} FROM chosen, "
        "(SELECT unnest([0, 1, 30, 31, 100, 1000, 2000]) AS hours)",
    }
    for name, sql in views.items():
        duck.execute(f"CREATE TEMP VIEW {name} AS {sql}")
    return {name: name for name in views}


def _compute(duck, sql, view):
    """Return the features of every customer as bits."""
    duck.execute(f"CREATE OR REPLACE TEMP VIEW events AS SELECT * FROM {view}")
    return {row[0]: tuple(_bits(value) for value in row[1:]) for row in duck.execute(sql).fetchall()}


def _bits(value):
    # NaN equals itself here, and 0 does not equal -0.
    return struct.pack("<d", value) if isinstance(value, float) else value


def _find(truth, found, features, mutation):
    for customer in sorted(truth.keys() | found.keys()):
        before, after = truth.get(customer), found.get(customer)
        if before is None or after is None:
            return features[0], mutation, customer
        for name, old, new in zip(features, before, after, strict=True):
            if old != new:
                return name, mutation, customer
    raise AssertionError("Nothing differs.")
