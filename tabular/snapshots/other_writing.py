"""A file that writes its numbers or dates otherwise than the files of its customers so far.

One exports to a workbook in one month and to a CSV in the next: the same dates stand there in another order,
the same numbers with another sign before decimals. Its rows are no mistakes of their own: leaving them out
would leave nothing, or only rows that are misread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import TableError, shown
from tabular.source.parse import Plan, iter_parsed
from tabular.values.amounts import (
    DECIMALS,
    PERCENT_SIGN,
    NumberFormat,
    read_number,
    read_numbers,
    split_number,
)
from tabular.values.cells import BadCell
from tabular.values.masks import blanks_of, mask_of
from tabular.values.missing import missing_of
from tabular.values.moments import ORDERS, SPOKEN, read_moments
from tabular.values.schema import Column, TableSchema

# Of the cells that another way reads otherwise, such a share must be unreadable in the own way. By chance
# three of eight days are below 13 and are dates in both orders; one typing mistake must not turn all round.
NOTEWORTHY = 0.25
SIGNS = {".": "point", ",": "comma"}


@dataclass(frozen=True)
class OtherWriting:
    """A column that the file writes otherwise.

    Parameters
    ----------
    written
        What to replace in the column of the schema; None where several ways read the file differently.
    sentence
        What is said of the column.
    """

    column: str
    written: dict | None
    sentence: str
    line: int

    def refusal(self) -> TableError:
        """Return why a file is refused that may be read in several ways."""
        name = self.column
        return TableError("wrong_mapping", self.sentence, line=self.line, column=name, columns=[name])


def find_other_writings(path: Path, plan: Plan, unread: Mapping[str, Sequence[str]]) -> list[OtherWriting]:
    """Return the columns of which another way reads each cell that is not blank, and the own way does not.

    Parameters
    ----------
    unread
        By column, some cells that could not be read. Where no other way reads those of any column, the file
        is not read again.
    """
    columns = [_Writings(column) for column, _ in plan.found if _other_ways(column)]
    if not any(each.column.name in unread and _may_fit(each.column, unread) for each in columns):
        return []
    texts = TableSchema("texts", tuple(Column(each.column.name, "category") for each in columns))
    for parsed in iter_parsed(path, Plan(plan.spec, texts), np.empty(0, np.int64)):
        for each in columns:
            if len(parsed.lines):
                each.take(parsed.columns[each.column.name], parsed.lines, words=plan.schema.missing_words)
    for kind in ("age", "number"):
        _agree([each for each in columns if each.column.kind == kind])
    return [found for each in columns if (found := each.settle())]


def _may_fit(column: Column, unread: Mapping[str, Sequence[str]]) -> bool:
    texts = pa.array(unread[column.name], pa.string())
    ways = _other_ways(column)
    return any(way.read(texts) is not None for way in ways) or _has_other_signs(texts, column)


def _has_other_signs(texts: pa.Array, column: Column) -> bool:
    """Whether all cells have a percent sign where the column has none, or the other way round."""
    if column.percent is None:
        return False
    signed = mask_of(pc.match_substring(texts, PERCENT_SIGN))
    # A word is no number with the wrong sign, and a mistake of its row.
    number = mask_of(pc.match_substring_regex(texts, "[0-9]"))
    return bool((number & (signed != column.percent)).all())


def _agree(columns: list[_Writings]) -> None:
    """Let columns that do not tell how they are written follow those that do: one file writes one way."""
    told = {ways[0].name for each in columns if len(ways := each.telling()) == 1}
    if len(told) != 1:
        return
    name = told.pop()
    if not any(each.contradicts(name) for each in columns):
        for each in columns:
            each.follow(name)


@dataclass
class _Dates:
    """Dates in one order."""

    name: str
    contested: int = 0
    # Row and text of the first cell that the own way reads otherwise.
    first: tuple[int, str] | None = None
    seen: hashlib.blake2b = field(default_factory=hashlib.blake2b)

    def read(self, texts: pa.Array) -> np.ndarray | None:
        """Return the moments of cells that are not blank, None where one of them is none."""
        moments, _, bad = read_moments(texts, self.name)
        return None if bad.any() else moments

    @property
    def written(self) -> dict:
        return {"date_order": self.name}

    def said(self, column: Column) -> str:
        return f"as {SPOKEN[self.name]}"


@dataclass
class _Numbers:
    """Numbers with one sign before decimals, and whatever the cells show between thousands."""

    name: str
    # As in the schema: a sign of percent is no way of writing, it may change what a number means.
    percent: bool | None = None
    between: str | None = None
    lakhs: bool | None = None
    contested: int = 0
    first: tuple[int, str] | None = None
    seen: hashlib.blake2b = field(default_factory=hashlib.blake2b)

    def read(self, texts: pa.Array) -> np.ndarray | None:
        """Return the numbers of cells that are not blank, None where one of them is none."""
        values, _, bad = read_numbers(texts, self.format)
        places = np.flatnonzero(bad)
        for place, text in zip(places.tolist(), texts.take(pa.array(places)).to_pylist(), strict=True):
            with suppress(BadCell):
                values[place] = self._read_grouped(text)
                continue
            return None
        return values

    def _read_grouped(self, text: str) -> float:
        _, between, lakhs = split_number(text, self.name)
        self.between = between if self.between is None else self.between
        self.lakhs = lakhs if self.lakhs is None else self.lakhs
        return read_number(text, self.format)

    @property
    def format(self) -> NumberFormat:
        return NumberFormat(self.name, self.between, bool(self.lakhs), self.percent)

    @property
    def written(self) -> dict:
        return {"decimal": self.name, "thousands": self.between, "lakhs": bool(self.lakhs)}

    def said(self, column: Column) -> str:
        if self.name == column.decimal:
            return "with another thousands separator"
        return f"with a decimal {SIGNS[self.name]}"


def _other_ways(column: Column) -> list[_Dates | _Numbers]:
    if column.kind == "age":
        return [_Dates(order) for order in ORDERS if order != column.date_order]
    if column.kind == "number" and column.decimal:
        return [_Numbers(decimal, column.percent) for decimal in DECIMALS]
    return []


class _Writings:
    """How the cells of one column may be written: as its schema says, or in which other ways."""

    def __init__(self, column: Column):
        self.column = column
        self.ways = _other_ways(column)
        self.cells = self.unread = 0
        # Row and text of the first cell that the own way does not read.
        self.first: tuple[int, str] | None = None
        self.follows: str | None = None
        self.other_signs = column.percent is not None

    @property
    def own(self) -> str:
        """The name of the way that the schema says."""
        return self.column.date_order if self.column.kind == "age" else self.column.decimal

    def way(self, name: str) -> _Dates | _Numbers | None:
        """Return the way of that name, if it reads all cells."""
        return next((way for way in self.ways if way.name == name), None)

    def take(self, array: pa.DictionaryArray, lines: np.ndarray, *, words: bool) -> None:
        """Read the cells of one block in all ways that read all those before."""
        if not (self.ways or self.other_signs):
            return
        texts, indices = array.dictionary, array.indices.to_numpy(zero_copy_only=False)
        blank = missing_of(texts, measured=True) if words else blanks_of(texts)
        known = np.flatnonzero(~blank)
        rows = np.bincount(indices, minlength=len(texts))[known]
        cells = texts.take(pa.array(known))
        own, bad = self._read_own(cells)
        # Zero is the same with a percent sign and without.
        self.other_signs &= _has_other_signs(cells.filter(pa.array(bad | (own != 0))), self.column)
        self.cells += int(rows.sum())
        self.unread += int(rows[bad].sum())

        def first(which: np.ndarray) -> tuple[int, str]:
            at = int(np.flatnonzero(np.isin(indices, known[which]))[0])
            return int(lines[at]), array[at].as_py()

        if bad.any():
            self.first = self.first or first(bad)
        for way in tuple(self.ways):
            values = way.read(cells)
            if values is None:
                self.ways.remove(way)
                continue
            way.seen.update(values.tobytes())
            if (other := ~bad & (values != own)).any():
                way.contested += int(rows[other].sum())
                way.first = way.first or first(other)

    def _read_own(self, cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        column = self.column
        if column.kind == "age":
            values, _, bad = read_moments(cells, column.date_order)
        else:
            values, _, bad = read_numbers(cells, NumberFormat.of(column))
        return values, bad

    def telling(self) -> list[_Dates | _Numbers]:
        """Return the other ways for which the cells speak; of those that read every cell alike, one."""
        if not self.unread:
            return []
        ways = [w for w in self.ways if self.unread >= NOTEWORTHY * (self.unread + w.contested)]
        return list({way.seen.digest(): way for way in reversed(ways)}.values())[::-1]

    def contradicts(self, name: str) -> bool:
        """Whether all cells are written in the own way, and cannot be in the way of that name."""
        return not self.unread and name != self.own and not self.way(name)

    def follow(self, name: str) -> None:
        """Be written as other columns of the file are, where the own cells do not tell."""
        if self.way(name) and len(self.telling()) != 1:
            self.follows = name

    def settle(self) -> OtherWriting | None:
        """Return what was found; None where the own way stays."""
        if self.other_signs and self.unread:
            return OtherWriting(self.column.name, None, self._ask_about_signs(), self.first[0])
        way = self.way(self.follows) if self.follows else None
        ways = [way] if way else self.telling()
        if not ways or (way and not (self.unread or way.contested)):
            return None
        line, text = self.first or ways[0].first
        if len(ways) == 1:
            return OtherWriting(self.column.name, ways[0].written, self._say(ways[0], line, text), line)
        if self.unread < NOTEWORTHY * self.cells:
            return None
        return OtherWriting(self.column.name, None, self._ask(ways, line, text), line)

    def _say(self, way: _Dates | _Numbers, line: int, text: str) -> str:
        what, before = self._before()
        return (
            f"Column {self.column.name}: {what} are written {way.said(self.column)} here, e.g. {shown(text)} "
            f"in row {line:,}, and {before} in earlier files; they were read as they are written here."
        )

    def _before(self) -> tuple[str, str]:
        if self.column.kind == "age":
            return "dates", f"as {SPOKEN[self.column.date_order]}"
        return "numbers", f"with a decimal {SIGNS[self.column.decimal]}"

    def _ask_about_signs(self) -> str:
        line, text = self.first
        here, before = ("no", "one") if self.column.percent else ("a", "none")
        of = "in this one" if self.column.percent else "there"
        return (
            f"Column {self.column.name}: {shown(text)} in row {line:,} has {here} percent sign, and the "
            f"numbers of these customers had {before} so far. Nobody can tell whether 21% stands {of} as 21 "
            "or as 0.21. Write them as before in the whole file (in a workbook, the number format decides "
            "about the sign) and upload it again."
        )

    def _ask(self, ways: list, line: int, text: str) -> str:
        what, before = self._before()
        if self.column.kind == "age":
            may = " or ".join(SPOKEN[way.name] for way in ways)
        else:
            may = "thousands or decimals"
        return (
            f"Column {self.column.name}: {shown(text)} in row {line:,} may be {may}, and no row of the file "
            f"tells which; the {what} of these customers were written {before} so far. "
            "Write them so in the whole file and upload it again."
        )
