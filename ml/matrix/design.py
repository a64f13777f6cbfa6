"""A schema for a table that nobody described: how each of its columns is read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.matrix.schemas import Category, FeatureSchema, Number, is_blank, normal

# No number of a customer is larger; what is, was read wrongly.
LARGEST = 1e15
MOST_VALUES = 20
# A value that fewer customers have tells nothing by itself: they share a level.
FEWEST_PER_VALUE = 10
# Blanks are a fact of their own where at least so many customers, and so large a share, have one.
FEWEST_BLANKS, BLANK_SHARE = 30, 0.01


def choose_schema(frame, *, name, id_column, label, kinds):
    """Return the schema with which a table is learned from.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, >= n_features)
        The training rows: text columns as text or None, numbers as numbers or NaN.
    name : str
        Of the schema.
    id_column : str
    label : Category
        The outcome; its last value is the one that counts as churned.
    kinds : mapping of str to str
        "number" or "category" for each column to learn from, in their order.

    Returns
    -------
    schema : FeatureSchema
        Any number may be blank: it is read as the median, and says so in a column of its own where many are.
        Of a category the most frequent values have a level each, the others share one, and blanks have one
        where many are.
    notes : dict of str to str
        For each column that could not be learned from: why.

    Raises
    ------
    ValueError
        A column is missing or of another kind, or nothing is left to learn from.

    Examples
    --------
    >>> frame = pd.DataFrame({"plan": ["a", "b"] * 20, "age": [30.0, 40.0] * 20, "same": [1.0] * 40})
    >>> kinds = {"plan": "category", "age": "number", "same": "number"}
    >>> label = Category("left", ("no", "yes"))
    >>> schema, notes = choose_schema(frame, name="s", id_column="id", label=label, kinds=kinds)
    >>> schema.encoded_columns, schema.numeric[0].fill, notes
    (('plan=a', 'plan=b', 'age'), 35.0, {'same': 'All customers have the same value.'})
    """
    categorical, numeric, notes = [], [], {}
    for column, kind in kinds.items():
        if column not in frame.columns:
            raise ValueError(f"There is no column {column}.")
        if kind not in ("number", "category"):
            raise ValueError(f"{column} must be a number or a category, not {kind!r}.")
        chosen = (_number if kind == "number" else _category)(column, frame[column])
        if isinstance(chosen, str):
            notes[column] = chosen
        else:
            (numeric if kind == "number" else categorical).append(chosen)
    if not categorical and not numeric:
        raise ValueError(
            "There is no column in which customers differ: nothing can be learned from this table."
        )
    return FeatureSchema(name, id_column, tuple(categorical), tuple(numeric), label), notes


def _number(name, cells):
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    blanks = len(values) - len(known)
    indicator = _tells(blanks, len(values))
    if not len(known):
        return "No customer has a number here."
    if known.min() == known.max() and not indicator:
        return "All customers have the same value."
    return Number(name, -LARGEST, LARGEST, fill=float(np.median(known)), indicator=indicator)


def _category(name, cells):
    text = [None if is_blank(cell) else str(cell).strip() for cell in cells]
    counts = pd.Series([cell for cell in text if cell is not None], dtype=object).value_counts()
    blank = _tells(text.count(None), len(text))
    # Ties by name, so that the same table always gives the same schema.
    order = sorted(counts.index, key=lambda value: (-counts[value], value))
    spellings, sizes = {}, {}
    for value in order:
        key = normal(value)
        spellings.setdefault(key, value)
        sizes[key] = sizes.get(key, 0) + int(counts[value])
    frequent = [key for key in spellings if sizes[key] >= FEWEST_PER_VALUE]
    listed = sorted(frequent, key=lambda key: (-sizes[key], spellings[key]))[:MOST_VALUES]
    rest = len(spellings) > len(listed)
    if len(listed) + rest + blank < 2:
        return _same_or_rare(len(spellings))
    values = tuple(spellings[key] for key in listed)
    # With more than two values a new one may come any day: it is read as one of the others.
    return Category(name, values, other=rest or len(values) > 2, blank=blank)


def _same_or_rare(values):
    """Say why a column without two levels tells nothing, by the number of its different values."""
    if values > 1:
        return (
            f"Each of its {values} values belongs to few customers. Put them into a few groups, and a model "
            "can learn from them."
        )
    return "All customers have the same value." if values else "No customer has a value here."


def _tells(blanks, rows):
    return blanks >= max(FEWEST_BLANKS, BLANK_SHARE * rows)
