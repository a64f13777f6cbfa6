"""Number formats of percentages, by which a sheet shows 0.21 as 21%."""

from __future__ import annotations

import re
from decimal import Decimal

from tabular.source.zero_formats import SECTION, SHORT_OF_COLOUR

# The value a hundred times, or as it is, with a sign behind it.
PERCENT, SIGNED = "percent", "signed"
CONDITION = re.compile(r"\[[<>=]")
LITERAL = re.compile(r'"[^"]*"|\\.')


def percent_format(code: str | None) -> str:
    """Return how a number format shows a percentage; nothing for any other one.

    Examples
    --------
    >>> percent_format("0.0%"), percent_format('0"%"'), percent_format("0.00")
    ('percent', 'signed', '')
    """
    if CONDITION.search(code or ""):
        # What such a format shows depends on the number.
        return ""
    section = SHORT_OF_COLOUR.sub("", SECTION.match(code or "")[1])
    if LITERAL.sub("", section).count("%") == 1:
        return PERCENT
    return SIGNED if "%" in section else ""


def as_percentage(value: float, shows: str) -> str:
    """Return a number as such a format shows it, with all places that it has.

    Examples
    --------
    >>> as_percentage(0.21, PERCENT), as_percentage(0.1 + 0.2, PERCENT), as_percentage(21.5, SIGNED)
    ('21%', '30%', '21.5%')
    """
    # Spreadsheets know fifteen digits; what is behind them is no part of the number.
    number = Decimal(f"{value:.15g}")
    text = f"{number.scaleb(2) if shows == PERCENT else number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"
