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

from tabular.errors import TableError, shown
from tabular.source.parse import Plan, iter_parsed
from tabular.values.amounts import DECIMALS, NumberFormat, read_number, read_numbers, split_number
from tabular.values.cells import BadCell
from tabular.values.masks import blanks_of
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
    return [found for each in columns if (found := each.settle())]


def _may_fit(column: Column, unread: Mapping[str, Sequence[str]]) -> bool:
    texts = pa.array(unread[column.name], pa.string())
    return any(way.read(texts) is not None for way in _other_ways(column))


@dataclass
class _Dates:
    """Dates in one order."""

    order: str
    contested: int = 0
    seen: hashlib.blake2b = field(default_factory=hashlib.blake2b)

    def read(self, texts: pa.Array) -> np.ndarray | None:
        """Return the moments of cells that are not blank, None where one of them is none."""
        moments, _, bad = read_moments(texts, self.order)
        return None if bad.any() else moments

    @property
    def written(self) -> dict:
        return {"date_order": self.order}

    def said(self, column: Column) -> str:
        return f"as {SPOKEN[self.order]}"


@dataclass
class _Numbers:
    """Numbers with one sign before decimals, and whatever the cells show between thousands."""

    decimal: str
    between: str | None = None
    lakhs: bool | None = None
    contested: int = 0
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
        _, between, lakhs = split_number(text, self.decimal)
        self.between = between if self.between is None else self.between
        self.lakhs = lakhs if self.lakhs is None else self.lakhs
        return read_number(text, self.format)

    @property
    def format(self) -> NumberFormat:
        return NumberFormat(self.decimal, self.between, bool(self.lakhs))

    @property
    def written(self) -> dict:
        return {"decimal": self.decimal, "thousands": self.between, "lakhs": bool(self.lakhs)}

    def said(self, column: Column) -> str:
        if self.decimal == column.decimal:
            return "with other signs between thousands"
        return f"with a decimal {SIGNS[self.decimal]}"


def _other_ways(column: Column) -> list[_Dates | _Numbers]:
    if column.kind == "age":
        return [_Dates(order) for order in ORDERS if order != column.date_order]
    if column.kind == "number" and column.decimal:
        return [_Numbers(decimal) for decimal in DECIMALS]
    return []


class _Writings:
    """How the cells of one column may be written: as its schema says, or in which other ways."""

    def __init__(self, column: Column):
        self.column = column
        self.ways = _other_ways(column)
        self.cells = self.unread = 0
        # Row and text of the first cell that the own way does not read.
        self.first: tuple[int, str] | None = None

    def take(self, array: pa.DictionaryArray, lines: np.ndarray, *, words: bool) -> None:
        """Read the cells of one block in all ways that read all those before."""
        if not self.ways:
            return
        texts, indices = array.dictionary, array.indices.to_numpy(zero_copy_only=False)
        blank = missing_of(texts, measured=True) if words else blanks_of(texts)
        known = np.flatnonzero(~blank)
        rows = np.bincount(indices, minlength=len(texts))[known]
        cells = texts.take(pa.array(known))
        own, bad = self._read_own(cells)
        self.cells += int(rows.sum())
        self.unread += int(rows[bad].sum())
        if bad.any() and self.first is None:
            at = np.flatnonzero(np.isin(indices, known[bad]))[0]
            self.first = int(lines[at]), array[int(at)].as_py()
        self.ways = [way for way in self.ways if self._fits(way, cells, own, bad, rows)]

    def _read_own(self, cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        column = self.column
        if column.kind == "age":
            values, _, bad = read_moments(cells, column.date_order)
        else:
            written = NumberFormat(column.decimal, column.thousands, column.lakhs)
            values, _, bad = read_numbers(cells, written)
        return values, bad

    def _fits(self, way, cells: pa.Array, own: np.ndarray, bad: np.ndarray, rows: np.ndarray) -> bool:
        values = way.read(cells)
        if values is None:
            return False
        way.contested += int(rows[~bad & (values != own)].sum())
        way.seen.update(values.tobytes())
        return True

    def settle(self) -> OtherWriting | None:
        """Return what was found; None where the own way stays."""
        if not self.unread:
            return None
        telling = [w for w in self.ways if self.unread >= NOTEWORTHY * (self.unread + w.contested)]
        # Ways that read every cell alike are one.
        ways = list({way.seen.digest(): way for way in reversed(telling)}.values())[::-1]
        if not ways:
            return None
        line, text = self.first
        if len(ways) > 1 and self.unread < NOTEWORTHY * self.cells:
            return None
        if len(ways) > 1:
            return OtherWriting(self.column.name, None, self._ask(ways, line, text), line)
        return OtherWriting(self.column.name, ways[0].written, self._say(ways[0], line, text), line)

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

    def _ask(self, ways: list, line: int, text: str) -> str:
        what, before = self._before()
        if self.column.kind == "age":
            may = " or ".join(SPOKEN[way.order] for way in ways)
        else:
            may = "thousands or decimals"
        return (
            f"Column {self.column.name}: {shown(text)} in row {line:,} may be {may}, and no row of the file "
            f"tells which; the {what} of these customers were written {before} so far. "
            "Write them so in the whole file and upload it again."
        )
