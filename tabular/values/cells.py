"""What a single cell means: the exact rules, one cell at a time.

The fast path of the reader only ever takes what these rules take; whatever it stumbles over comes here for a
sentence.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime

from tabular.errors import shown
from tabular.values.customer_words import yes_or_no
from tabular.values.schema import Column

# A cell of a spreadsheet holds no more, so a longer one cannot come back in a download.
LONGEST_CELL = 32_767
# Beyond this a double no longer counts cents; no amount, duration or count of a customer is larger.
LARGEST_NUMBER = 1e15

# Ours and not float()'s: that one reads "1_0", "inf", "nan" and the digits of forty scripts.
NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:[,' ][0-9]{3})+(?:\.[0-9]+)?")
DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")
MOMENT = re.compile(
    r"([0-9]{4})([-/])([0-9]{2})\2([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
EARLIEST_YEAR, LATEST_YEAR = 1900, 2199


class BadCell(ValueError):
    """A cell that breaks a rule: the kind of mistake and the rest of the sentence after "column X: "."""

    def __init__(self, kind: str, reason: str):
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True)
class RowFault:
    """Why one row cannot be used: its first mistake."""

    line: int
    column: str | None
    kind: str
    value: str
    reason: str


def is_blank(text: str) -> bool:
    """Whether a cell holds nothing but white space."""
    return not text or text.isspace()


def parse_number(text: str, column: Column) -> float:
    """Return the number in a cell that is not blank."""
    stripped = text.strip(" ")
    if not NUMBER.fullmatch(stripped):
        hint = ""
        if THOUSANDS.fullmatch(stripped):
            hint = " (write it without separators between thousands)"
        elif DECIMAL_COMMA.fullmatch(stripped):
            hint = " (write a decimal point instead of the comma)"
        raise BadCell("bad_number", f"{shown(text)} is not a number{hint}")
    value = float(stripped)
    if not math.isfinite(value):
        raise BadCell("bad_number", f"{shown(text)} is too large for a number")
    return check_number(value, text, column)


def check_number(value: float, text: str, column: Column) -> float:
    """Return `value` if the column allows it."""
    if column.integer and value != math.floor(value):
        raise BadCell("bad_number", f"{shown(text)} is not a whole number")
    if column.minimum is not None and value < column.minimum:
        raise BadCell(
            "out_of_range", f"{shown(text)} is less than {column.minimum:g}, the smallest possible value"
        )
    highest = LARGEST_NUMBER if column.maximum is None else column.maximum
    if value > highest or value < -LARGEST_NUMBER:
        raise BadCell("out_of_range", f"{shown(text)} is beyond {highest:g}, the largest possible value")
    return value


def parse_moment(text: str, column: Column) -> datetime:
    """Return the moment in a cell, as the clock on its writer's wall showed it.

    An offset such as ``+09:00`` is understood and dropped: the day of a purchase is the one its seller wrote
    down, whatever the time zone of the server.
    """
    found = MOMENT.fullmatch(text.strip(" \t"))
    if not found:
        what = (
            "the cell is blank where a date is needed" if is_blank(text) else f"{shown(text)} is not a date"
        )
        raise BadCell("bad_date", f"{what} (write it as 2024-12-31)")
    year, _, month, day, hour, minute, second, fraction, _ = found.groups()
    micros = int(((fraction or "") + "000000")[:6])
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micros
        )
    except ValueError:
        raise BadCell("bad_date", f"{shown(text)} is a day or a time that does not exist") from None
    if column.latest and moment.date() > column.latest:
        raise BadCell("future_date", f"{shown(text)} lies in the future (after {column.latest.isoformat()})")
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise BadCell("bad_date", f"{shown(text)} is not between the years {EARLIEST_YEAR} and {LATEST_YEAR}")
    return moment


def parse_label(text: str) -> bool:
    """Return whether a label cell says yes."""
    said = yes_or_no(text)
    if said is not None:
        return said
    what = "the cell is blank" if is_blank(text) else f"{shown(text)} is neither yes nor no"
    raise BadCell("bad_label", f"{what} (write Yes or No)")


def read_label(text: str, column: Column) -> bool:
    """Return whether a label cell says yes, by the spellings of its column where it has some."""
    if not column.spellings:
        return parse_label(text)
    meant = match_category(text, known_spellings(column))
    if meant in column.label_values:
        return meant == column.label_values[1]
    no, yes = column.label_values
    what = "the cell is blank" if is_blank(text) else f"{shown(text)} is not one of its values"
    raise BadCell("bad_label", f"{what} (write {yes} for who left, otherwise {no})")


def known_spellings(column: Column) -> dict[str, str]:
    """Return the known value that each spelling means, trimmed and case-folded."""
    return dict(column.spellings) | {name.strip().casefold(): name for name in column.categories}


def match_category(text: str, known: dict[str, str]) -> str:
    """Return the known category that `text` spells in another way (case, blanks, ``1.0`` for ``1``), or
    `text` itself.
    """
    key = text.strip().casefold()
    if key in known:
        return known[key]
    if key.endswith(".0") and key[:-2].isdigit():
        return known.get(key[:-2], text)
    return text
