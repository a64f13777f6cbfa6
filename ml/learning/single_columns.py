"""The best single column: what somebody without a model would sort customers by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import area_under_curve

# As many customers of the usual rate are added to each value: of a value that few have little is known.
USUAL_CUSTOMERS = 20


@dataclass(frozen=True)
class SingleColumn:
    """How customers are sorted by one column.

    Attributes
    ----------
    feature : str
    sign : int
        1 where a high number is riskier, else -1.
    rates : dict or None
        Of a column of words, the churn rate of each value among those learned from; None of a number.
    usual : float
        The rate of a value that nobody of them had.
    """

    feature: str
    sign: int = 1
    rates: dict | None = None
    usual: float = 0.0

    def score(self, frame):
        """Return by what customers are sorted, the riskiest highest.

        Parameters
        ----------
        frame : DataFrame of shape (n_customers, n_features)
            Without blanks in its numbers.

        Returns
        -------
        ndarray of float64, shape (n_customers,)
        """
        if self.rates is None:
            return self.sign * frame[self.feature].to_numpy(dtype=np.float64)
        return frame[self.feature].map(self.rates).fillna(self.usual).to_numpy(dtype=np.float64)


def best_single_column(frame, labels, *, schema):
    """Return the column by which customers are sorted best.

    Words are sorted by how many left of those who have them. For the choice, one half of the customers says
    how many that are and the other is sorted, and the other way round: of many words, each had by few, the
    same customers would show an order that is not there.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`, without blanks in its numbers.
    labels : ndarray of int, shape (n_customers,)
    schema : FeatureSchema

    Returns
    -------
    SingleColumn or None
        None where there is no column.

    Examples
    --------
    >>> import pandas as pd
    >>> from ml.matrix.schemas import Category, FeatureSchema, Number
    >>> schema = FeatureSchema("t", "id", (Category("plan", ("A", "B")),), (Number("age", 0, 99),), "left")
    >>> frame = pd.DataFrame({"plan": ["A", "B"] * 50, "age": [30.0, 40, 50, 60] * 25})
    >>> best_single_column(frame, np.tile([0, 1], 50), schema=schema).feature
    'plan'
    """
    ranked = []
    for column in schema.numeric:
        auc = area_under_curve(labels, frame[column.name])
        ranked.append((max(auc, 1 - auc), column.name, SingleColumn(column.name, 1 if auc >= 0.5 else -1)))
    for column in schema.categorical:
        auc = _auc_of_words(frame[[column.name]], labels)
        ranked.append((auc, column.name, _by_words(frame, labels, column.name)))
    return max(ranked, key=lambda one: one[:2])[2] if ranked else None


def _auc_of_words(frame, labels):
    second = np.zeros(len(labels), dtype=bool)
    for outcome in (0, 1):
        places = np.flatnonzero(labels == outcome)
        second[np.random.default_rng(0).permutation(places)[: len(places) // 2]] = True
    found = []
    for there in (second, ~second):
        rule = _by_words(frame[~there], labels[~there], frame.columns[0])
        found.append(area_under_curve(labels[there], rule.score(frame[there])))
    return float(np.mean(found))


def _by_words(frame, labels, name):
    usual = float(np.mean(labels))
    groups = frame.assign(_left=labels).groupby(name, observed=True)["_left"].agg(["sum", "size"])
    rates = (groups["sum"] + USUAL_CUSTOMERS * usual) / (groups["size"] + USUAL_CUSTOMERS)
    return SingleColumn(name, rates=rates.to_dict(), usual=usual)
