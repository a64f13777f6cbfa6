"""All cells of a file as text, block by block, with the line each row stands in: what logs are read from.

A snapshot is read by the columns that a schema names (`parse`); a log is first looked at, and its columns are
named later. Both see the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from tabular.source.blocks import Block, rows_of
from tabular.source.duplicates import MULTIPLIER, SHIFT, hash_texts
from tabular.source.parse import Plan, problem_of, read_ahead, read_arrow, records_of_lines, single
from tabular.source.records import Record, blank_cells
from tabular.source.spec import ParseSpec
from tabular.values.cells import RowFault
from tabular.values.masks import blanks_of
from tabular.values.schema import TableSchema

# Smaller than for snapshots: more is done with each row of a log, and progress is told after each block.
LOG_BLOCK_BYTES = 2 << 20
NOTHING = TableSchema("texts", ())


@dataclass
class Texts:
    """The rows of one block.

    Parameters
    ----------
    lines
        Line of the file (row of the sheet) of each row.
    columns
        A text column for each place of the header.
    broken
        Rows that are none: why, and the cells that they have.
    size
        Bytes of the file that were read.
    """

    lines: np.ndarray
    columns: list[pa.Array]
    broken: list[tuple[RowFault, list[str]]] = field(default_factory=list)
    size: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def hashes(self, seed: int) -> np.ndarray:
        """Return 64 bits per row, the same for rows that are equal in every cell."""
        mixed = np.zeros(len(self), np.uint64)
        for place, column in enumerate(self.columns):
            mixed = (mixed ^ hash_texts(column, seed + place)) * MULTIPLIER
            mixed ^= mixed >> SHIFT
        return mixed

    def rows(self, places: np.ndarray) -> list[tuple[str, ...]]:
        """Return the cells of some rows."""
        taken = pa.array(places)
        return list(zip(*(column.take(taken).to_pylist() for column in self.columns), strict=True))


@dataclass(frozen=True)
class _Reader:
    spec: ParseSpec

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.spec, NOTHING)

    def read(self, block: Block) -> Texts:
        texts = None if block.newlines is None else self._in_bulk(block)
        if texts is None:
            records = block.records
            if block.newlines is not None:
                numbers = np.arange(block.first_line, block.first_line + len(block.newlines))
                records = records_of_lines(block.body, numbers, self.spec.delimiter)
            texts = self._exactly(records)
        texts.size = len(block.body)
        return texts

    def _in_bulk(self, block: Block) -> Texts | None:
        kept = rows_of(block.body, block.newlines)
        lines = np.flatnonzero(kept).astype(np.int64) + block.first_line
        try:
            table = read_arrow(block.body, self.plan.names, self.plan.text_options())
        except pa.ArrowInvalid:
            return None
        if table.num_rows != len(lines):
            return None
        columns = [single(table, name) for name in self.plan.names]
        blank = _blank_rows(columns)
        if blank.any():
            lines, kept = lines[~blank], pa.array(~blank)
            columns = [column.filter(kept) for column in columns]
        return Texts(lines, columns)

    def _exactly(self, records: list[Record]) -> Texts:
        width, good, lines, broken = len(self.spec.header), [], [], []
        for record in records:
            if record.problem is None and len(record.cells) <= width and blank_cells(record.cells):
                continue
            fault = problem_of(record, self.spec.header)
            if fault is not None:
                broken.append((fault, record.cells))
            else:
                good.append(record.cells)
                lines.append(record.line)
        texts = list(zip(*good, strict=True)) if good else [()] * width
        columns = [pa.array(column, pa.string()) for column in texts]
        return Texts(np.asarray(lines, np.int64), columns, broken)


def _blank_rows(columns: list[pa.Array]) -> np.ndarray:
    """Return which rows hold nothing; hardly any row gets past its first cells."""
    blank = np.ones(len(columns[0]), bool)
    for column in columns:
        if not blank.any():
            break
        blank &= blanks_of(column)
    return blank


def iter_texts(path: Path, spec: ParseSpec, *, block_bytes: int = LOG_BLOCK_BYTES) -> Iterator[Texts]:
    """Yield all rows of the upload at `path`; the next blocks are read while the caller works on one."""
    return read_ahead(path, spec, _Reader(spec).read, block_bytes=block_bytes)
