"""Which customers are equal in everything that a model reads: a number for each row, equal where they are."""

from __future__ import annotations

import numpy as np

from ml.matrix.columns import read_columns

# In a table with fewer different rows, equal rows are what its few columns can say, not copies of each other:
# a split by what they say would judge a model on customers of whose kind it has seen nobody.
FEWEST_DIFFERENT = 100


def hash_rows(columns, schema):
    """Return a number for each customer; those who are equal in all features of a model have the same.

    Parameters
    ----------
    columns : mapping of str to array
        As for `ml.matrix.columns.read_columns`.
    schema : FeatureSchema
        What the model reads. Unknown values of a category are one to it, and so they are here.

    Returns
    -------
    ndarray of uint64, shape (n_customers,)
        Two different ones of a million customers share one with a chance of 3 in 100 million.

    Raises
    ------
    ValueError
        As `ml.matrix.columns.read_columns`.

    References
    ----------
    .. [1] Steele, G. L., Lea, D. and Flood, C. H. (2014). Fast splittable pseudorandom number generators.
       OOPSLA 2014, 453-472; figure 16, variant 13 of the finalizer by Stafford, whose constants are used.

    Examples
    --------
    >>> from ml.matrix.schemas import Category, FeatureSchema, Number
    >>> schema = FeatureSchema("s", "id", (), (Number("age", 0, 120),), Category("left", ("no", "yes")))
    >>> hashes = hash_rows({"age": [30.0, 41.0, 30.0]}, schema)
    >>> bool(hashes[0] == hashes[2] != hashes[1])
    True
    """
    coded, numbers = read_columns(columns, schema)
    cells = [column.positions[column.indices].astype(np.uint64) for column in coded]
    # A negative zero is a zero, and one blank is like another.
    cells += [np.where(np.isnan(column), np.nan, column + 0.0).view(np.uint64) for column in numbers]
    found = np.zeros(len(cells[0]), np.uint64)
    for cell in cells:
        found = _mixed(found ^ _mixed(cell + np.uint64(0x9E3779B97F4A7C15)))
    return found


def _mixed(number):
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))
