"""Numbers as people write them: decimal sign, thousands sign, currency, minus signs of all kinds."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import shown
from tabular.values.cells import LARGEST_NUMBER, BadCell, is_blank
from tabular.values.masks import mask_of

DECIMALS = (".", ",")
# What may stand between thousands, by decimal sign; the blanks are the ordinary, the fixed and the narrow
# one.
BLANKS = " \u00a0\u202f\u2009"
APOSTROPHES = "'\u2019"
THOUSANDS = {".": ("," + APOSTROPHES + BLANKS), ",": ("." + APOSTROPHES + BLANKS)}
MINUS = "-\u2212\u2013"
DASHES = MINUS + "\u2014"
CURRENCY = (
    r"(?:US|AU?|CA?|R|NZ|HK|S|MX)?\$|[€£¥₹₨₽₩₺₫฿₴₪%]|(?i:EUR(?:OS?)?|USD|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|RON|BRL|"
    r"MXN|CAD|AUD|NZD|TRY|ZAR|RUB|UAH|BGN|KRW|HKD|SGD|THB|ILS|AED|SAR|kr\.?|zł|Fr\.?|Rs\.?|Ft\.?|Kč|lei|TL|"
    r"руб\.?|р\.|грн\.?|лв\.?|円|元|원)"  # noqa: RUF001
)
AROUND = re.compile(rf"^(?:{CURRENCY})|(?:{CURRENCY})$")
PLAIN = {
    ".": re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"),
    ",": re.compile(r"(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"),
}
GROUPED = {
    sign: re.compile(
        rf"[0-9]{{1,3}}(?:([{re.escape(between)}])[0-9]{{3}})(?:\1[0-9]{{3}})*(?:[{sign}][0-9]+)?"
    )
    for sign, between in THOUSANDS.items()
}
# Two digits to a group above the thousands, as in India: 1,00,000 is a lakh, 1,00,00,000 a crore.
LAKHS = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?")
# 100,000 and 1,234,567; what is smaller looks alike in both.
ABOVE_THOUSANDS = re.compile(r"[0-9]{3}[^0-9][0-9]{3}|[0-9]{1,2}([^0-9])[0-9]{3}\1[0-9]{3}")
# 100.- in Switzerland, 100,- in Germany and the Netherlands: no cents, not a minus.
NO_CENTS = {sign: re.compile(rf"(?<=[0-9])[{sign}][{DASHES}]{{1,2}}(?![0-9])") for sign in DECIMALS}
PERCENT_SIGN = "%"
# The commonest cells, for the machine: nothing but digits, one sign and one decimal sign.
SIGN_BEFORE = "[$\u20ac\u00a3\u20b9]"
BULK = {".": r"^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$", ",": r"^-?[0-9]{1,15}(?:,[0-9]{1,15})?$"}


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of one column are written.

    Parameters
    ----------
    decimal
        ``.`` or ``,``.
    thousands
        What stands between thousands; None where that was seen nowhere, and is then a mistake.
    lakhs
        Whether the groups above the thousands have two digits, as in 12,34,567; only with commas between.
    percent
        Whether the numbers have a percent sign, so that the others are mistakes; None where both are read.
    """

    decimal: str = "."
    thousands: str | None = None
    lakhs: bool = False
    percent: bool | None = None

    def __post_init__(self):
        if self.decimal not in DECIMALS:
            raise ValueError(f"decimal must be one of {DECIMALS}, got {self.decimal!r}")

    @property
    def has_lakhs(self) -> bool:
        """Whether digits are grouped as in India, which is done with commas and a decimal point alone."""
        return self.lakhs and (self.decimal, self.thousands) == (".", ",")

    @classmethod
    def of(cls, column) -> NumberFormat:
        """Return how a column writes its numbers, be it one that was detected, planned, or is asked for."""
        return cls(column.decimal or ".", column.thousands, column.lakhs, column.percent)

    def to_dict(self) -> dict:
        """Return the format ready for JSON."""
        return asdict(self)


def split_number(text: str, decimal: str) -> tuple[float, str | None, bool | None]:
    """Return the number in a cell that is not blank, its thousands sign, and whether its groups are lakhs.

    The last is None where the cell does not tell: 1,000 reads the same in both.

    Raises
    ------
    BadCell
        It is none, with this decimal sign.

    Examples
    --------
    >>> split_number("1.234,56 €", ","), split_number("(12.50)", ".")
    ((1234.56, '.', None), (-12.5, None, None))
    >>> split_number("Rs. 12,34,567.50", "."), split_number("1,234,567", ".")
    ((1234567.5, ',', True), (1234567.0, ',', False))
    """
    body = NO_CENTS[decimal].sub("", text.strip(BLANKS))
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip(BLANKS)
    body, minus = _without_minus(body)
    bare = AROUND.sub("", body, count=1).strip(BLANKS)
    if minus == 0:
        bare, minus = _without_minus(bare)
    else:
        bare = AROUND.sub("", bare, count=1).strip(BLANKS)
    if minus + negative > 1:
        raise BadCell("bad_number", f"{shown(text)} is not a number")
    thousands = lakhs = None
    if not PLAIN[decimal].fullmatch(bare):
        thousands, lakhs = _groups(bare, decimal)
        if thousands is None:
            raise BadCell("bad_number", f"{shown(text)} is not a number{_hint(bare, decimal)}")
        bare = bare.replace(thousands, "")
    value = float(bare.replace(decimal, "."))
    if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise BadCell(
            "out_of_range", f"{shown(text)} is beyond {LARGEST_NUMBER:g}, the largest possible value"
        )
    return (-value if minus or negative else value), thousands, lakhs


def _groups(bare: str, decimal: str) -> tuple[str | None, bool | None]:
    """Return what stands between groups of digits, and whether these are lakhs where that can be told."""
    if grouped := GROUPED[decimal].fullmatch(bare):
        return grouped[1], False if ABOVE_THOUSANDS.match(bare) else None
    return (",", True) if decimal == "." and LAKHS.fullmatch(bare) else (None, None)


def _without_minus(body: str) -> tuple[str, int]:
    """Return a number without the minus before or after it, and how many were taken away."""
    if body[:1] in MINUS and body:
        return body[1:].strip(BLANKS), 1
    if body[-1:] in MINUS and body:
        return body[:-1].strip(BLANKS), 1
    return body, 0


def _hint(bare: str, decimal: str) -> str:
    other = "," if decimal == "." else "."
    if PLAIN[other].fullmatch(bare) or GROUPED[other].fullmatch(bare):
        return f" with a decimal {'point' if decimal == '.' else 'comma'}, as in the rest of the column"
    return ""


def read_number(text: str, written: NumberFormat) -> float:
    """Return the number in a cell that is not blank, by the format of its column.

    Raises
    ------
    BadCell
        The cell holds none, or one written in another way than the column.
    """
    value, thousands, lakhs = split_number(text, written.decimal)
    if value and written.percent is not None and written.percent != (PERCENT_SIGN in text):
        here = "no percent sign" if written.percent else "a percent sign"
        there = "and most numbers here have one" if written.percent else "and most numbers here have none"
        raise BadCell("bad_number", f"{shown(text)} has {here}, {there}")
    if thousands is not None and not _same_sign(thousands, written.thousands):
        raise BadCell(
            "bad_number",
            f"{shown(text)} has thousands separators, and no other number here has any",
        )
    if lakhs is not None and lakhs != written.has_lakhs:
        here, there = ("lakhs", "thousands") if lakhs else ("thousands", "lakhs")
        raise BadCell(
            "bad_number",
            f"{shown(text)} has its digits in groups of {here}, the rest of the column of {there}",
        )
    return value


def _same_sign(one: str, other: str | None) -> bool:
    families = (BLANKS, APOSTROPHES)
    return one == other or any(one in family and (other or "-") in family for family in families)


def read_numbers(array: pa.Array, written: NumberFormat) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a column of texts as numbers (NaN for none), and masks of the blank and the unreadable.

    Cells of the commonest shapes are read in bulk, all others by `read_number`: both give the same.
    """
    usual = mask_of(pc.match_substring_regex(array, BULK[written.decimal]))
    if written.percent:
        usual, array = _without_percent(array, written)
    texts = array if usual.all() else pc.if_else(pa.array(usual), array, pa.scalar(None, pa.string()))
    values = np.array(_cast(texts, written).fill_null(np.nan).to_numpy(zero_copy_only=False))
    odd = np.flatnonzero(~usual)
    if len(odd) and not written.percent:
        odd = odd[~_read_adorned(array, written, values, odd)]
    blank, bad = np.zeros(len(array), bool), np.abs(values) > LARGEST_NUMBER
    for place, text in zip(odd.tolist(), array.take(pa.array(odd)).to_pylist(), strict=True):
        if is_blank(text):
            blank[place] = True
            continue
        try:
            values[place] = read_number(text, written)
        except BadCell:
            bad[place] = True
    values[bad] = np.nan
    return values, blank, bad


def _without_percent(array: pa.Array, written: NumberFormat) -> tuple[np.ndarray, pa.Array]:
    """Return which cells are plain numbers before a percent sign, and the column with these without it."""
    usual = pc.match_substring_regex(array, BULK[written.decimal].replace("$", " ?%$"))
    return mask_of(usual), pc.if_else(usual, pc.replace_substring_regex(array, " ?%$", ""), array)


def _cast(texts: pa.Array, written: NumberFormat) -> pa.Array:
    if written.decimal == ",":
        texts = pc.replace_substring(texts, ",", ".")
    return texts.cast(pa.float64())


def _read_adorned(array: pa.Array, written: NumberFormat, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Write the numbers of cells with groups or a currency sign to their `rows`; return which these are."""
    known = written.thousands and written.thousands in THOUSANDS[written.decimal]
    between, whole = f"[{written.thousands}]" if known else None, "[0-9]{1,15}"
    if written.has_lakhs:
        whole += f"|[0-9]{{1,2}}(?:{between}[0-9]{{2}}){{0,5}}{between}[0-9]{{3}}"
    elif between:
        whole += f"|[0-9]{{1,3}}(?:{between}[0-9]{{3}}){{1,4}}"
    texts = array.take(pa.array(rows))
    usual = mask_of(
        pc.match_substring_regex(
            texts, f"^-?(?:{SIGN_BEFORE} ?)?(?:{whole})(?:[{written.decimal}][0-9]{{1,15}})?$"
        )
    )
    if usual.any():
        bare = pc.replace_substring_regex(
            texts.filter(pa.array(usual)), f"{SIGN_BEFORE}| |{between or SIGN_BEFORE}", ""
        )
        values[rows[usual]] = _cast(bare, written).to_numpy(zero_copy_only=False)
    return usual
