"""Which features are worth learning from, and why the others are not."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ml.evaluation.leaks import single_column_auc

MOST_EMPTY, MOST_ALIKE, MOST_CORRELATED = 0.80, 0.99, 0.95


@dataclass(frozen=True)
class Dropped:
    """A feature that was left out.

    Attributes
    ----------
    name : str
    reason : {"empty", "constant", "correlated"}
    value : float
        Share of empty cells, share of the most frequent value, or the correlation.
    sentence : str
        For people.
    """

    name: str
    reason: str
    value: float
    sentence: str


@dataclass(frozen=True)
class SelectionReport:
    """What was kept, what was not, and what each kept feature tells by itself.

    Attributes
    ----------
    kept : tuple of str
        In the order of the columns.
    dropped : tuple of Dropped
    importance : tuple of (str, float)
        Kept features by 2 AUC - 1 of the column alone, the most telling first; empty without labels.
        Preliminary: it knows nothing of what features tell together.
    """

    kept: tuple[str, ...]
    dropped: tuple[Dropped, ...]
    importance: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict:
        """Return plain text, numbers and lists, ready for JSON."""
        return {
            "kept": list(self.kept),
            "dropped": [asdict(one) for one in self.dropped],
            "importance": [{"name": name, "value": value} for name, value in self.importance],
        }


def select_features(
    frame, label=None, *, most_empty=MOST_EMPTY, most_alike=MOST_ALIKE, most_correlated=MOST_CORRELATED
):
    """Return which columns to learn from; look at training rows only.

    A column goes when more than `most_empty` of its cells are empty, when more than `most_alike` of the
    others hold the same value, or when it is correlated with a better one by more than `most_correlated`. Of
    two correlated columns the one stays that tells more by itself; without labels, the one that comes first.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, n_features)
        Features only: without customer_id and label.
    label : array-like of int, shape (n_customers,), optional
        1 where the customer churned.
    most_empty, most_alike, most_correlated : float
        From 0 to 1.

    Returns
    -------
    SelectionReport

    Examples
    --------
    >>> frame = pd.DataFrame({"spend": [1.0, 2, 3, 5], "double": [2.0, 4, 6, 10], "same": [7.0, 7, 7, 7]})
    >>> report = select_features(frame)
    >>> report.kept, [one.reason for one in report.dropped]
    (('spend',), ['constant', 'correlated'])
    """
    dropped = []
    for name in frame.columns:
        found = _drop_alone(name, frame[name], most_empty, most_alike)
        if found is not None:
            dropped.append(found)
    gone = {one.name for one in dropped}
    left = [name for name in frame.columns if name not in gone]
    tells = {}
    if label is not None and left:
        tells = {one.column: round(2 * one.auc - 1, 6) for one in single_column_auc(frame[left], label)}
    for found in _drop_correlated(frame, left, tells, most_correlated):
        dropped.append(found)
        left.remove(found.name)
    ranked = sorted(((name, tells[name]) for name in left if name in tells), key=lambda one: -one[1])
    return SelectionReport(tuple(left), tuple(dropped), tuple(ranked))


def _drop_alone(name, cells, most_empty, most_alike):
    empty = float(cells.isna().mean())
    if empty > most_empty:
        return Dropped(name, "empty", empty, f"{name} is empty for {100 * empty:.0f} % of the customers.")
    alike = float(cells.value_counts(normalize=True).iloc[0])
    if alike > most_alike:
        return Dropped(
            name, "constant", alike, f"{name} is the same for {100 * alike:.1f} % of the customers."
        )
    return None


def _drop_correlated(frame, names, tells, limit):
    numeric = [name for name in names if pd.api.types.is_numeric_dtype(frame[name])]
    # sorted() keeps the order of the columns among equals.
    numeric.sort(key=lambda name: -tells.get(name, 0.0))
    correlations = frame[numeric].astype(np.float64).corr().abs().to_numpy()
    kept = []
    for place, name in enumerate(numeric):
        rivals = [other for other in kept if correlations[place, other] > limit]
        if not rivals:
            kept.append(place)
            continue
        closest = max(rivals, key=lambda other: correlations[place, other])
        value = float(correlations[place, closest])
        sentence = f"{name} says the same as {numeric[closest]} (correlation {value:.3f})."
        yield Dropped(name, "correlated", value, sentence)
