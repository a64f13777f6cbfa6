"""From cells to events: the one place where the texts of a purchase log become values.

The preview and the worker both call `type_events`, so neither can read a cell otherwise than the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import shown
from tabular.logs.event_spec import NUMBERS, TEXTS, EventSpec
from tabular.values.amounts import LARGEST_NUMBER, read_number, read_numbers
from tabular.values.cells import BadCell, is_blank, parse_label
from tabular.values.clocks import read_time, read_times
from tabular.values.event_words import PURCHASE, RETURN, event_type_of
from tabular.values.ids import shortened_of, why_nobody, why_shortened
from tabular.values.masks import blanks_of, mask_of
from tabular.values.missing import is_missing, missing_of, take_words
from tabular.values.moments import read_moment, read_moments

CANCELLED = r"^\s*[Cc][0-9]+$"
MICROSECONDS = pa.timestamp("us")
# Products of a price and a count carry noise of the machine far behind the cents.
DECIMALS = 6
HOLE = "where a purchase needs an amount"
# Roles of columns in which even "none" means that nothing is known.
MEASURED = ("event_at", "time", *NUMBERS)
# Why a row is no event, in the order in which it is looked at: kind and role.
FAULTS = (
    ("missing_id", "customer_id"),
    # Rows of one order are one purchase.
    ("shortened_id", "order_id"),
    ("bad_date", "event_at"),
    ("future_date", "event_at"),
    ("bad_time", "time"),
    ("bad_number", "amount"),
    ("bad_number", "unit_price"),
    ("bad_number", "quantity"),
    ("bad_number", "discount"),
    ("bad_label", "label"),
)


@dataclass
class Events:
    """Values of some rows, good and bad.

    Parameters
    ----------
    columns
        By role, as in the file of events: ids and texts, timestamps, numbers, ``event_type``, labels 0 and 1.
    faults
        For each row 0, or 1 + the place in `FAULTS` of its first mistake.
    cancelled
        Rows of cancelled orders.
    blanks
        Blank cells by role, in all rows.
    timeless
        Rows of which only the day is known, though the log has a column for the time of day.
    words
        For each column with some: the words that were read as blank, null elsewhere.
    shortened
        By role of texts the codes that a spreadsheet has shortened, null elsewhere. What they name is not
        known; the purchase is.
    """

    columns: dict[str, pa.Array]
    faults: np.ndarray
    cancelled: np.ndarray
    blanks: dict[str, int]
    timeless: np.ndarray
    words: list[pa.Array]
    shortened: dict[str, pa.Array]


def type_events(texts: list[pa.Array], spec: EventSpec, *, latest: date | None = None) -> Events:
    """Read the cells of some rows.

    Parameters
    ----------
    texts
        A text column for each place of the header.
    latest
        The last day that is not in the future; None where that is not asked.
    """
    cells, words = _cells(texts, spec)
    rows = len(cells["customer_id"])
    faults = np.zeros(rows, np.int8)
    blanks: dict[str, int] = {}

    def fault(kind: str, role: str, where: np.ndarray) -> None:
        faults[where & (faults == 0)] = FAULTS.index((kind, role)) + 1

    columns: dict[str, pa.Array] = {"customer_id": cells["customer_id"]}
    if spec.point_zero:
        columns["customer_id"] = pc.replace_substring_regex(cells["customer_id"], r"^([0-9]+)\.0$", r"\1")
    nobody = missing_of(cells["customer_id"], measured=True)
    blanks["customer_id"] = int(nobody.sum())
    fault("missing_id", "customer_id", nobody | shortened_of(cells["customer_id"]))
    if "order_id" in cells:
        fault("shortened_id", "order_id", shortened_of(cells["order_id"]))

    moments, empty, bad = read_moments(cells["event_at"], spec.date_order)
    blanks["event_at"] = int(empty.sum())
    fault("bad_date", "event_at", empty | bad)
    if latest is not None:
        fault("future_date", "event_at", moments.astype("datetime64[D]") > np.datetime64(latest))
    timeless = np.zeros(rows, bool)
    if "time" in cells:
        moments, no_time, bad = _join_times(moments, cells["time"], spec.time_form)
        blanks["time"] = int(no_time.sum())
        fault("bad_time", "time", bad)
        timeless = no_time & (moments == moments.astype("datetime64[D]"))
    columns["event_at"] = pa.array(moments, MICROSECONDS)

    values: dict[str, np.ndarray] = {}
    missing: dict[str, np.ndarray] = {}
    for role in NUMBERS:
        if role in cells:
            values[role], missing[role], bad = read_numbers(cells[role], spec.numbers[role])
            blanks[role] = int(missing[role].sum())
            fault("bad_number", role, bad)
    if spec.multiplies:
        values["amount"] = np.round(values["unit_price"] * values["quantity"], DECIMALS)
        missing["amount"] = missing["unit_price"] | missing["quantity"]
        blanks["amount"] = int(missing["amount"].sum())
        fault("bad_number", "amount", np.abs(values["amount"]) > LARGEST_NUMBER)

    kinds, types = _event_types(cells.get("event_type"), rows, spec.meanings)
    if "event_type" in cells:
        blanks["event_type"] = int(blanks_of(cells["event_type"]).sum())
    bought = np.isin(kinds, [types[PURCHASE], types[RETURN]])
    cancelled = np.zeros(rows, bool)
    if spec.cancels:
        cancelled = mask_of(pc.match_substring_regex(cells["order_id"], CANCELLED))
    back = bought & cancelled
    if spec.has_amounts:
        # Who only logs in pays nothing; a purchase without its amount is a hole.
        fault("bad_number", "unit_price" if spec.multiplies else "amount", bought & missing["amount"])
        with np.errstate(invalid="ignore"):
            back |= bought & (values["amount"] < 0)
        columns["amount"] = _numbers(values["amount"])
    kinds[back] = types[RETURN]
    columns["event_type"] = pa.array(list(types), pa.string()).take(pa.array(kinds))

    shortened: dict[str, pa.Array] = {}
    for role in TEXTS:
        if role in cells:
            unknown = shortened_of(cells[role])
            shortened[role] = pc.if_else(pa.array(unknown), cells[role], pa.scalar(None, pa.string()))
            blank = blanks_of(cells[role]) | unknown
            blanks[role] = int(blank.sum())
            columns[role] = pc.if_else(pa.array(blank), pa.scalar(None, pa.string()), cells[role])
    for role in ("quantity", "discount"):
        if role in cells:
            columns[role] = _numbers(values[role])
    if "label" in cells:
        columns["label"], bad, blank = _labels(cells["label"])
        blanks["label"] = int(blank.sum())
        fault("bad_label", "label", bad)
    return Events(columns, faults, cancelled, blanks, timeless, words, shortened)


def _cells(texts: list[pa.Array], spec: EventSpec) -> tuple[dict[str, pa.Array], list[pa.Array]]:
    """Return the cells of each role, blank where a word says that nothing is known, and these words.

    Who is meant is judged elsewhere: a row of nobody is a mistake, and says so with its own word.
    """
    cells, words = {}, []
    for role, place in spec.places.items():
        if role == "customer_id":
            cells[role] = texts[place]
            continue
        said, cells[role] = take_words(texts[place], measured=role in MEASURED)
        if said is not None:
            words.append(said)
    return cells, words


def _join_times(days: np.ndarray, cells: pa.Array, form: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return days with the times of another column, and masks of blank cells and of those that cannot be.

    A blank cell leaves the day alone: the purchase is as certain as its day. A date that has a time of its
    own must not have another one.
    """
    times, blank, bad = read_times(cells, form)
    whole = days.astype("datetime64[D]")
    joined = whole + times
    bad = bad | ((days != whole) & (joined != days) & ~np.isnat(days) & ~np.isnat(times))
    joined[blank] = days[blank]
    joined[bad] = np.datetime64("NaT")
    return joined, blank, bad


def _event_types(
    cells: pa.Array | None, rows: int, meanings: Mapping[str, str]
) -> tuple[np.ndarray, dict[str, int]]:
    """Return for each row the place of its type, and the places of all types."""
    words = {PURCHASE: 0, RETURN: 1}
    if cells is None:
        return np.zeros(rows, np.int32), words
    encoded = cells.dictionary_encode()
    lookup = np.zeros(max(len(encoded.dictionary), 1), np.int32)
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        lookup[place] = words.setdefault(event_type_of(text, meanings), len(words))
    return lookup[encoded.indices.to_numpy(zero_copy_only=False)], words


def _labels(cells: pa.Array) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    encoded = cells.dictionary_encode()
    says, bad, blank = [], [], []
    for text in encoded.dictionary.to_pylist():
        blank.append(is_blank(text))
        try:
            says.append(None if blank[-1] else int(parse_label(text)))
            bad.append(False)
        except BadCell:
            says.append(None)
            bad.append(True)
    chosen = encoded.indices.to_numpy(zero_copy_only=False)
    if not says:
        nothing = np.zeros(0, bool)
        return pa.array([], pa.int8()), nothing, nothing
    return pa.array(says, pa.int8()).take(encoded.indices), np.array(bad)[chosen], np.array(blank)[chosen]


def _numbers(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)


def _no_value(text: str) -> str:
    return "the cell is blank" if is_blank(text) else f"{shown(text)} says that nothing is known"


def explain_fault(
    kind: str, role: str, row: tuple[str, ...], spec: EventSpec, latest: date
) -> tuple[str, str, str]:
    """Return column, cell and sentence of a mistake that `type_events` found in a row."""
    name = spec.label(role)
    text = row[spec.places[role]] if role in spec.places else ""
    if kind == "missing_id":
        return name, text, why_nobody(text)
    if kind == "shortened_id":
        return name, text, why_shortened(text)
    if kind == "future_date":
        return name, text, f"{shown(text)} lies in the future (after {latest.isoformat()})"
    if kind == "bad_date" and is_missing(text, measured=True):
        return name, text, f"{_no_value(text)} where a date is needed"
    if role == "amount" and spec.multiplies:
        return name, text, "unit price times quantity is beyond all measure"
    if kind == "bad_number" and is_missing(text, measured=True):
        return name, text, f"{_no_value(text)} {HOLE}"
    if role == "unit_price" and is_missing(many := row[spec.places["quantity"]], measured=True):
        return spec.columns["quantity"], many, f"{_no_value(many)} {HOLE}"
    try:
        if kind == "bad_date":
            read_moment(text, spec.date_order)
        elif kind == "bad_time":
            read_time(text, spec.time_form)
            day = row[spec.places["event_at"]]
            return name, text, f"{shown(text)} contradicts the time in {shown(day)}"
        elif kind == "bad_number":
            read_number(text, spec.numbers[role])
        else:
            parse_label(text)
    except BadCell as bad:
        return name, text, bad.reason
    raise AssertionError(f"{role} of {row!r} was refused as {kind}, but can be read")
