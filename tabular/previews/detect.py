"""What the columns of an unknown table hold, by evidence from all of its rows."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.source.duplicates import FIXED_SEED, hash_texts
from tabular.values.amounts import (
    APOSTROPHES,
    BLANKS,
    BULK,
    DASHES,
    PERCENT_SIGN,
    NumberFormat,
    read_numbers,
    split_number,
)
from tabular.values.cells import BadCell, is_blank
from tabular.values.clocks import HALF, read_time, read_times, show_time
from tabular.values.currencies import currencies_of, one_of_each
from tabular.values.masks import mask_of
from tabular.values.missing import NOTHING, missing_of, without_words
from tabular.values.moments import BETWEEN, COMPACT, COUNTED, NAMED, YEAR_LATER, read_moment, read_moments
from tabular.values.words import says_date, says_id, says_time

# Different texts of a column that are looked at one by one, to tell what it holds.
LOOKED_AT = 1000
# Of a column with more texts none is a word that stands for something.
MOST_WORDS = 50
# Last parts of dates that are more than these are days, not years.
FEW_YEARS = 12
# What a column has several of.
LISTS = ("examples", "words", "currencies")
# Kinds of columns whose values have a range.
MEASURED = ("date", "time", "number")
# So many plain numbers say how a column writes them.
ENOUGH = 10_000
MOST_DISTINCT = 10_000
EXAMPLES = 8
EXAMPLE_CHARACTERS = 60
# Of a column that is mostly dates or numbers, the rest are mistakes.
MOSTLY = 0.5
# Fewer signs than this share of the others are typing mistakes, not a second way of writing.
STRAY = 0.01
CLEARLY_MORE = 10

SEPARATED = rf"^\s*[0-9]{{1,2}}(?:{BETWEEN})[0-9]{{1,2}}(?:{BETWEEN})(?:[0-9]{{2}}|[0-9]{{4}})(?:[^0-9]|$)"
FIRST_IS_DAY = rf"^\s*(?:1[3-9]|2[0-9]|3[01])(?:{BETWEEN})(?:0?[1-9]|1[0-2])(?:{BETWEEN})"
SECOND_IS_DAY = rf"^\s*(?:0?[1-9]|1[0-2])(?:{BETWEEN})(?:1[3-9]|2[0-9]|3[01])(?:{BETWEEN})"
# What can only be decimals: one, two or more than three digits to the end, or three after a lonely zero.
POINT = (
    r"[0-9]{4}\.[0-9]|\.(?:[0-9]{1,2}|[0-9]{4,})(?:[^0-9.,]*$|[eE])|^[^0-9.,]*0?\.[0-9]"
    rf"|[0-9],[0-9]{{3}}\.[0-9]|,[0-9]{{2,3}},[0-9]{{3}}(?:[^0-9]|$)|[0-9]\.[{DASHES}]"
)
COMMA = (
    r"[0-9]{4},[0-9]|^[^,]*,(?:[0-9]{1,2}|[0-9]{4,})(?:[^0-9.,]*$|[eE])|^[^0-9.,]*0?,[0-9]"
    rf"|[0-9]\.[0-9]{{3}},[0-9]|\.[0-9]{{3}}\.[0-9]{{3}}|[0-9],[{DASHES}]"
)
EITHER = r"^[^0-9.,]*[0-9]{1,3}[.,][0-9]{3}[^0-9.,]*$"
SIGNS = ".," + APOSTROPHES + BLANKS
GROUPED = "[0-9][{}][0-9]{{3}}(?:[^0-9]|$)"
LAKHS = r"(?:^|[^0-9,])[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:[^0-9,]|$)"
NO_LAKHS = r"(?:^|[^0-9,])(?:[0-9]{3},[0-9]{3}|[0-9]{1,3}(?:,[0-9]{3}){2,})(?:[^0-9,]|$)"
# Their point is no decimal point.
SHORTENED = r"(?i)(^|[^\p{L}])(?:rs|kr|fr|руб|грн|лв|р|ft)\."  # noqa: RUF001
PADDED = re.compile("0[0-9]+")
CANCELLED = r"^\s*[Cc][0-9]+$"
DIGITS = r"^\s*[0-9]+$"
POINT_ZERO = r"^[0-9]+\.0$"


@dataclass(frozen=True)
class DetectedColumn:
    """What one column holds.

    Parameters
    ----------
    name, place
        Unique name, and where the column stands.
    kind
        ``date``, ``time``, ``number``, ``text`` or ``blank``.
    date_order
        ``YMD``, ``DMY``, ``MDY`` or ``SERIAL``; None while `date_order_ambiguous`.
    date_order_ambiguous
        Every day could also be a month, or days and months contradict: somebody has to say.
    timed
        Dates that have a time of their own.
    time_form
        ``CLOCK``, ``HALVES`` or ``FRACTION``, where the cells are times of day.
    decimal, thousands
        Signs of the numbers; with `decimal_ambiguous` the decimal sign could also be the other one.
    lakhs
        More numbers have two digits to a group above the thousands than three.
    percent
        Whether most of its numbers have a percent sign; the others are unreadable. None of other columns.
    currencies
        A cell of each currency that its numbers name, where they are several.
    distinct
        Different values, at most `MOST_DISTINCT`.
    rows, blanks, unreadable
        Counted over the whole file; the unreadable are not blank and not of the kind.
    minimum, maximum
        Numbers, or moments and times as ISO text.
    words
        All its different texts, where they are few, the most frequent first.
    cancels
        Numbers of orders of which some begin with a C: these are cancelled.
    point_zero
        Whole numbers that all end in .0, as programs write ids that they took for decimals.
    """

    name: str
    place: int
    kind: str
    date_order: str | None = None
    date_order_ambiguous: bool = False
    has_time: bool = False
    timed: int = 0
    time_form: str | None = None
    decimal: str | None = None
    decimal_ambiguous: bool = False
    thousands: str | None = None
    lakhs: bool = False
    percent: bool | None = None
    currencies: tuple[str, ...] = ()
    distinct: int = 0
    rows: int = 0
    blanks: int = 0
    unreadable: int = 0
    minimum: float | str | None = None
    maximum: float | str | None = None
    examples: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    cancels: bool = False
    point_zero: bool = False

    @property
    def filled(self) -> int:
        """Cells that are not blank."""
        return self.rows - self.blanks

    @property
    def has_own_times(self) -> bool:
        """Whether most of its dates have times; the times of fewer are judged row by row."""
        return self.timed > MOSTLY * self.filled

    def to_dict(self) -> dict:
        """Return the column ready for JSON."""
        lists = {name: list(getattr(self, name)) for name in LISTS}
        return asdict(self) | lists

    @classmethod
    def from_dict(cls, found: dict) -> DetectedColumn:
        """Build the column again from `to_dict`."""
        return cls(**{**found, **{name: tuple(found.get(name, ())) for name in LISTS}})


class Clues:
    """What was seen so far in one column."""

    def __init__(self, name: str, place: int):
        self.name, self.place = name, place
        self.rows = self.blanks = 0
        self.asks: set[str] | None = None
        self.looked_at: dict[str, int] = {}
        self.hashes = np.empty(0, np.uint64)
        self.separated = self.first_is_day = self.second_is_day = 0
        self.swappable = False
        self.points = self.commas = self.either = 0
        self.thousands: dict[str, int] = {}
        self.lakhs = self.halves = 0
        # By what stands about the digits, one cell: the second currency may come late.
        self.about: dict[str, str] = {}
        self.cancelled = self.digits = self.zeros = 0

    def take(self, column: pa.Array) -> None:
        """Look at the cells of one block."""
        if self.asks == set() and len(self.hashes) >= MOST_DISTINCT:
            # Nothing is left to ask of a column of many texts.
            self.rows += len(column)
            self.blanks += int(missing_of(column, measured=False).sum())
            return
        encoded = column.dictionary_encode()
        counts = np.bincount(
            encoded.indices.to_numpy(zero_copy_only=False), minlength=len(encoded.dictionary)
        )
        texts = encoded.dictionary
        blank = missing_of(texts, measured=False)
        self.rows += len(column)
        self.blanks += int(counts[blank].sum())
        if blank.any():
            texts, counts = texts.filter(pa.array(~blank)), counts[~blank]
        if not len(texts):
            return
        if len(self.looked_at) < LOOKED_AT:
            room = LOOKED_AT - len(self.looked_at)
            for text, count in zip(texts.slice(0, room).to_pylist(), counts.tolist(), strict=False):
                self.looked_at[text] = self.looked_at.get(text, 0) + count
        if len(self.hashes) < MOST_DISTINCT:
            self.hashes = np.union1d(self.hashes, hash_texts(texts, FIXED_SEED))
        if self.asks is None:
            # The first block tells which questions a column raises at all; the others only answer them.
            self.asks = {name for name, test in QUESTIONS.items() if self._share(test) > MOSTLY / 2}
        if "date" in self.asks:
            self._take_dates(texts, counts)
        if "time" in self.asks:
            self.halves += _count(texts, counts, HALF)
        if "number" in self.asks:
            self._take_numbers(texts, counts)
            self.zeros += _count(texts, counts, POINT_ZERO)
        if "order" in self.asks:
            self.cancelled += _count(texts, counts, CANCELLED)
            self.digits += _count(texts, counts, DIGITS)

    def _take_dates(self, texts: pa.Array, counts: np.ndarray) -> None:
        separated = mask_of(pc.match_substring_regex(texts, SEPARATED))
        if not separated.any():
            return
        texts, counts = texts.filter(pa.array(separated)), counts[separated]
        first = mask_of(pc.match_substring_regex(texts, FIRST_IS_DAY))
        second = mask_of(pc.match_substring_regex(texts, SECOND_IS_DAY))
        self.separated += int(counts.sum())
        self.first_is_day += int(counts[first].sum())
        self.second_is_day += int(counts[second].sum())
        if not self.swappable:
            self.swappable = any(map(_swappable, texts.filter(pa.array(~(first | second))).to_pylist()))

    def _take_numbers(self, texts: pa.Array, counts: np.ndarray) -> None:
        # Numbers like 12.50 can only speak for the point, and soon have said so; 1.234 alone says nothing.
        usual = mask_of(pc.match_substring_regex(texts, BULK["."]))
        if self.points < ENOUGH:
            self.points += _count(texts, counts, POINT, usual)
            self.either += _count(texts, counts, EITHER, usual)
            self._count_thousands(texts, counts, usual)
        odd = ~usual
        if odd.any():
            texts, counts = texts.filter(pa.array(odd)), counts[odd]
            if len(self.about) < LOOKED_AT:
                self.about = one_of_each(texts) | self.about
            texts = pc.replace_substring_regex(texts, SHORTENED, r"\1")
            odd = odd[odd]
            self.points += _count(texts, counts, POINT, odd)
            self.commas += _count(texts, counts, COMMA, odd)
            self.either += _count(texts, counts, EITHER, odd)
            self._count_thousands(texts, counts, odd)

    def _count_thousands(self, texts: pa.Array, counts: np.ndarray, where: np.ndarray) -> None:
        where = where & mask_of(pc.match_substring_regex(texts, GROUPED.format(SIGNS)))
        for sign in SIGNS if where.any() else ():
            number = _count(texts, counts, GROUPED.format(sign), where)
            if number:
                self.thousands[sign] = self.thousands.get(sign, 0) + number
            if number and sign == ",":
                self.lakhs += _count(texts, counts, LAKHS, where) - _count(texts, counts, NO_LAKHS, where)

    def settle(self) -> DetectedColumn:
        """Return what the column holds, all but its range."""
        column = DetectedColumn(
            self.name,
            self.place,
            "blank",
            rows=self.rows,
            blanks=self.blanks,
            distinct=min(len(self.hashes), MOST_DISTINCT),
            examples=tuple(text[:EXAMPLE_CHARACTERS] for text in list(self.looked_at)[:EXAMPLES]),
            # All orders of a shop may begin with a C; only beside plain numbers it is a mark.
            cancels=0 < self.cancelled < self.digits
            and (self.cancelled + self.digits) > 0.9 * (self.rows - self.blanks),
            point_zero=0 < self.zeros == self.rows - self.blanks,
        )
        if not self.looked_at:
            return column
        if self._are_dates():
            order, ambiguous = self._date_order()
            return replace(column, kind="date", date_order=order, date_order_ambiguous=ambiguous)
        if form := self._time_form():
            return replace(column, kind="time", time_form=form)
        if self._share(_is_number) > MOSTLY and not self._are_names():
            decimal, ambiguous = self._decimal()
            return replace(
                column,
                kind="number",
                decimal=decimal,
                decimal_ambiguous=ambiguous,
                thousands=self.thousands_beside(decimal),
                lakhs=self.lakhs > 0,
                currencies=self._currencies(),
                percent=self._share(lambda text: PERCENT_SIGN in text) > MOSTLY,
            )
        return replace(column, kind="text", words=self._words())

    def _currencies(self) -> tuple[str, ...]:
        """Return a cell of each currency; of the cells behind those looked at, numbers alone name one."""
        later = filter(_is_number, self.about.values())
        return currencies_of(text[:EXAMPLE_CHARACTERS] for text in (*self.looked_at, *later))

    def _words(self) -> tuple[str, ...]:
        if len(self.hashes) > MOST_WORDS:
            return ()
        order = sorted(self.looked_at, key=self.looked_at.get, reverse=True)
        return tuple(text[:EXAMPLE_CHARACTERS] for text in order)

    def _share(self, test) -> float:
        """Return how many cells pass, of those that do not say that there is nothing."""
        said = {text: n for text, n in self.looked_at.items() if text.strip().casefold() != NOTHING}
        return sum(n for text, n in said.items() if test(text)) / max(1, sum(said.values()))

    def _are_dates(self) -> bool:
        if self._share(_is_date) <= MOSTLY:
            return self._counted() is not None
        if self._share(lambda text: COMPACT.fullmatch(text.strip()) is not None) <= MOSTLY:
            return True
        # Eight digits may be a day or a number; hardly any numbers are all days of the calendar.
        return self._share(_is_date) > 1 - STRAY and (
            says_date(self.name) or (len(self.looked_at) >= 10 and not says_id(self.name))
        )

    def _counted(self) -> str | None:
        """Return how numbers count the time, where they do: only a name tells them from other numbers."""
        if not says_date(self.name):
            return None
        orders = (
            o for o in COUNTED if self._share(lambda text, o=o: _reads(read_moment, text, o)) > 1 - STRAY
        )
        return next(orders, None)

    def _time_form(self) -> str | None:
        """Return how times of day are written, if they are: only a name tells parts of a day from numbers."""
        if self._share(_is_time) > MOSTLY:
            return "HALVES" if self.halves > MOSTLY * (self.rows - self.blanks) else "CLOCK"
        parts = says_time(self.name) and any(text.strip() != "0" for text in self.looked_at)
        if parts and self._share(lambda text: _reads(read_time, text, "FRACTION")) > 1 - STRAY:
            return "FRACTION"
        return None

    def _are_names(self) -> bool:
        """Whether these numbers name something: 00123 is not 123."""
        return says_id(self.name) or self._share(lambda text: PADDED.fullmatch(text) is not None) > STRAY

    def _date_order(self) -> tuple[str | None, bool]:
        if self._share(_is_date) <= MOSTLY:
            return self._counted(), False
        if self.separated <= 0.05 * (self.rows - self.blanks):
            named = self._share(lambda text: NAMED.fullmatch(text.strip()) is not None) > MOSTLY
            month_first = (
                self._share(lambda text: text.strip()[:1].isalpha() and "," not in text[:5]) > MOSTLY
            )
            return ("MDY" if month_first else "DMY") if named else "YMD", False
        if self._starts_with_years():
            return "YYMD", False
        days, others = self.first_is_day, self.second_is_day
        if _contradict(days, others):
            return None, True
        if days != others:
            return ("DMY" if days > others else "MDY"), False
        return (None, True) if self.swappable else ("DMY", False)

    def _starts_with_years(self) -> bool:
        """Whether dates like 24-12-31 begin with the year: a log covers few years, but all days."""
        found = [found for text in self.looked_at if (found := YEAR_LATER.fullmatch(text.strip()))]
        firsts, thirds = ({match[part] for match in found} for part in "ac")
        return all(len(third) == 2 for third in thirds) and len(thirds) > max(FEW_YEARS, 3 * len(firsts))

    def _decimal(self) -> tuple[str, bool]:
        if _contradict(self.points, self.commas):
            return ("." if self.points >= self.commas else ","), True
        if self.points != self.commas:
            return ("." if self.points > self.commas else ","), False
        # Only numbers like 1.234, or none with a sign at all.
        return ("." if "." in self.thousands or not self.either else ","), self.either > 0

    def thousands_beside(self, decimal: str) -> str | None:
        """Return the commonest sign between thousands that is not the decimal sign."""
        rest = {sign: number for sign, number in self.thousands.items() if sign != decimal}
        return max(rest, key=rest.get, default=None)


class Measure:
    """Range and mistakes of one column, read as it will be imported."""

    def __init__(self, column: DetectedColumn):
        self.column = column
        self.unreadable = 0
        self.low = self.high = None
        self.timed = 0

    def take(self, cells: pa.Array) -> None:
        """Read the cells of one block."""
        values, blank, bad = read_cells(cells, self.column)
        self.unreadable += int(bad.sum())
        good = values[~(blank | bad)]
        if not len(good):
            return
        low, high = good.min(), good.max()
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        if self.column.kind == "date":
            self.timed += int((good != good.astype("datetime64[D]")).sum())

    def done(self) -> DetectedColumn:
        """Return the column with what was measured."""
        return replace(
            self.column,
            unreadable=self.unreadable,
            minimum=plain(self.low),
            maximum=plain(self.high),
            has_time=self.timed > 0,
            timed=self.timed,
        )


def read_cells(cells: pa.Array, column: DetectedColumn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values of a column that `MEASURED` names, and masks of the blank and the unreadable."""
    cells = without_words(cells, measured=True)
    if column.kind == "time":
        return read_times(cells, column.time_form)
    if column.kind == "date":
        # While the order is open either may be shown to be wrong; what is bad in both is bad.
        return read_moments(cells, column.date_order or "DMY")
    return read_numbers(cells, NumberFormat.of(column))


def plain(value) -> float | str | None:
    """Return a number, a moment or a time of day ready for JSON."""
    if value is None:
        return None
    if isinstance(value, np.timedelta64):
        return None if np.isnat(value) else show_time(value.astype("timedelta64[us]").item())
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else value.astype("datetime64[us]").item().isoformat(" ")
    return None if np.isnan(value) else float(value)


def _contradict(one: int, other: int) -> bool:
    """Whether rows that tell two ways of writing are more than a typing mistake among many."""
    few, many = sorted((one, other))
    return few > max(1, STRAY * many) or (few == 1 and many < CLEARLY_MORE)


def _swappable(text: str) -> bool:
    found = YEAR_LATER.fullmatch(text.strip())
    return found is not None and int(found["a"]) != int(found["b"])


def _is_date(text: str) -> bool:
    return any(_reads(read_moment, text, order) for order in ("DMY", "MDY"))


def _is_time(text: str) -> bool:
    return _reads(read_time, text, "CLOCK")


def _is_number(text: str) -> bool:
    return any(_reads(split_number, text, sign) for sign in ".,")


def _reads(read, text: str, how: str) -> bool:
    if is_blank(text):
        return False
    try:
        read(text, how)
    except BadCell:
        return False
    return True


def _is_order(text: str) -> bool:
    bare = text.strip()
    return bare.isdigit() or (bare[:1] in ("C", "c") and bare[1:].isdigit())


# What the first block asks of a column; the others only answer.
QUESTIONS = {"date": _is_date, "time": _is_time, "number": _is_number, "order": _is_order}


def _count(texts: pa.Array, counts: np.ndarray, pattern: str, where: np.ndarray | None = None) -> int:
    """Return how many rows have a text that matches."""
    if where is not None and not where.all():
        texts, counts = texts.filter(pa.array(where)), counts[where]
    return int(counts[mask_of(pc.match_substring_regex(texts, pattern))].sum())
