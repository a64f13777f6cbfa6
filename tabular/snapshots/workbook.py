"""A table as a workbook: row by row in flat memory, and no cell of it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tabular.errors import TableError
from tabular.source.danger import PLAIN_NUMBER, harmless
from tabular.values.amounts import NumberFormat

MOST_SHEET_ROWS = 1_048_575


def write_xlsx(
    target: Path | str,
    names: Sequence[str],
    batches: Iterable[pa.RecordBatch],
    *,
    sheet: str = "Result",
    numbers: Mapping[str, NumberFormat] | None = None,
    already_harmless: bool = False,
) -> int:
    """Write batches as one sheet of a workbook, row by row in flat memory; return the number of rows.

    Parameters
    ----------
    names
        The header.
    batches
        Columns in the order of `names`. Numbers become numbers; text stays text, never a formula, link or
        number, and a dangerous one gets an apostrophe as in CSV.
    numbers
        How the numbers of text columns are written, by name: cells that hold nothing else become numbers.
    already_harmless
        The cells come from a result that `ResultWriter` wrote: an apostrophe put there is not doubled.

    Raises
    ------
    TableError
        ``too_large``: more rows than a sheet holds.
    """
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    written = [(numbers or {}).get(name) for name in names]
    safe = _still_harmless if already_harmless else harmless
    row = 0
    with xlsxwriter.Workbook(str(target), options) as book:
        page = book.add_worksheet(sheet)
        page.freeze_panes(1, 0)
        for place, name in enumerate(names):
            page.write_string(0, place, safe(name))
        for batch in batches:
            if row + len(batch) > MOST_SHEET_ROWS:
                raise TableError(
                    "too_large",
                    f"A sheet holds {MOST_SHEET_ROWS:,} rows at most. Download the result as CSV instead.",
                )
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                row += 1
                for place, value in enumerate(values):
                    _write_cell(page, row, place, value, written[place], safe)
    return row


def _still_harmless(cell):
    if isinstance(cell, str) and (cell.startswith("'") or PLAIN_NUMBER.fullmatch(cell)):
        return cell
    return harmless(cell)


def _bare_number(text: str, written: NumberFormat) -> float | None:
    """Return the number in a cell; None where something stands beside it, such as its currency."""
    bare = text.replace(written.thousands, "") if written.thousands else text
    try:
        number = float(bare.replace(written.decimal, "."))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _write_cell(
    page, row: int, place: int, value: object, written: NumberFormat | None, safe: Callable
) -> None:
    if isinstance(value, str):
        number = _bare_number(value, written) if written else None
        if number is not None:
            page.write_number(row, place, number)
        elif value:
            page.write_string(row, place, safe(value))
    elif isinstance(value, bool):
        page.write_boolean(row, place, value)
    elif value is not None and np.isfinite(value):
        page.write_number(row, place, value)
