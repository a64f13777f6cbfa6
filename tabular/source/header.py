"""The first row: which delimiter, which columns stand where, and which are missing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tabular.errors import TableError, counted, shown
from tabular.source.records import is_open, read_record
from tabular.values.cells import is_blank
from tabular.values.schema import TableSchema

DELIMITERS = ",;\t|"
HEAD_BYTES = 1 << 20
# The width of a sheet; a wider table could not come back as one.
MOST_COLUMNS = 16_384
NEAR_ENOUGH = 0.75
# Rows that tell whether columns stand apart by spaces, and how many words each has at least.
FIRST_ROWS, FEWEST_WORDS = 20, 3
# What stands between columns and is not read so: any white space, or a sign, and how it is called.
OTHER_DELIMITERS = {sign: f"'{sign}'" for sign in "^~#¦§$/\\&*!"} | {":": "colons", None: "spaces"}
# What Excel writes, and reads, before a table.
SAID = re.compile(rb"(?i)\s*\"?sep=(.)\"?\s*")


@dataclass(frozen=True)
class Layout:
    """Where the header stands and what it says."""

    delimiter: str
    header: tuple[str, ...]
    header_line: int
    data_at: int
    first_line: int
    positions: dict[str, int]


def read_layout(
    source: Path, *, bom: int, schema: TableSchema, delimiters: str = DELIMITERS, sheet: str = ""
) -> Layout:
    """Find the header of a UTF-8 file and match it with a schema.

    Parameters
    ----------
    bom
        Bytes to pass over at the start of the file.
    sheet
        What to add to a refusal of a workbook: which sheet was read.

    Raises
    ------
    TableError
        ``no_rows``, ``missing_columns``, ``needs_mapping``, ``duplicate_columns``, ``too_large``,
        ``unterminated_quote``.
    """
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
    start, line, delimiters = find_first_line(head, bom, delimiters, sheet)

    best = None
    for delimiter in delimiters:
        cells, data_at, lines = header_record(head, start, line, delimiter)
        found = _positions(cells, schema)
        score = (sum(map(bool, found.values())), len(cells))
        if best is None or score > best[0]:
            best = score, Layout(delimiter, tuple(cells), line, data_at, line + lines, {}), found
    _, layout, found = best
    refuse_spaces(head, start, layout.header)
    if len(layout.header) > MOST_COLUMNS:
        raise TableError(
            "too_large",
            f"The table has {len(layout.header):,} columns; {MOST_COLUMNS:,} is the most. Leave some out.",
        )
    _refuse_duplicates(layout, found)
    if any(column.required and not found[column.name] for column in schema.columns):
        _refuse_rows_above(head, layout, delimiters, schema, sheet)
    _refuse_missing(layout, found, schema, sheet)
    positions = {name: places[0] for name, places in found.items() if places}
    return Layout(layout.delimiter, layout.header, line, layout.data_at, layout.first_line, positions)


def find_first_line(head: bytes, start: int, delimiters: str, sheet: str) -> tuple[int, int, str]:
    """Return byte and number of the first line that holds names, and the delimiters it may have.

    Only one delimiter is left where a line before it names one, as in ``sep=;``.
    """
    start, line = _filled_line(head, start, 1, sheet)
    end = head.find(b"\n", start) + 1 or len(head)
    if (said := SAID.fullmatch(head[start:end])) and chr(said[1][0]) in delimiters:
        start, line = _filled_line(head, end, line + 1, sheet)
        return start, line, chr(said[1][0])
    return start, line, delimiters


def _filled_line(head: bytes, start: int, line: int, sheet: str) -> tuple[int, int]:
    while start < len(head):
        end = head.find(b"\n", start) + 1 or len(head)
        if head[start:end].strip():
            return start, line
        start, line = end, line + 1
    raise TableError(
        "no_rows",
        f"There is nothing in it: no header and no rows.{sheet} Choose the file that holds the table.",
    )


def refuse_spaces(head: bytes, start: int, header: Sequence[str]) -> None:
    """Refuse a table whose columns stand apart by spaces or by signs that a name or a text may hold itself.

    Raises
    ------
    TableError
        ``missing_columns``: the first rows have one cell, and as many words as the header, or words that
        stand below its own.
    """
    if len(header) > 1:
        return
    lines = head[start:].decode(errors="replace").splitlines()[:FIRST_ROWS]
    lines = [line for line in lines if line.strip()]
    for sign, what in OTHER_DELIMITERS.items():
        rows = [line.split(sign) for line in lines]
        widths = {len(row) for row in rows}
        alike = len(widths) == 1 and widths.pop() >= FEWEST_WORDS
        if len(rows) > 1 and (alike or (sign is None and _stand_below_each_other(lines))):
            example = shown((sign or " ").join(rows[1]))
            raise TableError(
                "missing_columns",
                f"The columns stand apart by {what}, as in {example}, which a cell may hold itself. Save the "
                "file with commas, semicolons or tabs between them (CSV), and upload that.",
            )


def _stand_below_each_other(lines: Sequence[str]) -> bool:
    """Whether the same places are blank in all lines, as in a file whose columns have fixed widths."""
    width = max(map(len, lines))
    filled = (any(line[at : at + 1].strip() for line in lines) for at in range(width))
    columns = "".join("x" if each else " " for each in filled)
    return len(columns.split()) >= FEWEST_WORDS or "  " in columns.strip()


def header_record(head: bytes, start: int, line: int, delimiter: str) -> tuple[list[str], int, int]:
    """Return the cells of the record at byte `start`, the byte after it and how many lines it covers."""
    end, lines = start, 0
    while True:
        end = head.find(b"\n", end) + 1 or len(head)
        lines += 1
        text = head[start:end].decode(errors="replace")
        if end == len(head) or '"' not in text or not is_open(text, delimiter):
            break
    record = read_record(text, line, delimiter, '"' in text)
    return record.cells or [text.strip()], end, lines


def _positions(cells: list[str], schema: TableSchema) -> dict[str, list[int]]:
    wanted = {column.name.casefold(): column.name for column in schema.columns if not column.generated}
    found: dict[str, list[int]] = {column.name: [] for column in schema.columns}
    for place, cell in enumerate(cells):
        name = wanted.get(cell.strip().casefold())
        if name is not None:
            found[name].append(place)
    return found


def _refuse_duplicates(layout: Layout, found: dict[str, list[int]]) -> None:
    for name, places in found.items():
        if len(places) > 1:
            written = " and ".join(shown(layout.header[place]) for place in places[:3])
            raise TableError(
                "duplicate_columns",
                f"Row {layout.header_line:,} names the column {name} {len(places)} times ({written}), so "
                "it is not clear "
                "which one holds the values. Remove or rename the others.",
                line=layout.header_line,
                column=name,
                columns=[layout.header[place] for place in places],
            )


def _refuse_rows_above(head: bytes, layout: Layout, delimiters: str, schema: TableSchema, sheet: str) -> None:
    """Refuse a table whose names stand below a title or below names of groups, and say where."""
    for delimiter in delimiters:
        at, line = layout.data_at, layout.first_line
        while at < len(head) and line <= layout.first_line + FIRST_ROWS:
            try:
                cells, at, lines = header_record(head, at, line, delimiter)
            except TableError:
                # What is wrong with a row is said where it is read.
                break
            found = _positions(cells, schema)
            if all(found[column.name] for column in schema.columns if column.required):
                raise TableError(
                    "missing_columns",
                    f"The names of the columns stand in row {line:,}, and the first row has to hold them."
                    f"{sheet} Delete the rows above and upload the file again.",
                    line=line,
                )
            line += lines


def _refuse_missing(layout: Layout, found: dict[str, list[int]], schema: TableSchema, sheet: str) -> None:
    missing = [column.name for column in schema.columns if column.required and not found[column.name]]
    if not missing:
        return
    matched = {place for places in found.values() for place in places}
    others = [cell for place, cell in enumerate(layout.header) if place not in matched and not is_blank(cell)]
    near = {name: match for name in missing if (match := _nearest(name, others))}

    names = ", ".join(missing)
    text = (
        f"The column {names} is missing."
        if len(missing) == 1
        else f"{len(missing)} columns are missing: {names}."
    )
    if near:
        pairs = ", ".join(f"{shown(match)} → {name}" for name, match in near.items())
        them = "it" if len(near) == 1 else "them"
        text += f" Did you mean: {pairs}? Rename {them} in row {layout.header_line:,}."
    elif not matched:
        text += (
            f" Row {layout.header_line:,} was read as the header and begins with {shown(layout.header[0])}; "
            "the first row must hold the names of the columns."
        )
    else:
        text += f" The file has {counted(len(layout.header), 'column')}; add the missing and upload it again."
    raise TableError(
        "needs_mapping" if schema.needs_mapping else "missing_columns",
        text + sheet,
        line=layout.header_line,
        column=missing[0],
        columns=missing,
    )


def _nearest(name: str, others: list[str]) -> str | None:
    squeezed = {"".join(filter(str.isalnum, other.casefold()))[:100]: other for other in others[:1000]}
    match = difflib.get_close_matches(name.casefold(), list(squeezed), n=1, cutoff=NEAR_ENOUGH)
    return squeezed[match[0]] if match else None
