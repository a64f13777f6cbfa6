"""Times of day in a column of their own, beside the date they belong to."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import shown
from tabular.values.cells import BadCell
from tabular.values.masks import mask_of
from tabular.values.moments import NARROW_BLANKS, read_each, read_in_bulk

# HALVES: hours up to twelve with AM or PM. FRACTION: parts of a day, as a spreadsheet keeps them.
EXAMPLES = {"CLOCK": "18:30", "HALVES": "6:30 PM", "FRACTION": "0.75"}
TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})"
    r"(?:[:h](?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?)?"
    r"(?:[ ]?(?P<half>[AaPp])\.?[Mm]\.?)?(?:[ ]?(?:Z|UTC|GMT|Uhr|[+-][0-9]{2}:?(?:[0-9]{2})?))?"
)
# For the machine: cells that say morning or evening.
HALF = r"[0-9][ \x{a0}\x{202f}]?[AaPp]\.?[Mm]\.?"
USUAL_HALVES = "^(?:0?[1-9]|1[0-2]):[0-9]{2}(?::[0-9]{2})? ?[AaPp][Mm]$"
FRACTION = re.compile(r"0|0?[.,][0-9]+|[0-9](?:[.,][0-9]+)?[eE]-[0-9]{1,3}")
SECONDS_A_DAY = 86_400
# A day to hang times on: nothing but the time of what is read on it counts.
SOME_DAY = date(1970, 1, 1)


def read_time(text: str, form: str) -> time:
    """Return the time of day in a cell that is not blank; zones are understood and dropped, as in dates.

    Raises
    ------
    BadCell
        ``bad_time``: it holds none, or one that may be morning or evening.

    Examples
    --------
    >>> read_time("6:30 PM", "HALVES"), read_time("18h30", "CLOCK"), read_time("0.770833333", "FRACTION")
    (datetime.time(18, 30), datetime.time(18, 30), datetime.time(18, 30))
    """
    body = text.translate(NARROW_BLANKS).strip(" \t")
    found = TIME.fullmatch(body)
    try:
        if found and (found["minute"] or found["half"]):
            return _time(found, text, form)
        if form == "FRACTION" and FRACTION.fullmatch(body):
            # A double holds a time of day to some microseconds; a spreadsheet shows whole seconds.
            seconds = round(float(body.replace(",", ".")) * SECONDS_A_DAY)
            hours, rest = divmod(seconds, 3600)
            return time(hours, *divmod(rest, 60))
    except BadCell:
        raise
    except ValueError:
        raise BadCell("bad_time", f"{shown(text)} is a time that does not exist") from None
    raise BadCell("bad_time", f"{shown(text)} is not a time of day (here written as {EXAMPLES[form]})")


def _time(found: re.Match, text: str, form: str) -> time:
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    elif form == "HALVES" and 1 <= hour <= 12:
        raise BadCell(
            "bad_time", f"{shown(text)} may be morning or evening; the rest of the column says AM or PM"
        )
    micros = int(((found["fraction"] or "") + "000000")[:6])
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0), micros)


def read_times(array: pa.Array, form: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a column of texts as timedelta64[us] since midnight (NaT for none), and masks of the blank and
    the unreadable.

    Cells of the commonest shape are read in bulk, each other text once by `read_time`: both give the same.
    """
    moments = np.full(len(array), np.datetime64("NaT"), "datetime64[us]")
    rest = np.arange(len(array))
    if len(rest) and form != "FRACTION":
        in_bulk = _read_clocks if form == "CLOCK" else _read_halves
        rest = rest[~in_bulk(array, moments, rest)]
    blank, bad = read_each(array, rest, partial(_on_some_day, form=form), moments)
    return moments - np.datetime64(SOME_DAY), blank, bad


def _read_clocks(cells: pa.Array, moments: np.ndarray, rows: np.ndarray) -> np.ndarray:
    dated = pc.binary_join_element_wise(pa.scalar(SOME_DAY.isoformat()), cells, " ")
    return read_in_bulk(dated, "YMD", moments, rows)


def _read_halves(cells: pa.Array, moments: np.ndarray, rows: np.ndarray) -> np.ndarray:
    usual = mask_of(pc.match_substring_regex(cells, USUAL_HALVES))
    places, texts = rows[usual], cells.filter(pa.array(usual))
    read = _read_clocks(pc.replace_substring_regex(texts, " ?[AaPp][Mm]$", ""), moments, places)
    later = mask_of(pc.match_substring_regex(texts, "[Pp][Mm]$")).astype(np.int64)
    # 12 AM is the first hour of the day, 12 PM the first of its second half.
    later -= mask_of(pc.match_substring_regex(texts, "^12"))
    moments[places[read]] += later[read] * np.timedelta64(12, "h")
    usual[usual] = read
    return usual


def _on_some_day(text: str, form: str) -> datetime:
    return datetime.combine(SOME_DAY, read_time(text, form))


def show_time(since_midnight: timedelta) -> str:
    """Return a time of day as ISO text."""
    return (datetime.combine(SOME_DAY, time()) + since_midnight).time().isoformat()
