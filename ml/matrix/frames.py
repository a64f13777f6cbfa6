"""Training tables: the columns of a schema, cleaned the way the scorer reads them."""

import hashlib

import numpy as np
import pandas as pd

from ml.matrix.schemas import normal


def clean_frame(frame, schema):
    """Return the features of `frame` in the schema's order and spelling.

    Column names match case-insensitively, extra columns are left out. A category becomes the schema's own
    spelling of it. A blank number takes the value of its blank rule, and stays NaN where the schema says what
    else it is read as.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, >= n_features)
    schema : FeatureSchema

    Returns
    -------
    DataFrame of shape (n_customers, n_features)
        Text columns, then float64 columns.

    Raises
    ------
    ValueError
        A column is missing or there twice; a number is blank, not a number, or outside its range.
    """
    found = _columns(frame)
    missing = [name for name in schema.features if normal(name) not in found]
    if missing:
        raise ValueError(f"Missing columns: {', '.join(missing)}.")
    clean = {}
    for column in schema.categorical:
        # One lookup per distinct cell, not per row.
        places, distinct = pd.factorize(frame[found[normal(column.name)]])
        spelling = [*(column.spelling(cell) for cell in distinct), column.spelling(None)]
        # A blank has place -1, which is the last one.
        clean[column.name] = np.array(spelling, dtype=object)[places]
    for column in schema.numeric:
        clean[column.name] = _numbers(frame[found[normal(column.name)]], column)
    for rule in schema.blanks:
        cells = clean[rule.column]
        cells[np.isnan(cells) & (clean[rule.when_column] == rule.when_value)] = rule.value
    for column in schema.numeric:
        cells = clean[column.name]
        wrong = ~((cells >= column.minimum) & (cells <= column.maximum))
        wrong = np.flatnonzero(wrong & ~np.isnan(cells) if column.fill is not None else wrong)
        if wrong.size:
            raise ValueError(
                f"{column.name} must be a number from {column.minimum:g} to {column.maximum:g}: "
                f"{wrong.size:,} rows are not, the first is row {wrong[0] + 1:,}."
            )
    return pd.DataFrame({name: clean[name] for name in schema.features})


def read_labels(frame, schema):
    """Return the label column as 0 and 1.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, >= 1)
    schema : FeatureSchema

    Returns
    -------
    ndarray of int64, shape (n_customers,)
        1 where the customer churned.

    Raises
    ------
    ValueError
        The label column is missing or holds something else than the two label values.
    """
    found = _columns(frame)
    name = schema.label.name
    if normal(name) not in found:
        raise ValueError(f"Missing columns: {name}.")
    cells = frame[found[normal(name)]]
    places, distinct = pd.factorize(cells)
    labels = np.array([*(schema.label.position(cell) for cell in distinct), -1], dtype=np.int64)[places]
    if (labels < 0).any():
        row = int(np.flatnonzero(labels < 0)[0])
        expected, got = " or ".join(schema.label.values), str(cells.iloc[row])
        raise ValueError(f"{name} must be {expected}: row {row + 1:,} has {got!r}.")
    return labels


def fill_blanks(features, schema):
    """Return numbers as they are read: blanks as the schema says.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        From `clean_frame`.
    schema : FeatureSchema

    Returns
    -------
    DataFrame of shape (n_customers, n_features)
        The same one where nothing can be blank.
    """
    fills = {column.name: column.fill for column in schema.numeric if column.fill is not None}
    return features.fillna(fills) if fills else features


def hash_frame(clean, labels):
    """Return the SHA-256 of what a model learns from, independent of the file it came in.

    Parameters
    ----------
    clean : DataFrame of shape (n_customers, n_features)
        From `clean_frame`.
    labels : ndarray of shape (n_customers,)

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name in clean.columns:
        digest.update(f"{name}\n".encode())
        cells = clean[name]
        numeric = cells.dtype.kind == "f"
        digest.update(cells.to_numpy().tobytes() if numeric else "\x1f".join(cells.tolist()).encode())
    digest.update(np.ascontiguousarray(labels, dtype=np.int64).tobytes())
    return digest.hexdigest()


def _columns(frame):
    found = {}
    for name in frame.columns:
        if normal(name) in found:
            raise ValueError(f"Two columns are called {name}.")
        found[normal(name)] = name
    return found


def _numbers(cells, column):
    if not pd.api.types.is_numeric_dtype(cells):
        text = cells.astype("str").str.strip()
        blank = cells.isna() | (text == "")
        numbers = pd.to_numeric(text.mask(blank), errors="coerce")
        wrong = numbers.isna() & ~blank
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"{column.name}: row {row + 1:,} has {text.iloc[row]!r}, which is not a number.")
        cells = numbers
    return cells.to_numpy(dtype=np.float64, na_value=np.nan).copy()
