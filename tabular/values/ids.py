"""Cells that should name somebody or something and do not."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import shown
from tabular.values.cells import is_blank
from tabular.values.masks import mask_of

# What a spreadsheet makes of a long number where a text file was opened and saved: 4.50E+11.
# Some programs write no plus; without a sign before decimals 12E4 may be a code.
SHORTENED = r"^\s*-?[0-9](?:[.,][0-9]+[eE]\+?|[eE]\+)[0-9]{1,3}\s*$"


def is_shortened(text: str) -> bool:
    """Whether a spreadsheet has shortened a number, so that others may look the same.

    Examples
    --------
    >>> [is_shortened(text) for text in ("4.50E+11", "4.5e11", "12E4", "450000000000")]
    [True, True, False, False]
    """
    return re.match(SHORTENED, text) is not None


def shortened_of(ids: pa.Array) -> np.ndarray:
    """Return which ids a spreadsheet has shortened."""
    return mask_of(pc.match_substring_regex(ids, SHORTENED))


def why_nobody(text: str) -> str:
    """Say why a cell names nobody."""
    if is_shortened(text):
        return why_shortened(text)
    said = "the cell is blank" if is_blank(text) else f"{shown(text)} says that there is none"
    return f"{said}, so this row belongs to nobody"


def why_shortened(text: str) -> str:
    """Say why a shortened number names nobody and no order."""
    return (
        f"{shown(text)} is what a spreadsheet makes of a long id, and others look the same; format the "
        "column as text in the original and save it again"
    )
