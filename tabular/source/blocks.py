"""A file in blocks of whole rows, each surveyed: is every line one row, or must the csv module read it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tabular.errors import TableError
from tabular.source.records import Record, split_records, unterminated
from tabular.values.cells import LONGEST_CELL

NEWLINE, RETURN, QUOTE = 10, 13, 34
# A line without an end: nothing that is read here has rows of this size.
LONGEST_LINE = 16 << 20


@dataclass
class Block:
    """Whole rows of a file.

    Parameters
    ----------
    body
        Their bytes in UTF-8, ending with a line feed.
    first_line
        Line of the file (or row of the sheet) at which `body` starts.
    newlines
        Positions of the line feeds in `body`, where every line is one row; otherwise None, and `records`
        holds the rows.
    crlf
        Whether every line ends in carriage return and line feed; None where line ends are mixed.
    """

    body: bytes
    first_line: int
    newlines: np.ndarray | None
    crlf: bool | None = False
    records: list[Record] = field(default_factory=list)


def iter_blocks(
    path: Path, *, start: int, first_line: int, delimiter: str, width: int, size: int, trusted: bool
):
    """Yield the `Block`s of about `size` bytes of a UTF-8 file from byte `start` on.

    Parameters
    ----------
    first_line
        Number of the line at byte `start`.
    width
        Number of cells in the header, for the sentence about a line that never ends.
    trusted
        The file is a copy of a sheet, written here: its quoted cells are closed, and a record counts as one
        line.
    """
    line, carry = first_line, b""
    with path.open("rb") as file:
        file.seek(start)
        while True:
            chunk = file.read(size)
            at_end = len(chunk) < size
            data = carry + chunk if carry else chunk
            if at_end and data and not data.endswith(b"\n"):
                data += b"\n"
            cut = data.rfind(b"\n") + 1
            if not cut:
                if len(data) > LONGEST_LINE:
                    raise _endless(data, line, delimiter, width)
                carry = data
            else:
                carry = data[cut:]
                if len(carry) > LONGEST_LINE:
                    raise _endless(carry, line + data.count(b"\n"), delimiter, width)
                body = data[:cut] if carry else data
                block = _survey(body, line, delimiter)
                if block.newlines is None:
                    used, lines = split_records(body, line, delimiter, trusted=trusted, records=block.records)
                    carry = body[used:] + carry
                    line += lines
                    if at_end and carry:
                        raise unterminated(line)
                else:
                    line += len(block.newlines)
                yield block
            if at_end:
                return


def _survey(body: bytes, line: int, delimiter: str) -> Block:
    buffer = np.frombuffer(body, np.uint8)
    newlines = np.flatnonzero(buffer == NEWLINE)
    exact = Block(body, line, None)
    if len(newlines) and int(np.diff(newlines, prepend=-1).max()) > LONGEST_CELL:
        return exact
    crlf: bool | None = False
    if b"\r" in body:
        returns = body.count(b"\r")
        if returns != body.count(b"\r\n"):
            return exact
        crlf = True if returns == len(newlines) else None
    if b'"' in body and not _quotes_are_plain(buffer, newlines, delimiter):
        return exact
    return Block(body, line, newlines, crlf)


def _quotes_are_plain(buffer: np.ndarray, newlines: np.ndarray, delimiter: str) -> bool:
    """Whether every quotation mark opens a cell, closes one or is doubled, and none is open at a line's end.

    With an even number of marks before every line feed, marks alternate between opening and closing, and a
    line feed never lies inside a cell.
    """
    quotes = np.flatnonzero(buffer == QUOTE)
    if (np.searchsorted(quotes, newlines) % 2).any():
        return False
    around = np.zeros(256, bool)
    around[[ord(delimiter), NEWLINE, QUOTE]] = True
    # Before the very first byte stands, in this array, the last one: a line feed, as it should be.
    if not around[buffer[quotes[::2] - 1]].all():
        return False
    around[RETURN] = True
    return bool(around[buffer[quotes[1::2] + 1]].all())


def _endless(data: bytes, line: int, delimiter: str, width: int) -> TableError:
    cells = data.count(delimiter.encode()) + 1
    if cells > width:
        return TableError(
            "ragged_rows",
            f"Row {line:,} has more than {cells:,} cells where the header has {width}. Close the "
            "quotation marks before it, and end each row with a line break.",
            line=line,
        )
    return TableError(
        "cell_too_long",
        f"Row {line:,} holds a cell of more than {LONGEST_CELL:,} characters. Shorten it.",
        line=line,
    )


def drop_lines(block: Block, lines: np.ndarray) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return the bytes of a block of plain lines without some of them, its line feeds, and the lines that
    are left.
    """
    numbers = np.arange(block.first_line, block.first_line + len(block.newlines), dtype=np.int64)
    places = lines - block.first_line
    if not len(places):
        return block.body, block.newlines, numbers
    starts = np.concatenate([[0], block.newlines[:-1] + 1])
    parts, at = [], 0
    for place in places.tolist():
        parts.append(block.body[at : starts[place]])
        at = int(block.newlines[place]) + 1
    parts.append(block.body[at:])
    body = b"".join(parts)
    return body, np.flatnonzero(np.frombuffer(body, np.uint8) == NEWLINE), np.delete(numbers, places)


def rows_of(body: bytes, newlines: np.ndarray) -> np.ndarray:
    """Return for each line whether it holds a row: blank lines do not."""
    lengths = np.diff(newlines, prepend=-1) - 1
    rows = lengths > 0
    single = np.flatnonzero(lengths == 1)
    if len(single):
        rows[single] = np.frombuffer(body, np.uint8)[newlines[single] - 1] != RETURN
    return rows
