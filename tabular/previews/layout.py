"""Delimiter and header of a table whose columns nobody has named yet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tabular.errors import TableError, counted, shown
from tabular.source.header import (
    DELIMITERS,
    HEAD_BYTES,
    Layout,
    find_first_line,
    header_record,
    refuse_spaces,
)
from tabular.values.amounts import split_number
from tabular.values.cells import BadCell, is_blank
from tabular.values.customer_words import rank_outcome
from tabular.values.moments import COUNTED, read_moment
from tabular.values.words import says_date

# Rows that vote about the delimiter.
VOTERS = 200
# Rows of which one has to say when, where the table has no more than two columns.
FIRST_ROWS = 20
# Customer, date and amount; of visits there is no amount.
FEWEST_COLUMNS, FEWEST_OF_VISITS = 3, 2
# How well a name has to say that a column holds outcomes.
OUTCOME = 0.5
# Nobody looks at more in a preview.
MOST_COLUMNS = 500


def find_layout(source: Path, *, bom: int, delimiters: str = DELIMITERS, sheet: str = "") -> Layout:
    """Find delimiter and header of a UTF-8 file by its first rows.

    The delimiter is the one that cuts most rows into as many cells as the header. The first row holds the
    names: where it looks like data, the file is refused rather than its first row lost.

    Raises
    ------
    TableError
        ``no_rows``, ``missing_columns``, ``too_large``.
    """
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
    start, line, delimiters = find_first_line(head, bom, delimiters, sheet)
    best, widest = None, 0
    for delimiter in delimiters:
        cells, data_at, lines = header_record(head, start, line, delimiter)
        if len(cells) > MOST_COLUMNS:
            widest = max(widest, len(cells))
            continue
        share = _share_alike(head, data_at, len(cells), delimiter)
        score = (len(cells) > 1, round(share, 2), len(cells))
        if best is None or score > best[0]:
            best = score, Layout(delimiter, tuple(cells), line, data_at, line + lines, {})
    if widest and (best is None or len(best[1].header) == 1):
        raise TableError(
            "too_large", f"The table has {widest:,} columns; {MOST_COLUMNS:,} is the most. Leave some out."
        )
    layout = best[1]
    refuse_spaces(head, start, layout.header)
    _refuse_header(layout, sheet, says_when=_says_when(head, layout))
    return layout


def _says_when(head: bytes, layout: Layout) -> bool:
    """Tell whether one of the first rows has a date, as in a log of visits: who, and when."""
    at = layout.data_at
    for _ in range(FIRST_ROWS):
        if at >= len(head):
            break
        cells, at, _ = header_record(head, at, 1, layout.delimiter)
        if any(map(_holds_date, layout.header, cells)):
            return True
    return False


def _holds_date(name: str, cell: str) -> bool:
    # Of numbers only a name tells that they count the time.
    return _is_date(cell) or (says_date(name) and _is_date(cell, COUNTED))


def _share_alike(head: bytes, at: int, width: int, delimiter: str) -> float:
    """Return which share of the first rows has as many cells as the header."""
    widths: Counter = Counter()
    for _ in range(VOTERS):
        if at >= len(head):
            break
        cells, after, _ = header_record(head, at, 1, delimiter)
        if after == len(head) == HEAD_BYTES:
            # Cut in the middle.
            break
        if not all(map(is_blank, cells)):
            widths[len(cells)] += 1
        at = after
    return widths[width] / widths.total() if widths else 1.0


def _refuse_header(layout: Layout, sheet: str, *, says_when: bool) -> None:
    named = [cell for cell in layout.header if not is_blank(cell)]
    where = f"Row {layout.header_line:,}"
    outcome = max(named, key=rank_outcome)
    if len(named) < FEWEST_COLUMNS and rank_outcome(outcome) >= OUTCOME:
        raise TableError(
            "only_outcomes",
            f"The file says who left, in {shown(outcome)}, and nothing else about the customers. Add the "
            "columns that describe them, or their purchases or visits.",
            line=layout.header_line,
            column=outcome,
        )
    if len(named) < (FEWEST_OF_VISITS if says_when else FEWEST_COLUMNS):
        raise TableError(
            "missing_columns",
            f"{where} was read as the header, begins with {shown(named[0])} and names "
            f"{counted(len(named), 'column')}; a table of customers or purchases has at least "
            f"{FEWEST_COLUMNS}, and one of visits {FEWEST_OF_VISITS}: who came, and when. Put the names of "
            f"all columns into the first row.{sheet}",
            line=layout.header_line,
        )
    data = [cell for cell in named if _is_data(cell)]
    if len(data) * 2 >= len(named) or any(_is_date(cell) for cell in data):
        raise TableError(
            "missing_columns",
            f"{where} was read as the header, but {shown(data[0])} looks like a value, not a name. Put the "
            f"names of the columns into the first row.{sheet}",
            line=layout.header_line,
        )


def _is_data(cell: str) -> bool:
    try:
        split_number(cell, ".")
    except BadCell:
        return _is_date(cell)
    return True


def _is_date(cell: str, orders: Sequence[str] = ("DMY", "MDY")) -> bool:
    if not re.search("[0-9]{2}", cell):
        return False
    for order in orders:
        try:
            read_moment(cell.strip(), order)
        except BadCell:
            continue
        return True
    return False
