"""From a block to typed columns: in bulk through Arrow, and cell by cell where a cell is odd."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from tabular.errors import shown
from tabular.source.blocks import Block, drop_lines, iter_blocks, rows_of
from tabular.source.danger import dangerous_places
from tabular.source.records import Record, blank_cells, read_record
from tabular.source.spec import ParseSpec
from tabular.values import cells
from tabular.values.amounts import NumberFormat, read_number
from tabular.values.cells import BadCell, RowFault
from tabular.values.columns import type_columns
from tabular.values.ids import is_shortened, why_nobody
from tabular.values.missing import is_missing
from tabular.values.moments import read_moment
from tabular.values.schema import Column, TableSchema

BLANKS = ["", " "]
BLOCK_BYTES = 4 << 20
# Threads that parse while the caller works.
WORKERS = 2


@dataclass
class Parsed:
    """The good rows of one block, typed, and the faults of the others."""

    lines: np.ndarray
    columns: dict[str, pa.Array]
    ids: pa.Array | None
    faults: list[RowFault]
    raw: Callable[[], pa.RecordBatch]
    records: Callable[[], pa.Array] | None = None
    crlf: bool = False
    # Spellings that were read as a known category: {column: {(as written, as read): rows}}.
    respelled: dict[str, dict] = field(default_factory=dict)
    # Blank cells that had a meaning, by column.
    filled: dict[str, int] = field(default_factory=dict)
    # Words that were read as blank: {word: cells}.
    words: dict[str, int] = field(default_factory=dict)
    # Places of the columns with a cell that a spreadsheet would run; only filled for a plan that surveys.
    risky: set[int] = field(default_factory=set)
    # By column of numbers a cell for each thing about the digits, for such a plan.
    adorned: dict[str, dict[str, str]] = field(default_factory=dict)
    # Bytes of the file that were read for it.
    size: int = 0


@dataclass(frozen=True)
class Plan:
    """What to read from each block of one file."""

    spec: ParseSpec
    schema: TableSchema
    # Whether a label that cannot be read is a mistake of its row.
    labels_matter: bool = False
    # Whether all columns are looked at, for cells that a spreadsheet would run as a formula.
    surveys: bool = False

    @cached_property
    def found(self) -> list[tuple[Column, int]]:
        """The columns of the schema that the file has, as this file writes them, with their places."""
        places = self.spec.positions
        return [(self._written(c), places[c.name]) for c in self.schema.columns if c.name in places]

    def _written(self, column: Column) -> Column:
        if column.kind not in ("number", "age"):
            return column
        return replace(column, **self.spec.written.get(column.name, {}))

    @cached_property
    def names(self) -> list[str]:
        return [f"c{place}" for place in range(len(self.spec.header))]

    def options(self, *, numbers_as_text: bool) -> dict:
        """Return the arguments of Arrow's reader for the columns of the schema."""
        types = {}
        for column, place in self.found:
            kind = pa.dictionary(pa.int32(), pa.string())
            if column.kind == "id":
                kind = pa.string()
            elif column.kind == "number":
                kind = pa.string() if numbers_as_text or _is_adorned(column) else pa.float64()
            types[f"c{place}"] = kind
        if self.surveys:
            types = {name: types.get(name, pa.dictionary(pa.int32(), pa.string())) for name in self.names}
        return self._arrow(list(types), types)

    def text_options(self) -> dict:
        """Return the arguments of Arrow's reader for all columns as text."""
        return self._arrow(self.names, dict.fromkeys(self.names, pa.string()))

    def _arrow(self, include: list[str], types: dict) -> dict:
        return {
            "parse_options": pacsv.ParseOptions(delimiter=self.spec.delimiter, newlines_in_values=False),
            "convert_options": pacsv.ConvertOptions(
                column_types=types,
                include_columns=include,
                null_values=BLANKS,
                strings_can_be_null=False,
                # The whole file was found to be valid UTF-8 before; it is not asked twice.
                check_utf8=False,
            ),
        }


def _is_adorned(column: Column) -> bool:
    """Whether numbers are written with signs that Arrow does not know."""
    return column.decimal == "," or column.thousands is not None or bool(column.percent)


def read_arrow(body: bytes, names: list[str], options: dict) -> pa.Table:
    """Return the rows of `body`; Arrow refuses ragged rows and cells that are not of their type."""
    reading = pacsv.ReadOptions(column_names=names, use_threads=False, block_size=max(len(body) + 1, 1024))
    return pacsv.read_csv(pa.BufferReader(body), read_options=reading, **options)


def iter_parsed(
    path: Path, plan: Plan, skip: np.ndarray, *, block_bytes: int = BLOCK_BYTES
) -> Iterator[Parsed]:
    """Yield the rows of the upload at `path` block by block, without the (sorted) lines of `skip`.

    The next blocks are read while the caller works on one: Arrow needs no Python while it parses.
    """
    return read_ahead(path, plan.spec, lambda block: parse_block(block, plan, skip), block_bytes=block_bytes)


def read_ahead(path: Path, spec: ParseSpec, read: Callable, *, block_bytes: int = BLOCK_BYTES) -> Iterator:
    """Yield `read` of each block of the upload at `path`, in their order; the next are read meanwhile."""
    blocks = iter_blocks(
        spec.source(path),
        start=spec.data_at,
        first_line=spec.first_line,
        delimiter=spec.delimiter,
        width=len(spec.header),
        size=block_bytes,
        trusted=spec.format == "xlsx",
    )
    waiting: deque = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for block in blocks:
            waiting.append(pool.submit(read, block))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def parse_block(block: Block, plan: Plan, skip: np.ndarray) -> Parsed:
    """Return the typed rows of `block` but for the (sorted) lines of `skip`."""
    if block.newlines is not None:
        last = block.first_line + len(block.newlines)
        here = skip[np.searchsorted(skip, block.first_line) : np.searchsorted(skip, last)]
        body, newlines, numbers = drop_lines(block, here)
        parsed = _parse_in_bulk(body, newlines, numbers, block.crlf, plan)
        if parsed is not None:
            parsed.size = len(block.body)
            return parsed
        records = records_of_lines(body, numbers, plan.spec.delimiter)
    else:
        dropped = set(skip.tolist())
        records = [record for record in block.records if record.line not in dropped]
    parsed = _parse_exactly(records, plan)
    parsed.size = len(block.body)
    return parsed


def records_of_lines(body: bytes, numbers: np.ndarray, delimiter: str) -> list[Record]:
    """Return the rows of plain lines one by one."""
    lines = body.decode().split("\n")
    pairs = zip(numbers.tolist(), lines, strict=False)
    return [
        read_record(text, line, delimiter, '"' in text) for line, text in pairs if not cells.is_blank(text)
    ]


def _parse_in_bulk(body: bytes, newlines: np.ndarray, numbers: np.ndarray, crlf, plan: Plan) -> Parsed | None:
    """Return the rows of plain lines, or None where only the exact rules can read them."""
    rows = rows_of(body, newlines)
    all_rows = bool(rows.all())
    lines = numbers if all_rows else numbers[rows]
    if not len(lines):
        return _parse_exactly([], plan)
    table = _read_typed(body, plan)
    if table is None or table.num_rows != len(lines):
        return None
    text = _TextOf(body, plan)
    typed = type_columns({i: single(table, f"c{i}") for _, i in plan.found}, plan, len(lines))
    faults, kept = [], None
    if typed.suspects is not None:
        # Only rows that look wrong in bulk are read again cell by cell, for the sentence.
        places = np.flatnonzero(typed.suspects)
        raw = text.table().take(pa.array(places)).to_pylist()
        for place, row in zip(places.tolist(), raw, strict=True):
            values = list(row.values())
            if blank_cells(values):
                continue
            fault = find_fault(int(lines[place]), values, plan)
            if fault is None:
                return None
            faults.append(fault)
        kept = pa.array(~typed.suspects)
        lines = lines[~typed.suspects]
        typed = typed.filter(kept)

    def raw_rows() -> pa.RecordBatch:
        return text.batch(kept)

    def raw_records() -> pa.Array:
        lead = b"\r\n" if crlf else b"\n"
        offsets = np.zeros(len(newlines) + 1, np.int32)
        offsets[1:] = newlines + 1
        data = pa.py_buffer(lead + body)
        found = pa.Array.from_buffers(pa.binary(), len(newlines), [None, pa.py_buffer(offsets), data])
        found = found if all_rows else found.filter(pa.array(rows))
        return found if kept is None else found.filter(kept)

    return Parsed(
        lines=lines,
        columns=typed.columns,
        ids=_ids_of(typed.ids, lines, plan),
        faults=faults,
        raw=raw_rows,
        records=None if crlf is None else raw_records,
        crlf=bool(crlf),
        respelled=typed.respelled,
        filled=typed.filled,
        words=typed.count_words(),
        adorned=typed.adorned,
        risky=dangerous_places({n: single(table, n) for n in table.column_names}, plan.spec.id_place)
        if plan.surveys
        else set(),
    )


def _read_typed(body: bytes, plan: Plan) -> pa.Table | None:
    """Return the columns of the schema; numbers as text where Arrow may read them otherwise than `cells`."""
    # Arrow takes "+5" and a tab before a number; a spreadsheet takes both for the start of a formula.
    tab = b'"' if plan.spec.delimiter == "\t" else b"\t"
    choices = (True,) if any(sign in body for sign in (b"+", tab)) else (False, True)
    for numbers_as_text in choices:
        try:
            table = read_arrow(body, plan.names, plan.options(numbers_as_text=numbers_as_text))
        except pa.ArrowInvalid:
            continue
        if numbers_as_text or not (plan.schema.missing_words and _has_nan(table)):
            return table
    return None


def _has_nan(table: pa.Table) -> bool:
    """Whether Arrow took the word NaN for a number. Looking for it in the bytes takes far longer."""
    numbers = (column for column in table.columns if pa.types.is_floating(column.type))
    return any(pc.any(pc.is_nan(column)).as_py() for column in numbers)


class _TextOf:
    """All cells of a block of plain lines as text, read when somebody asks."""

    def __init__(self, body: bytes, plan: Plan):
        self.body, self.plan = body, plan

    def table(self) -> pa.Table:
        return read_arrow(self.body, self.plan.names, self.plan.text_options())

    def batch(self, kept) -> pa.RecordBatch:
        table = self.table()
        table = table if kept is None else table.filter(kept)
        arrays = [single(table, name) for name in self.plan.names]
        return pa.RecordBatch.from_arrays(arrays, names=list(self.plan.spec.names))


def single(table: pa.Table, name: str) -> pa.Array:
    """Return a column of a table in one piece."""
    column = table.column(name)
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.array([], column.type) if not column.num_chunks else column.combine_chunks()


def _parse_exactly(records: list[Record], plan: Plan) -> Parsed:
    faults, good, lines = [], [], []
    width = len(plan.spec.header)
    for record in records:
        if record.problem is None and len(record.cells) <= width and blank_cells(record.cells):
            continue
        fault = problem_of(record, plan.spec.header)
        if fault is not None:
            faults.append(fault)
        else:
            good.append(record.cells)
            lines.append(record.line)
    texts = list(zip(*good, strict=True)) if good else [()] * width
    arrays = [pa.array(text, pa.string()) for text in texts]
    typed_in = {}
    for column, place in plan.found:
        array = arrays[place]
        typed_in[place] = array if column.kind in ("id", "number") else array.dictionary_encode()
    typed = type_columns(typed_in, plan, len(good))
    numbers = np.asarray(lines, np.int64)
    if typed.suspects is not None:
        bad = np.zeros(len(good), bool)
        for place in np.flatnonzero(typed.suspects).tolist():
            fault = find_fault(lines[place], good[place], plan)
            if fault is not None:
                faults.append(fault)
                bad[place] = True
        kept = pa.array(~bad)
        numbers, arrays, typed = numbers[~bad], [array.filter(kept) for array in arrays], typed.filter(kept)
        faults.sort(key=lambda fault: fault.line)

    def raw_rows() -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays(arrays, names=list(plan.spec.names))

    surveyed = dict(zip(plan.names, arrays, strict=True)) if plan.surveys else {}
    return Parsed(
        lines=numbers,
        columns=typed.columns,
        ids=_ids_of(typed.ids, numbers, plan),
        faults=faults,
        raw=raw_rows,
        respelled=typed.respelled,
        filled=typed.filled,
        words=typed.count_words(),
        adorned=typed.adorned,
        risky=dangerous_places(surveyed, plan.spec.id_place),
    )


def _ids_of(ids: pa.Array | None, lines: np.ndarray, plan: Plan) -> pa.Array | None:
    """Return the ids of rows; where the file has none, the row says where it is found."""
    column = plan.schema.the("id")
    if column is None or not column.generated:
        return ids
    return pc.binary_join_element_wise(pa.scalar("Row"), pa.array(lines).cast(pa.string()), " ")


def problem_of(record: Record, header: tuple[str, ...]) -> RowFault | None:
    """Return what keeps a record from being a row at all."""
    if record.problem is not None:
        kind, reason = record.problem
        known = record.place is not None and record.place < len(header)
        return RowFault(record.line, header[record.place] if known else None, kind, "", reason)
    if len(record.cells) != len(header):
        reason = f"{len(record.cells):,} cells where the header has {len(header):,}"
        return RowFault(record.line, None, "ragged_rows", "", reason)
    longest = max(map(len, record.cells))
    if longest > cells.LONGEST_CELL:
        place = next(place for place, text in enumerate(record.cells) if len(text) == longest)
        most = f"{cells.LONGEST_CELL:,} is the most that fits in a sheet"
        reason = f"the cell has {longest:,} characters; {most}"
        return RowFault(record.line, header[place], "cell_too_long", record.cells[place][:200], reason)
    return None


def find_fault(line: int, row: list[str], plan: Plan) -> RowFault | None:
    """Return the first mistake in a row of the right width, by the exact rules."""
    for column, place in plan.found:
        try:
            _check_cell(row[place], row, column, plan)
        except BadCell as bad:
            return RowFault(line, column.name, bad.kind, row[place][:200], bad.reason)
    return None


def _check_cell(text: str, row: list[str], column: Column, plan: Plan) -> None:
    measured = column.kind in ("number", "age")
    blank = is_missing(text, measured=measured) if plan.schema.missing_words else cells.is_blank(text)
    if column.kind == "id":
        if blank or (plan.surveys and is_shortened(text)):
            raise BadCell("missing_id", why_nobody(text))
    elif column.kind == "date":
        cells.parse_moment(text, column)
    elif column.kind == "label" and plan.labels_matter:
        cells.read_label(text, column)
    elif measured and blank:
        if not column.blank_allowed and not _blank_is_allowed(row, column, plan):
            raise BadCell(*_unwanted_blank(text, column))
    elif column.kind == "age":
        read_moment(text, column.date_order)
    elif column.kind == "number" and column.decimal is not None:
        cells.check_number(read_number(text, NumberFormat.of(column)), text, column)
    elif column.kind == "number":
        cells.parse_number(text, column)


def _unwanted_blank(text: str, column: Column) -> tuple[str, str]:
    """Return kind and sentence of a blank cell where none may be."""
    said = "the cell is blank" if cells.is_blank(text) else f"{shown(text)} says that nothing is known"
    if column.kind == "age":
        return "bad_date", f"{said} where a date is needed"
    rule = column.blank_means
    hint = f" (it may be blank only where {rule.when_column} is {rule.when_value:g})" if rule else ""
    return "bad_number", f"{said} where a number is needed{hint}"


def _blank_is_allowed(row: list[str], column: Column, plan: Plan) -> bool:
    rule = column.blank_means
    if rule is None or rule.when_column not in plan.spec.positions:
        return False
    other = row[plan.spec.positions[rule.when_column]].strip(" ")
    return bool(cells.NUMBER.fullmatch(other)) and float(other) == rule.when_value
