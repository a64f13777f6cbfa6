"""Whole columns at once: the rules of `cells` in bulk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.values import cells
from tabular.values.amounts import NumberFormat, read_numbers
from tabular.values.cells import BadCell
from tabular.values.currencies import adorned_cells
from tabular.values.ids import shortened_of
from tabular.values.masks import blanks_of, mask_of
from tabular.values.missing import missing_of, take_words
from tabular.values.moments import read_moments
from tabular.values.schema import Column

# The rule of cells.NUMBER for RE2.
NUMBER = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
MICROSECONDS = pa.timestamp("us")
# Columns in which a word may say that nothing is known.
WORDED = ("number", "age", "category")


@dataclass
class Typed:
    """Typed columns, and which rows look wrong in bulk (None: none)."""

    columns: dict[str, pa.Array]
    ids: pa.Array | None
    suspects: np.ndarray | None
    respelled: dict[str, dict]
    # Blank cells that had a meaning, by column.
    filled: dict[str, int]
    # By column the word of each cell that was read as blank because of it.
    words: dict[str, pa.Array]
    # By column of numbers a cell for each thing about the digits, of a file that is looked at first.
    adorned: dict[str, dict[str, str]]

    def filter(self, kept: pa.Array) -> Typed:
        """Return the rows that `kept` marks."""
        columns = {name: array.filter(kept) for name, array in self.columns.items()}
        ids = None if self.ids is None else self.ids.filter(kept)
        words = {name: array.filter(kept) for name, array in self.words.items()}
        return Typed(columns, ids, None, self.respelled, self.filled, words, self.adorned)

    def count_words(self) -> Counter:
        """Return how many cells say each word that was read as blank."""
        counts: Counter = Counter()
        for array in self.words.values():
            found = pc.value_counts(array.drop_null()).to_pylist()
            counts.update({each["values"]: each["counts"] for each in found})
        return counts


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
    words = plan.schema.missing_words
    said: dict[str, pa.Array] = {}
    adorned: dict[str, dict[str, str]] = {}
    reference = plan.spec.counted_from(plan.schema)
    for column, place in plan.found:
        array = arrays[place]
        if words and column.kind in WORDED:
            found, array = _take_words(array, column)
            if found is not None:
                said[column.name] = found
        if column.kind == "id":
            ids = array
            suspects |= missing_of(array, measured=False) if words else blanks_of(array)
            if plan.surveys:
                # Only of a file that is looked at for the first time: what was accepted stays.
                suspects |= shortened_of(array)
        elif column.kind == "number":
            if plan.surveys and column.decimal is not None and pa.types.is_string(array.type):
                adorned[column.name] = adorned_cells(array, column.decimal)
            columns[column.name], bad = _numbers(array, column)
            suspects |= bad
        elif column.kind == "age":
            columns[column.name], bad = _ages(array, column, reference)
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
    filled, read = {}, dict(columns)
    for column, _ in plan.found:
        if column.kind != "number" or column.blank_allowed:
            continue
        if columns[column.name].null_count:
            number = columns[column.name].null_count
            columns[column.name], bad = _fill_blanks(read, column)
            suspects |= bad
            filled[column.name] = number - int(bad.sum())
    return Typed(columns, ids, suspects if suspects.any() else None, respelled, filled, said, adorned)


def _numbers(array: pa.Array, column: Column) -> tuple[pa.Array, np.ndarray]:
    """Return numbers with nulls for blanks, and a mask of those that are none or out of bounds."""
    unreadable = np.zeros(len(array), bool)
    if pa.types.is_string(array.type) and column.decimal is not None:
        array, unreadable = _written_numbers(array, column)
    elif pa.types.is_string(array.type):
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


def _take_words(array: pa.Array, column: Column) -> tuple[pa.Array | None, pa.Array]:
    """Return the words that say that nothing is known, None where there is none, and the cells without."""
    if pa.types.is_dictionary(array.type):
        words, texts = take_words(array.dictionary, measured=column.kind != "category")
        if words is None:
            return None, array
        # Several words became the same blank: each text stands once in a dictionary.
        return words.take(array.indices), texts.take(array.indices).dictionary_encode()
    return take_words(array, measured=True) if pa.types.is_string(array.type) else (None, array)


def _written_numbers(array: pa.Array, column: Column) -> tuple[pa.Array, np.ndarray]:
    """Return numbers as their column writes them, nulls for blanks, and a mask of those that are none."""
    values, blank, unreadable = read_numbers(array, NumberFormat.of(column))
    return pa.array(values, mask=blank | unreadable), unreadable


def _ages(array: pa.DictionaryArray, column: Column, reference) -> tuple[pa.Array, np.ndarray]:
    """Return days before `reference`, with nulls for blanks, and a mask of the cells that are no dates.

    Whole days: what a day a date means is certain, its hour is not asked of every file.
    """
    texts = array.dictionary
    moments, _, bad = read_moments(texts, column.date_order)
    if not column.blank_allowed:
        bad = bad | blanks_of(texts)
    unknown = np.isnat(moments)
    days = (np.datetime64(reference) - moments.astype("datetime64[D]")).astype(np.float64)
    chosen = array.indices
    ages = pa.array(np.where(unknown, 0.0, days), mask=unknown).take(chosen)
    return ages, bad[chosen.to_numpy(zero_copy_only=False)]


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
    known = cells.known_spellings(column)
    written = array.dictionary.to_pylist()
    read = [cells.match_category(text, known) for text in written] if known else written
    if read == written:
        return array, {}
    counts = np.bincount(array.indices.to_numpy(zero_copy_only=False), minlength=len(written))
    changed = {
        (before, after): int(count)
        for before, after, count in zip(written, read, counts, strict=True)
        if before != after and after and count
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
            lookup.append(int(cells.read_label(text, column)))
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
