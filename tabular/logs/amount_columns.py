"""Which columns of a log hold amounts, by their names and by how their cells are written."""

from __future__ import annotations

import re

from tabular.previews.detect import DetectedColumn
from tabular.values.amounts import split_number
from tabular.values.cells import BadCell, is_blank
from tabular.values.words import match_role, says_other_than_amount

# From here on a name says that a column holds amounts.
SURE_AMOUNT = 0.9
# From here on all words of an amount stand in the name, and from there on one, or one like it.
NAMES_AMOUNT = 0.75
LIKE_AMOUNT = 0.5
CURRENCIES = "EUR|USD|GBP|CHF|JPY|INR|SEK|NOK|DKK|PLN|CZK|CAD|AUD"
# A number, perhaps with cents, and a few signs or letters about it.
ABOUT_NUMBER = re.compile(r"[^0-9]{0,12}[0-9](?:[0-9.,' ]*[0-9])?[^0-9]{0,12}")
ABOUT_CENTS = re.compile(r"[^0-9]{0,12}[0-9](?:[0-9.,' ]*[0-9])?[.,][0-9]{2}[^0-9]{0,12}")
# Letters before it, as in "SO-10000", are those of an id, unless they are a currency.
AMOUNT_FIRST = re.compile(rf"(?:(?:{CURRENCIES})|[^0-9A-Za-z]){{0,3}}[0-9](?:[0-9.,' ]*[0-9])?[^0-9]{{0,12}}")
# Of numbers under a name that says little, fewer different ones number something: "Shop 3", "Plan 12".
FEWEST_AMOUNTS = 25
# Who writes the currency into a name means an amount.
MONEY = re.compile(rf"[$€£¥₹]|\b(?:{CURRENCIES})\b", re.IGNORECASE)


def seems_unread(role: str, column: DetectedColumn) -> bool:
    """Whether a column is named like an amount and mostly holds amounts with something about them.

    The less its name says, the more its cells have to: a payment may be by "Visa 4242" or in "30 days".
    """
    named = match_role(column.name, role)[0]
    if column.kind != "text" or named < LIKE_AMOUNT:
        return False
    clearly = named >= NAMES_AMOUNT or MONEY.search(column.name)
    if not clearly and says_other_than_amount(column.name):
        return False
    many = AMOUNT_FIRST if column.distinct >= FEWEST_AMOUNTS else ABOUT_CENTS
    shape = ABOUT_NUMBER.fullmatch if clearly else many.fullmatch
    shape = has_digits if named >= SURE_AMOUNT else shape
    filled = [text for text in column.examples if not is_blank(text)]
    return 2 * sum(bool(shape(text)) for text in filled) > len(filled)


def has_digits(text: str) -> bool:
    return any(map(str.isdigit, text))


def has_cents(column: DetectedColumn) -> bool:
    return column.kind == "number" and any(not float(value).is_integer() for value in _seen(column))


def _seen(column: DetectedColumn) -> list[float]:
    out = []
    for text in column.examples:
        try:
            out.append(split_number(text, column.decimal)[0])
        except BadCell:
            continue
    return out
