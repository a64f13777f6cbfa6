"""Whole columns at once: the rules of `cells` in bulk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.values import cells
from tabular.values.cells import BadCell
from tabular.values.schema import Column

# The rule of cells.NUMBER for RE2.
NUMBER = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
MICROSECONDS = pa.timestamp("us")


@dataclass
class Typed:
    """Typed columns, and which rows look wrong in bulk (None: none)."""

    columns: dict[str, pa.Array]
    ids: pa.Array | None
    suspects: np.ndarray | None
    respelled: dict[str, dict]
    # Blank cells that had a meaning, by column.
    filled: dict[str, int]

    def filter(self, kept: pa.Array) -> Typed:
        """Return the rows that `kept` marks."""
        columns = {name: array.filter(kept) for name, array in self.columns.items()}
        return Typed(
            columns, None if self.ids is None else self.ids.filter(kept), None, self.respelled, self.filled
        )


def type_columns(arrays: dict[int, pa.Array], plan, rows: int) -> Typed:
    """Return typed columns from the text, dictionaries and numbers that stand at each place.

    Parameters
    ----------
    arrays
        By place: plain text for ids, a dictionary of texts for categories, labels and dates, text or numbers
        for numbers.
    plan
        `tabular.source.parse.Plan`: which column stands where, and whether labels matter.
    """
    suspects = np.zeros(rows, bool)
    columns, respelled, ids = {}, {}, None
    for column, place in plan.found:
        array = arrays[place]
        if column.kind == "id":
            ids = array
            suspects |= blanks_of(array)
        elif column.kind == "number":
            columns[column.name], bad = _numbers(array, column)
            suspects |= bad
        elif column.kind == "category":
            columns[column.name], changed = _categories(array, column)
            if changed:
                respelled[column.name] = changed
        else:
            array = _labels(array, column) if column.kind == "label" else _moments(array, column)
            columns[column.name] = array
            if array.null_count and (plan.labels_matter or column.kind == "date"):
                suspects |= mask_of(array.is_null())
    filled = {}
    for column, _ in plan.found:
        if column.kind == "number" and columns[column.name].null_count:
            blanks = columns[column.name].null_count
            columns[column.name], bad = _fill_blanks(columns, column)
            suspects |= bad
            filled[column.name] = blanks - int(bad.sum())
    return Typed(columns, ids, suspects if suspects.any() else None, respelled, filled)


def mask_of(array: pa.Array) -> np.ndarray:
    """Return a column of yes and no as an array."""
    return array.to_numpy(zero_copy_only=False).astype(bool)


def blanks_of(texts: pa.Array) -> np.ndarray:
    """Return which texts hold nothing but white space."""
    return mask_of(pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts)))


def _numbers(array: pa.Array, column: Column) -> tuple[pa.Array, np.ndarray]:
    """Return numbers with nulls for blanks, and a mask of those that are none or out of bounds."""
    unreadable = np.zeros(len(array), bool)
    if pa.types.is_string(array.type):
        text = pc.utf8_trim(array, " ")
        blank = pc.or_(pc.equal(pc.binary_length(text), 0), pc.utf8_is_space(array))
        unreadable = ~mask_of(pc.or_(blank, pc.match_substring_regex(text, NUMBER)))
        text = pc.if_else(pc.or_(blank, pa.array(unreadable)), pa.scalar(None, pa.string()), text)
        array = text.cast(pa.float64())
    values = array.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        bad = ~np.isfinite(values)
        if column.integer:
            bad |= values != np.floor(values)
        lowest = -cells.LARGEST_NUMBER if column.minimum is None else column.minimum
        highest = cells.LARGEST_NUMBER if column.maximum is None else column.maximum
        bad |= (values < lowest) | (values > highest)
    if array.null_count:
        bad &= ~mask_of(array.is_null())
    return array, bad | unreadable


def _fill_blanks(columns: dict[str, pa.Array], column: Column) -> tuple[pa.Array, np.ndarray]:
    """Return numbers without nulls, and a mask of the blanks that mean nothing."""
    array, rule = columns[column.name], column.blank_means
    blank = mask_of(array.is_null())
    filled = np.array(array.to_numpy(zero_copy_only=False))
    filled[blank] = rule.value if rule else 0.0
    if rule is None or rule.when_column not in columns:
        return pa.array(filled), blank
    when = columns[rule.when_column].to_numpy(zero_copy_only=False)
    return pa.array(filled), blank & (when != rule.when_value)


def _categories(array: pa.DictionaryArray, column: Column) -> tuple[pa.Array, dict]:
    """Return categories in their known spelling, and how many rows were spelled otherwise."""
    known = {name.strip().casefold(): name for name in column.categories}
    written = array.dictionary.to_pylist()
    read = [cells.match_category(text, known) for text in written] if known else written
    if read == written:
        return array, {}
    counts = np.bincount(array.indices.to_numpy(zero_copy_only=False), minlength=len(written))
    changed = {
        (before, after): int(count)
        for before, after, count in zip(written, read, counts, strict=True)
        if before != after and count
    }
    values = list(dict.fromkeys(read))
    places = {value: place for place, value in enumerate(values)}
    lookup = np.array([places[value] for value in read], np.int32)
    indices = pa.array(lookup[array.indices.to_numpy(zero_copy_only=False)])
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string())), changed


def _labels(array: pa.DictionaryArray, column: Column) -> pa.Array:
    """Return labels in their one spelling, null where a cell is neither yes nor no."""
    no, yes = column.label_values
    lookup = []
    for text in array.dictionary.to_pylist():
        try:
            lookup.append(int(cells.parse_label(text)))
        except BadCell:
            lookup.append(None)
    indices = pa.array(lookup, pa.int32()).take(array.indices)
    return pa.DictionaryArray.from_arrays(indices, pa.array([no, yes]))


def _moments(array: pa.DictionaryArray, column: Column) -> pa.Array:
    """Return moments on the writer's clock, null where a cell is no date."""
    moments = []
    for text in array.dictionary.to_pylist():
        try:
            moments.append(cells.parse_moment(text, column))
        except BadCell:
            moments.append(None)
    return pa.array(moments, MICROSECONDS).take(array.indices)
