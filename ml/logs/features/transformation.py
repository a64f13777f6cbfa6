"""From a matrix of features to columns that a model can take: filled, scaled, encoded, binned."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ml.logs.leak_guard import single_column_auc

SCALINGS = ("none", "unit", "standard")
ENCODINGS = ("one_hot", "target")
# Days since the first purchase at which an age group ends.
AGE_GROUPS = {"new": 30, "young": 90, "established": 365, "loyal": np.inf}
SPEND_TIERS = ("low", "medium", "high", "top")
SPEND_QUANTILES = (0.5, 0.75, 0.9)
OTHER = "other"
LEAST_SHARE, MOST_VALUES = 0.01, 20


class FeatureTransformer(TransformerMixin, BaseEstimator):
    """Fill, scale and encode the features of a purchase log; everything is learned from the training rows.

    Parameters
    ----------
    scaling : {"none", "unit", "standard"}
        Numbers as they are (for trees), from 0 to 1 (values outside the training range are cut), or with
        mean 0 and standard deviation 1. Empty cells take the median first.
    encoding : {"one_hot", "target"}
        Text as one column per value, or as the smoothed churn rate of the value, which needs labels. Values
        of fewer than 1 % of the rows, and those after the 20 most frequent, count as "other".
    ordinals : dict of str to sequence of str, optional
        Text columns with an order, lowest value first: they become 0, 1, 2, ...; other values are empty and
        filled as numbers are.
    bins : bool
        Whether age groups are added from days_since_first_purchase and spend tiers from total_lifetime_spend.

    Attributes
    ----------
    feature_names_in_ : ndarray of str
    columns_ : tuple of str
        Columns of the result.
    report_ : list of dict
        What is done to each column: column, step and what was learned.

    Examples
    --------
    >>> frame = pd.DataFrame({"spend": [0.0, 5.0, None, 10.0], "drink": ["tea", "tea", "rum", None]})
    >>> FeatureTransformer(scaling="unit").fit_transform(frame).round(2).to_dict("list")
    {'spend': [0.0, 0.5, 0.5, 1.0], 'drink = rum': [0.0, 0.0, 1.0, 0.0], 'drink = tea': [1.0, 1.0, 0.0, 0.0]}
    """

    def __init__(self, scaling="standard", *, encoding="one_hot", ordinals=None, bins=False):
        self.scaling = scaling
        self.encoding = encoding
        self.ordinals = ordinals
        self.bins = bins

    def fit(self, X, y=None):
        """Learn medians, ranges and values.

        Parameters
        ----------
        X : DataFrame of shape (n_customers, n_features)
        y : array-like of int, shape (n_customers,), optional
            1 where the customer churned; needed for target encoding.

        Returns
        -------
        FeatureTransformer

        Raises
        ------
        ValueError
            Unknown scaling or encoding, or target encoding without labels.
        """
        for value, known, what in (
            (self.scaling, SCALINGS, "scaling"),
            (self.encoding, ENCODINGS, "encoding"),
        ):
            if value not in known:
                raise ValueError(f"{what} must be one of {', '.join(known)}, got {value!r}.")
        if self.encoding == "target" and y is None:
            raise ValueError("Target encoding needs the labels of the training rows.")
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.tiers_ = None
        if self.bins and "total_lifetime_spend" in X:
            self.tiers_ = X["total_lifetime_spend"].quantile(list(SPEND_QUANTILES)).tolist()
        table = self._prepare(X)
        self.numbers_, self.texts_ = {}, {}
        for name in table.columns:
            if pd.api.types.is_numeric_dtype(table[name]):
                self.numbers_[name] = _learn_number(table[name], self.scaling)
            else:
                self.texts_[name] = _learn_text(table[name], self.encoding, y)
        self.report_ = [
            {"column": name, "step": self.scaling, **learned} for name, learned in self.numbers_.items()
        ] + [{"column": name, "step": self.encoding, **learned} for name, learned in self.texts_.items()]
        self.columns_ = tuple(self._transform(table.head(0)).columns)
        return self

    def transform(self, X):
        """Return the columns that a model takes.

        Parameters
        ----------
        X : DataFrame of shape (n_customers, n_features)

        Returns
        -------
        DataFrame of float64, shape (n_customers, n_columns)

        Raises
        ------
        ValueError
            A column is missing.
        """
        check_is_fitted(self)
        missing = [name for name in self.feature_names_in_ if name not in X]
        if missing:
            raise ValueError(f"Missing columns: {', '.join(missing)}.")
        return self._transform(self._prepare(X[list(self.feature_names_in_)]))

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of the result.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self)
        return np.asarray(self.columns_, dtype=object)

    def _prepare(self, X):
        table = X.copy()
        for name, values in (self.ordinals or {}).items():
            table[name] = table[name].map({value: float(place) for place, value in enumerate(values)})
        if self.bins and "days_since_first_purchase" in table:
            table["age_group"] = bin_age(table["days_since_first_purchase"])
        if self.tiers_ is not None:
            table["spend_tier"] = bin_spend(table["total_lifetime_spend"], self.tiers_)
        return table

    def _transform(self, table):
        columns = {}
        for name, learned in self.numbers_.items():
            numbers = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
            numbers = np.where(np.isnan(numbers), learned["median"], numbers)
            numbers = (numbers - learned["shift"]) / learned["scale"]
            columns[name] = np.clip(numbers, 0.0, 1.0) if self.scaling == "unit" else numbers
        for name, learned in self.texts_.items():
            cells = table[name].to_numpy(dtype=object)
            if self.encoding == "target":
                columns[name] = np.array(
                    [learned["rates"].get(cell, learned["prior"]) for cell in cells], dtype=float
                )
                continue
            known = set(learned["values"])
            for value in learned["values"]:
                columns[f"{name} = {value}"] = (cells == value).astype(np.float64)
            if learned["other"]:
                unknown = [not pd.isna(cell) and cell not in known for cell in cells]
                columns[f"{name} = {OTHER}"] = np.array(unknown, dtype=np.float64)
        return pd.DataFrame(columns, index=table.index)


def bin_age(days):
    """Return the age group of customers: new (to 30 days), young (to 90), established (to 365), loyal.

    Parameters
    ----------
    days : Series of numbers, shape (n_customers,)
        days_since_first_purchase.

    Returns
    -------
    Series of str

    Examples
    --------
    >>> bin_age(pd.Series([30, 31, 400, None])).tolist()
    ['new', 'young', 'loyal', None]
    """
    return _bin(days, list(AGE_GROUPS.values()), list(AGE_GROUPS))


def bin_spend(spend, tiers):
    """Return the spend tier of customers: low, medium, high or top.

    Parameters
    ----------
    spend : Series of numbers, shape (n_customers,)
        total_lifetime_spend.
    tiers : sequence of float, length 3
        The highest spend of the first three tiers: the median, the 75th and the 90th percentile of the
        training rows.

    Returns
    -------
    Series of str

    Examples
    --------
    >>> bin_spend(pd.Series([10.0, 99.0]), [20, 40, 80]).tolist()
    ['low', 'top']
    """
    return _bin(spend, [*tiers, np.inf], list(SPEND_TIERS))


def derive_features(frame, label, *, gain=0.01):
    """Return ratios, products and squares of the numbers that tell more than what they are made of.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, n_features)
        Training rows.
    label : array-like of int, shape (n_customers,)
    gain : float
        By how much the AUC of the new column alone must exceed that of both its parents. A square is compared
        with the column itself: it helps only where both ends of the column churn.

    Returns
    -------
    dict of str to (str, str, str)
        The name of each column that helps, to (parent, operation, parent) for `compute_derived`.

    Examples
    --------
    >>> frame = pd.DataFrame({"gap": [2.0, 2, 9, 9, 4, 4], "mean": [1.0, 2, 5, 9, 2, 4]})
    >>> derive_features(frame, [1, 0, 1, 0, 1, 0])
    {'gap / mean': ('gap', '/', 'mean')}
    """
    numeric = [name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]
    if not numeric:
        return {}
    alone = {one.column: one.auc for one in single_column_auc(frame[numeric], label)}
    recipes = {f"{name} squared": (name, "squared", name) for name in numeric}
    for place, one in enumerate(numeric):
        for other in numeric[place + 1 :]:
            recipes[f"{one} / {other}"] = (one, "/", other)
            recipes[f"{one} x {other}"] = (one, "x", other)
    made = compute_derived(frame, recipes)
    found = {one.column: one.auc for one in single_column_auc(made, label)}
    return {
        name: recipe
        for name, recipe in recipes.items()
        if found[name] >= max(alone[recipe[0]], alone[recipe[2]]) + gain
    }


def compute_derived(frame, recipes):
    """Return derived columns; a ratio to 0 is empty.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, n_features)
    recipes : dict of str to (str, str, str)
        From `derive_features`.

    Returns
    -------
    DataFrame of shape (n_customers, n_recipes)
    """
    numbers = {name: frame[name].astype(np.float64) for recipe in recipes.values() for name in recipe[::2]}
    columns = {}
    for name, (one, operation, other) in recipes.items():
        if operation == "/":
            columns[name] = numbers[one] / numbers[other].where(numbers[other] != 0)
        elif operation == "x":
            columns[name] = numbers[one] * numbers[other]
        else:
            # Around the middle, so that both ends come out high.
            columns[name] = (numbers[one] - numbers[one].median()) ** 2
    return pd.DataFrame(columns, index=frame.index)


def _bin(numbers, ends, names):
    places = np.searchsorted(np.asarray(ends, dtype=float), numbers.to_numpy(dtype=float, na_value=np.nan))
    cells = [None if pd.isna(number) else names[place] for number, place in zip(numbers, places, strict=True)]
    return pd.Series(cells, index=numbers.index, dtype=object)


def _learn_number(cells, scaling):
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = numbers[~np.isnan(numbers)]
    learned = {"median": float(np.median(numbers)) if numbers.size else 0.0, "shift": 0.0, "scale": 1.0}
    if numbers.size and scaling == "unit":
        learned |= {"shift": float(numbers.min()), "scale": float(np.ptp(numbers)) or 1.0}
    elif numbers.size and scaling == "standard":
        filled = np.append(numbers, np.full(len(cells) - numbers.size, learned["median"]))
        learned |= {"shift": float(filled.mean()), "scale": float(filled.std()) or 1.0}
    return learned


def _learn_text(cells, encoding, y):
    counts = cells.value_counts()
    if encoding == "target":
        prior = float(np.mean(y))
        ones = pd.Series(np.asarray(y, dtype=float), index=cells.index).groupby(cells).sum()
        # As if 20 more customers had come at the overall rate: few customers cannot make a rate of 0 or 1.
        rates = (ones + 20 * prior) / (counts.reindex(ones.index) + 20)
        return {"prior": prior, "rates": {str(value): float(rate) for value, rate in rates.items()}}
    frequent = counts[counts >= LEAST_SHARE * len(cells)].head(MOST_VALUES)
    values = sorted(str(value) for value in frequent.index)
    return {"values": values, "other": len(values) < len(counts)}
