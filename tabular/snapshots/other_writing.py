"""A file whose numbers or dates are all written otherwise than those of its customers so far.

Its rows are no mistakes of their own: leaving them out would leave nothing, or only rows that are misread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from tabular.errors import TableError, shown
from tabular.source.parse import Plan, iter_parsed
from tabular.values.amounts import DECIMALS, NumberFormat, read_number, split_number
from tabular.values.cells import BadCell, is_blank
from tabular.values.missing import is_missing
from tabular.values.moments import EXAMPLES, ORDERS, SPOKEN, read_moment
from tabular.values.schema import Column, TableSchema

# From such a share of rows on that cannot be read, it is asked whether all are written in another way. By
# chance three of eight days are below 13, and are dates in both orders.
NOTEWORTHY = 0.25
SIGNS = {".": "point", ",": "comma"}


def find_other_writing(path: Path, plan: Plan, unread: dict[str, int], rows: int) -> TableError | None:
    """Return the refusal of a file of which a column is written otherwise in every row; None for any other.

    Parameters
    ----------
    unread
        By column, how many rows could not be read for it.
    """
    for column, _ in plan.found:
        if unread.get(column.name, 0) >= max(1, NOTEWORTHY * rows) and (ways := _other_ways(column)):
            line, example, fitting = _read_as(path, plan, column, ways)
            if fitting:
                return _refusal(column, line, example, fitting[0])
    return None


def _other_ways(column: Column) -> dict[str, Callable[[str], object]]:
    """Return how else cells could be written, each with its reader."""
    if column.kind == "age":
        return {
            order: lambda text, order=order: read_moment(text, order)
            for order in ("DMY", "MDY", *ORDERS)
            if order != column.date_order
        }
    if column.kind == "number" and column.decimal:
        return {
            sign: lambda text, sign=sign: split_number(text, sign)
            for sign in DECIMALS
            if sign != column.decimal
        }
    return {}


def _read_as(path, plan, column, ways) -> tuple[int, str, list[str]]:
    """Return row and text of the first cell that was not read, and the ways that fit every cell."""
    alone = Plan(plan.spec, TableSchema("texts", (Column(column.name, "category"),)))
    fitting, first = list(ways), None
    for parsed in iter_parsed(path, alone, np.empty(0, np.int64)):
        array = parsed.columns.get(column.name)
        if array is None or not len(array):
            continue
        texts = [text for text in array.dictionary.to_pylist() if not _is_blank(text, plan.schema)]
        fitting = [way for way in fitting if all(_fits(ways[way], text) for text in texts)]
        if not fitting:
            break
        first = first or _first_unread(array, parsed.lines, texts, column)
    return (*(first or (0, "")), fitting if first else [])


def _is_blank(text: str, schema: TableSchema) -> bool:
    return is_missing(text, measured=True) if schema.missing_words else is_blank(text)


def _fits(read: Callable[[str], object], text: str) -> bool:
    with suppress(BadCell):
        read(text)
        return True
    return False


def _first_unread(array: pa.DictionaryArray, lines: np.ndarray, texts: list[str], column: Column):
    bad = {text for text in texts if not _fits(lambda text: _read(text, column), text)}
    places = (place for place, text in enumerate(array.to_pylist()) if text in bad)
    at = next(places, None)
    return None if at is None else (int(lines[at]), array[at].as_py())


def _read(text: str, column: Column) -> object:
    if column.kind == "age":
        return read_moment(text, column.date_order)
    return read_number(text, NumberFormat(column.decimal, column.thousands, column.lakhs))


def _refusal(column: Column, line: int, example: str, way: str) -> TableError:
    if column.kind == "age":
        known = column.date_order
        here = f"dates as {SPOKEN[way]}"
        there = f"dates of these customers are written as {SPOKEN[known]}, as in {EXAMPLES[known]}"
    else:
        here = f"numbers with a decimal {SIGNS[way]}"
        there = f"numbers of these customers have a decimal {SIGNS[column.decimal]}"
    return TableError(
        "wrong_mapping",
        f"Column {column.name}: this file writes {here}, e.g. {shown(example)} in row {line:,}; the {there}. "
        "Write them so in the whole file and upload it again.",
        line=line,
        column=column.name,
        columns=[column.name],
    )
