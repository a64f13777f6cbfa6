"""Cells that a spreadsheet would run as a formula, and how they are made harmless."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# A spreadsheet runs a cell that starts so, also in the full-width forms that some programs fold. A cell that
# already has apostrophes before such a start counts too: it gets one more, so that taking one away gives
# every cell back.
STARTS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
DANGEROUS = re.compile(f"'*[{STARTS}]")
DANGEROUS_RE2 = f"^'*[{STARTS}]"
# With a point or a comma before decimals, and between thousands: no formula is made of digits and these.
PLAIN_NUMBER = re.compile(r"-[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?")
PLAIN_NUMBER_RE2 = r"^-[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?$"

# First bytes that a dangerous cell can have; 0xEF begins the full-width forms.
_FIRST = np.zeros(256, bool)
_FIRST[list(b"=+-@\t\r\n'\xef")] = True


def harmless(cell):
    """Return a cell that no spreadsheet runs: a dangerous text with an apostrophe before it, anything else as
    it is.

    Numbers stay numbers. An id keeps all its bytes after the apostrophe, and `original` takes the apostrophe
    away again.

    Examples
    --------
    >>> harmless("=1+1"), harmless("'=1"), harmless(-1.5), harmless("7590-VHVEG")
    ("'=1+1", "''=1", -1.5, '7590-VHVEG')
    """
    if isinstance(cell, str) and DANGEROUS.match(cell):
        return "'" + cell
    return cell


def original(cell: str) -> str:
    """Return what `harmless` was given.

    Examples
    --------
    >>> original("'=1+1"), original("''=1"), original("'tis")
    ('=1+1', "'=1", "'tis")
    """
    if cell.startswith("'") and DANGEROUS.match(cell):
        return cell[1:]
    return cell


def harmless_array(array: pa.Array, *, numbers_too: bool) -> pa.Array:
    """Return a text column with every dangerous cell made harmless.

    With `numbers_too` a text like ``-1`` is not spared: in a column of ids it is a name, not a number.
    """
    if not may_be_dangerous(array):
        return array
    mask = pc.match_substring_regex(array, DANGEROUS_RE2)
    if not numbers_too:
        mask = pc.and_(mask, pc.invert(pc.match_substring_regex(array, PLAIN_NUMBER_RE2)))
    return pc.if_else(mask, pc.binary_join_element_wise(pa.scalar("'"), array, ""), array)


def dangerous_places(arrays: dict[str, pa.Array], id_place: int | None) -> set[int]:
    """Return the places of the columns ("c0", "c1", ...) that hold a dangerous cell. Typed numbers hold
    none.
    """
    out = set()
    for name, array in arrays.items():
        if pa.types.is_dictionary(array.type):
            array = array.dictionary
        if pa.types.is_string(array.type) and _holds_danger(array, numbers_too=int(name[1:]) == id_place):
            out.add(int(name[1:]))
    return out


def may_be_dangerous(array: pa.Array) -> bool:
    """Whether a cell of a text column starts with a byte that a dangerous one can start with."""
    return bool(len(_suspects(array)))


def _suspects(array: pa.Array) -> np.ndarray:
    _, offsets, data = array.buffers()
    if not len(array) or data is None or not data.size:
        return np.empty(0, np.int64)
    starts = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    filled = np.flatnonzero(starts[1:] > starts[:-1])
    return filled[_FIRST[np.frombuffer(data, np.uint8)[starts[filled]]]]


def _holds_danger(array: pa.Array, *, numbers_too: bool) -> bool:
    places = _suspects(array)
    if not len(places):
        return False
    for text in array.take(pa.array(places)).to_pylist():
        if text and DANGEROUS.match(text) and (numbers_too or not PLAIN_NUMBER.fullmatch(text)):
            return True
    return False
