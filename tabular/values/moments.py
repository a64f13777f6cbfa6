"""Dates and times as people write them, in one order per column."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import shown
from tabular.values.cells import EARLIEST_YEAR, BadCell, is_blank

# YYMD: the year first, in two digits. SERIAL: days since 30 December 1899, as a spreadsheet counts them.
# UNIX: seconds or milliseconds since 1970, in UTC.
ORDERS = ("YMD", "DMY", "MDY", "YYMD", "SERIAL", "UNIX")
COUNTED = ("SERIAL", "UNIX")
SPOKEN = {
    "YMD": "year, month, day",
    "DMY": "day, month, year",
    "MDY": "month, day, year",
    "YYMD": "two digits of the year, month, day",
    "SERIAL": "days as a spreadsheet counts them",
    "UNIX": "seconds or milliseconds since 1970",
}
EXAMPLES = {
    "YMD": "2024-12-31",
    "DMY": "31/12/2024",
    "MDY": "12/31/2024",
    "YYMD": "24-12-31",
    "SERIAL": "45657",
    "UNIX": "1735603200",
}
# Two digits of a year, as POSIX reads them: 69 is 1969, 68 is 2068.
PIVOT = 69
EPOCH = datetime(1899, 12, 30)
# 1970 and 2100: outside, a number is an amount or an order rather than a day.
FIRST_SERIAL, LATEST_SERIAL = 25569, 73051

# Browsers and spreadsheets write one of these before PM.
NARROW_BLANKS = dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " ")
CLOCK = (
    r"(?:(?:[T ,]|, )[ ]*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:[ ]?(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"[ ]?(?:Z|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?)?)?"
)
# What stands between the parts of a day: 5. 1. 2025 in Prague, and 2025.01.05. in Budapest and Seoul, where a
# point ends it as well.
BETWEEN = r"\. ?|[-/ ]"
AT_END = r"\.?"
YEAR_FIRST = re.compile(
    rf"(?P<a>[0-9]{{4}})(?P<by>{BETWEEN})(?P<b>[0-9]{{1,2}})(?P=by)(?P<c>[0-9]{{1,2}}){AT_END}{CLOCK}"
)
EAST_ASIAN = re.compile(
    rf"(?P<a>[0-9]{{4}})[年년] ?(?P<b>[0-9]{{1,2}})[月월] ?(?P<c>[0-9]{{1,2}})[日일]{CLOCK}"
)
COMPACT = re.compile(rf"(?P<a>(?:19|20|21)[0-9]{{2}})(?P<b>[0-9]{{2}})(?P<c>[0-9]{{2}}){CLOCK}")
YEAR_LATER = re.compile(
    rf"(?P<a>[0-9]{{1,2}})(?P<by>{BETWEEN})(?P<b>[0-9]{{1,2}})(?P=by)(?P<c>[0-9]{{4}}|[0-9]{{2}}){AT_END}"
    rf"{CLOCK}"
)
NAMED = re.compile(
    rf"(?:[^\W\d_]{{2,9}}\.?, )?(?:(?P<d1>[0-9]{{1,2}})\.?[ -]?(?:de )?(?P<m1>[^\W\d_]{{3,10}})\.?|"
    rf"(?P<m2>[^\W\d_]{{3,10}})\.? (?P<d2>[0-9]{{1,2}}))[ ,-]{{1,2}}(?:de )?"
    rf"(?P<y>[0-9]{{4}}|[0-9]{{2}}){CLOCK}"
)
SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
# From 2001 on, and not beyond 2065.
UNIX = re.compile(r"[1-2][0-9]{9}(?:\.[0-9]{1,6})?|[1-2][0-9]{12}")
# English, German, Dutch, French, Spanish: the first letters of each month that tell it from the others.
MONTHS = {
    start: number
    for number, starts in enumerate(
        (
            "jan ene", "feb fév fev", "mar mär maa mrt mrz", "apr abr avr", "may mai mei", "jun juin",
            "jul juil", "aug ago aoû aou", "sep", "oct okt", "nov", "dec dez dic déc",
        ),
        1,
    )
    for start in starts.split()
}  # fmt: skip


class _TooEarly(ValueError):
    """A day before the first year that is read."""


def read_moment(text: str, order: str) -> datetime:
    """Return the moment in a cell that is not blank, as the clock on its writer's wall showed it.

    A cell that says its own order (the year first, the month as a word) is read by that whatever the
    column's. Zones are understood and dropped: the day of a purchase is the one its seller wrote down.

    Raises
    ------
    BadCell
        ``bad_date``.

    Examples
    --------
    >>> read_moment("31.12.24 8:05 PM", "DMY")
    datetime.datetime(2024, 12, 31, 20, 5)
    """
    body = text.translate(NARROW_BLANKS).strip(" \t")
    found = YEAR_FIRST.fullmatch(body) or COMPACT.fullmatch(body) or EAST_ASIAN.fullmatch(body)
    try:
        if found:
            return _moment(int(found["a"]), int(found["b"]), int(found["c"]), found)
        if order in COUNTED:
            return _from_serial(body) if order == "SERIAL" else _from_unix(body)
        if order == "YYMD" and (found := YEAR_LATER.fullmatch(body)) and len(found["c"]) == 2:
            return _moment(_year(found["a"]), int(found["b"]), int(found["c"]), found)
        if order in ("DMY", "MDY") and (found := YEAR_LATER.fullmatch(body)):
            day, month = (found["a"], found["b"]) if order == "DMY" else (found["b"], found["a"])
            return _moment(_year(found["c"]), int(month), int(day), found)
        if found := NAMED.fullmatch(body):
            return _moment(
                _year(found["y"]), _month(found["m1"] or found["m2"]), int(found["d1"] or found["d2"]), found
            )
    except _TooEarly:
        raise BadCell("bad_date", f"{shown(text)} lies before the year {EARLIEST_YEAR}") from None
    except ValueError:
        raise BadCell("bad_date", f"{shown(text)} is a day or a time that does not exist") from None
    raise BadCell("bad_date", f"{shown(text)} is not a date (here written as {EXAMPLES[order]})")


def _moment(year: int, month: int, day: int, found: re.Match) -> datetime:
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    micros = int(((found["fraction"] or "") + "000000")[:6])
    if year < EARLIEST_YEAR:
        raise _TooEarly
    minute, second = int(found["minute"] or 0), int(found["second"] or 0)
    if hour == 24 and not (minute or second or micros or found["half"]):
        # The end of a day, as ISO 8601 and the tills of Japan write it.
        return datetime(year, month, day) + timedelta(days=1)
    return datetime(year, month, day, hour, minute, second, micros)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= PIVOT else 2000)


def _month(word: str) -> int:
    word = word.casefold()
    if word.startswith("jui"):
        return 7 if word.startswith("juil") else 6
    number = MONTHS.get(word[:3])
    if number is None:
        raise ValueError
    return number


def _from_serial(body: str) -> datetime:
    if not SERIAL.fullmatch(body) or not FIRST_SERIAL <= float(body) <= LATEST_SERIAL:
        raise ValueError
    # A double holds a time of day to some microseconds; a spreadsheet shows whole seconds.
    return EPOCH + timedelta(seconds=round(float(body) * 86_400))


def _from_unix(body: str) -> datetime:
    if not UNIX.fullmatch(body):
        raise ValueError
    micros = round(float(body) * (1000 if len(body) == 13 else 1_000_000))
    return datetime(1970, 1, 1) + timedelta(microseconds=micros)


def read_moments(array: pa.Array, order: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a column of texts as datetime64[us] (NaT for none), and masks of the blank and the unreadable.

    Cells of the commonest shapes are read in bulk, each other text once by `read_moment`: both give the same.
    """
    moments = np.full(len(array), np.datetime64("NaT"), "datetime64[us]")
    rest = np.arange(len(array))
    for shape in dict.fromkeys(("YMD", order)):
        if shape in SHAPES and len(rest):
            rest = rest[
                ~read_in_bulk(array if len(rest) == len(array) else array.take(rest), shape, moments, rest)
            ]
    blank, bad = read_each(array, rest, partial(read_moment, order=order), moments)
    return moments, blank, bad


def read_each(
    array: pa.Array, rest: np.ndarray, read: Callable[[str], datetime], moments: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Write the moments of the cells at `rest`, each different text read once; return masks of the blank and
    the unreadable.
    """
    blank, bad = np.zeros(len(array), bool), np.zeros(len(array), bool)
    if not len(rest):
        return blank, bad
    encoded = array.take(pa.array(rest)).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    found = np.full(len(texts), np.datetime64("NaT"), "datetime64[us]")
    empty = np.zeros(len(texts), bool)
    for place, text in enumerate(texts):
        if is_blank(text):
            empty[place] = True
            continue
        with suppress(BadCell):
            found[place] = read(text)
    chosen = encoded.indices.to_numpy(zero_copy_only=False)
    moments[rest], blank[rest] = found[chosen], empty[chosen]
    bad[rest] = np.isnat(found[chosen]) & ~empty[chosen]
    return blank, bad


def _shape(first: str, second: str, third: str) -> str:
    day = "|".join(f"{first}{by}{second}{by}{third}" for by in ("-", "/", "[.]"))
    return f"^(?:{day})(?: [0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?)?$"


TWO, FOUR = "[0-9]{1,2}", "[0-9]{4}"
ISO = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?$"
# The commonest cells, for the machine, and where year, month and day start in them.
SHAPES = {
    "YMD": (f"{_shape(FOUR, TWO, TWO)}|{ISO}", (0, 5, 8)),
    "DMY": (_shape(TWO, TWO, FOUR), (6, 3, 0)),
    "MDY": (_shape(TWO, TWO, FOUR), (6, 0, 3)),
}
LONELY_DIGIT = r"\b([0-9])\b"
DAYS_IN_MONTH = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def read_in_bulk(array: pa.Array, order: str, moments: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Write the moments of cells in the commonest shape to their `rows`; return which cells these are."""
    pattern, (year_at, month_at, day_at) = SHAPES[order]
    usual = pc.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False).astype(bool)
    places = np.flatnonzero(usual)
    if not len(places):
        return usual
    texts = array if usual.all() else array.take(pa.array(places))
    if pc.any(pc.match_substring_regex(texts, LONELY_DIGIT)).as_py():
        texts = pc.replace_substring_regex(texts, LONELY_DIGIT, r"0\1")
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    octets, lengths, at = np.frombuffer(data, np.uint8), np.diff(starts), starts[:-1]

    def number(first: int, digits: int, where: np.ndarray) -> np.ndarray:
        value = np.zeros(len(where), np.int64)
        for place in range(first, first + digits):
            value = value * 10 + (octets[where + place] - 48)
        return value

    year, month, day = number(year_at, 4, at), number(month_at, 2, at), number(day_at, 2, at)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    real = (month >= 1) & (month <= 12) & (year >= EARLIEST_YEAR) & (day >= 1)
    real &= day <= DAYS_IN_MONTH[np.where(real, month, 0)] + (leap & (month == 2))
    seconds = np.zeros(len(at), np.int64)
    timed, exact = np.flatnonzero(lengths >= 16), np.flatnonzero(lengths == 19)
    if len(timed):
        hour, minute = number(11, 2, at[timed]), number(14, 2, at[timed])
        real[timed] &= (hour < 24) & (minute < 60)
        seconds[timed] = hour * 3600 + minute * 60
    if len(exact):
        second = number(17, 2, at[exact])
        real[exact] &= second < 60
        seconds[exact] += second
    found = ((year - 1970) * 12 + month - 1).astype("datetime64[M]").astype("datetime64[D]") + (day - 1)
    found = found.astype("datetime64[us]") + seconds * np.timedelta64(1_000_000, "us")
    # Days that do not exist are left to `read_moment`, which says so.
    usual[places[~real]] = False
    moments[rows[places[real]]] = found[real]
    return usual
