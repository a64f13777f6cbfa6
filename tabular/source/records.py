"""One record at a time, exactly as the csv module reads it: for the blocks in which a line is not simply a
row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tabular.errors import TableError
from tabular.values.cells import LONGEST_CELL, is_blank

# A quoted cell over so many lines is a forgotten quotation mark, not an address.
LONGEST_QUOTE_LINES = 1000
LONGEST_QUOTE_BYTES = 1 << 20


@dataclass
class Record:
    """One record: where it starts, its cells, or why it has none."""

    line: int
    cells: list[str]
    problem: tuple[str, str | int] | None = None
    # In which cell the problem is, counted from 0, where that is known.
    place: int | None = None


def split_records(
    body: bytes, first_line: int, delimiter: str, *, trusted: bool, records: list[Record]
) -> tuple[int, int]:
    """Append the whole records of `body` to `records`.

    With `trusted`, a record counts as one line however many it covers: that is how a sheet's copy keeps its
    row numbers.

    Returns
    -------
    tuple
        Bytes and lines that were used up: less than all where the last record goes on after the block.
    """
    at, line = 0, first_line
    while at < len(body):
        end = body.index(b"\n", at) + 1
        lines = 1
        quote = b'"' in body[at:end]
        if quote and is_open(body[at:end].decode(), delimiter):
            while True:
                if end == len(body):
                    return at, line - first_line
                start_of_line, end = end, body.index(b"\n", end) + 1
                lines += 1
                if b'"' in body[start_of_line:end] and not is_open(body[at:end].decode(), delimiter):
                    break
                if not trusted and (lines > LONGEST_QUOTE_LINES or end - at > LONGEST_QUOTE_BYTES):
                    raise unterminated(line)
        text = body[at:end].decode()
        if not is_blank(text):
            records.append(read_record(text, line, delimiter, quote))
        at = end
        line += 1 if trusted else lines
    return at, line - first_line


def iter_records(file: BinaryIO, delimiter: str) -> Iterator[bytes]:
    """Yield the records of a whole file in UTF-8 byte for byte, each with its line end, the header first."""
    begun = b""
    for line in file:
        begun += line
        if b'"' in begun and is_open(begun.decode(), delimiter):
            continue
        yield begun
        begun = b""
    if begun:
        yield begun


def read_record(text: str, line: int, delimiter: str, quoted: bool) -> Record:
    """Return the cells of one record, or what is wrong with it."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not quoted and "\r" not in text:
        return Record(line, text.split(delimiter))
    try:
        # Strict: what stands behind the closing mark of a cell would be glued to it, without the marks.
        return Record(line, next(csv.reader([text], delimiter=delimiter, strict=True), []))
    except csv.Error as error:
        if "limit" in str(error):
            return Record(line, [], ("cell_too_long", f"a cell is longer than {LONGEST_CELL:,} characters"))
        if "expected after" in str(error):
            return Record(line, [], ("ragged_rows", _describe_marks(text)), _broken_cell(text, delimiter))
        return Record(
            line, [], ("ragged_rows", "a line break in the middle of a row stands outside quotation marks")
        )


def _describe_marks(text: str) -> str:
    if '\\"' in text:
        return (
            'a quotation mark inside a cell is written \\", as databases do; write it twice ("") instead, or '
            "export the table without escape characters"
        )
    return 'text follows the closing quotation mark of a cell; write marks inside a cell twice ("")'


def _broken_cell(text: str, delimiter: str) -> int:
    """Return in which cell a closing quotation mark is followed by more text."""
    at = place = 0
    while text[at : at + 1] != '"' or text[(at := _after_quoted(text, at)) :].startswith(delimiter):
        at, place = text.index(delimiter, at) + 1, place + 1
    return place


def _after_quoted(text: str, at: int) -> int:
    """Return where the quoted cell that begins at `at` ends; marks inside it stand twice."""
    close = text.index('"', at + 1)
    while text[close + 1 : close + 2] == '"':
        close = text.index('"', close + 2)
    return close + 1


def is_open(text: str, delimiter: str) -> bool:
    """Whether `text`, which starts a record, ends inside a quoted cell (by the rules of the csv module)."""
    at = 0
    while True:
        if text[at : at + 1] == '"':
            at += 1
            while True:
                close = text.find('"', at)
                if close < 0:
                    return True
                if text[close + 1 : close + 2] != '"':
                    at = close + 1
                    break
                at = close + 2
        at = text.find(delimiter, at)
        if at < 0:
            return False
        at += 1


def unterminated(line: int) -> TableError:
    """Return the refusal of a file with a quotation mark that is never closed."""
    return TableError(
        "unterminated_quote",
        f"Row {line:,} opens a quotation mark that is never closed. Remove it, or close the quoted cell.",
        line=line,
    )


def blank_cells(cells: list[str]) -> bool:
    """Whether no cell of a row holds anything."""
    return all(is_blank(cell) for cell in cells)
