"""Columns of a batch, from Arrow arrays, numpy arrays or lists, without a table library in between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.matrix.schemas import is_blank


class Coded(NamedTuple):
    """A column of categories: row i holds the value ``positions[indices[i]]`` of its category.

    ``positions`` has one entry per distinct cell of the batch; unknown categories point one past the last
    level, where every table of weights holds a zero.
    """

    positions: np.ndarray
    indices: np.ndarray

    def look_up(self, table, rows):
        """Return ``table`` at the value of each row of the slice `rows`."""
        return table[self.positions][self.indices[rows]]


def read_columns(columns, schema):
    """Return the features of a batch: coded categories and float64 numbers.

    Parameters
    ----------
    columns : mapping of str to array
        Per feature of the schema: a dictionary-encoded, text or number Arrow array (chunked or not), a numpy
        array, or a list. Other columns are ignored.
    schema : FeatureSchema

    Returns
    -------
    coded : list of Coded
    numbers : list of ndarray of float64, shape (n,)
        NaN where a cell is blank and the schema says how that is read.

    Raises
    ------
    ValueError
        A column is missing, columns differ in length, or a number is infinite, no number, or blank where the
        schema does not say how that is read.
    """
    missing = [name for name in schema.features if name not in columns]
    if missing:
        raise ValueError(f"Missing columns: {', '.join(missing)}.")
    coded = [_code(columns[column.name], column) for column in schema.categorical]
    numbers = [_number(columns[column.name], column) for column in schema.numeric]
    lengths = {len(column.indices) for column in coded} | {len(column) for column in numbers}
    if len(lengths) > 1:
        raise ValueError(f"Columns of one batch must be equally long, got {sorted(lengths)} rows.")
    return coded, numbers


def _code(cells, column):
    distinct, indices = _arrow_dictionary(cells) if _is_arrow(cells) else _python_dictionary(cells)
    positions = np.array([column.position(cell) for cell in distinct], dtype=np.intp)
    positions[positions < 0] = len(column.levels)
    return Coded(positions, indices)


def _is_arrow(cells):
    return isinstance(cells, (pa.Array, pa.ChunkedArray))


def _arrow_dictionary(cells):
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.unify_dictionaries().combine_chunks()
    if not pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_encode()
    distinct, indices = cells.dictionary.to_pylist(), cells.indices
    if indices.null_count:
        distinct.append(None)
        indices = indices.cast(pa.int32()).fill_null(len(distinct) - 1)
    return distinct, indices.to_numpy(zero_copy_only=False)


def _python_dictionary(cells):
    # Not through `pyarrow.array`, which imports pandas wherever that is installed.
    seen = {}
    cells = cells.tolist() if isinstance(cells, np.ndarray) else cells
    indices = np.fromiter((seen.setdefault(cell, len(seen)) for cell in cells), dtype=np.intp)
    return list(seen), indices


def _number(cells, column):
    if column.fill is not None:
        cells = _without_blank_text(cells)
    try:
        if _is_arrow(cells):
            cells = cells.cast(pa.float64()).to_numpy(**_copy_allowed(cells))
        values = np.asarray(cells, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{column.name} must be a column of numbers: {error}.") from error
    # A sum is infinite or NaN whenever one of its terms is; looking at each is needed only then.
    if not np.isfinite(values.sum()):
        wrong = ~np.isfinite(values)
        wrong = np.flatnonzero(wrong & ~np.isnan(values) if column.fill is not None else wrong)
        if wrong.size:
            raise ValueError(f"{column.name}: row {wrong[0] + 1:,} of the batch has no number.")
    return values


def _without_blank_text(cells):
    """Return cells of which none is text of white space; nulls stand there instead."""
    if _is_arrow(cells):
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            return cells
        blank = pc.equal(pc.utf8_trim_whitespace(cells), "")
        return pc.if_else(blank, pa.scalar(None, cells.type), cells)
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "iufb":
        return cells
    return [None if is_blank(cell) else cell for cell in cells]


def _copy_allowed(cells):
    return {} if isinstance(cells, pa.ChunkedArray) else {"zero_copy_only": False}
