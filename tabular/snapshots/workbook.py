"""A table as a workbook that is sent on as it is: row by row in flat memory, and no cell of it is run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import TableError
from tabular.source.danger import PLAIN_NUMBER, harmless
from tabular.source.sheets import ABOUT
from tabular.values.amounts import PERCENT_SIGN, NumberFormat

MOST_SHEET_ROWS = 1_048_575

# Wide enough for the mark of a filter beside a name, and no wider than a column can be read in.
NARROWEST, WIDEST, FILTER_MARK = 8, 40, 3
ABOUT_WIDTHS = (30, 26, 14, 34)
MOST_PLACES = 6
SHARE, DAY = "0.0%", "yyyy-mm-dd"

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


class Share(float):
    """A number that people read in percent."""


@dataclass(frozen=True)
class Fact:
    """One line of the first sheet: what is told, and the words, numbers, shares or days that tell it."""

    label: str = ""
    values: tuple[str | int | float | Share | date | None, ...] = ()
    is_heading: bool = False


@dataclass
class Measure:
    """What the cells of one column need: the longest text, and the most places after the decimal sign."""

    characters: int = 0
    places: int = 0


def measure_columns(
    batches: Iterable[pa.RecordBatch], written: Sequence[NumberFormat | None]
) -> list[Measure]:
    """Return what each column needs, of text columns whose numbers are written as `written` says."""
    found = [Measure() for _ in written]
    for batch in batches:
        for measure, column, how in zip(found, batch.columns, written, strict=True):
            longest = pc.max(pc.utf8_length(column)).as_py() or 0
            measure.characters = max(measure.characters, longest)
            if how:
                measure.places = max(measure.places, min(_places(column, how), MOST_PLACES))
    return found


def _places(column, written):
    found = pc.extract_regex(column, rf"[{written.decimal}](?P<places>[0-9]+)(?: ?%)?$")
    return pc.max(pc.utf8_length(pc.struct_field(found, "places"))).as_py() or 0


def write_xlsx(
    target: Path | str,
    names: Sequence[str],
    batches: Iterable[pa.RecordBatch],
    *,
    sheet: str = "Result",
    about: Sequence[Fact] = (),
    numbers: Mapping[str, NumberFormat] | None = None,
    shares: Collection[str] = (),
    measures: Sequence[Measure] | None = None,
    already_harmless: bool = False,
) -> int:
    """Write batches as one sheet of a workbook, row by row in flat memory; return the number of rows.

    The header stays in view and carries a filter.

    Parameters
    ----------
    names
        The header.
    batches
        Columns in the order of `names`. Numbers become numbers; text stays text, never a formula, link or
        number, and a dangerous one gets an apostrophe as in CSV.
    about
        What is said of the table, on a sheet before it.
    numbers
        How the numbers of text columns are written, by name: cells that hold nothing else become numbers.
    shares
        Names of the columns that are shown in percent.
    measures
        What each column needs (`measure_columns`): widths and decimal places are chosen by it.
    already_harmless
        The cells come from a result that `ResultWriter` wrote: an apostrophe put there is not doubled.

    Raises
    ------
    TableError
        ``too_large``: more rows than a sheet holds.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(target), OPTIONS) as book:
        if about:
            _write_about(book, about)
        page = book.add_worksheet(sheet)
        written = [(numbers or {}).get(name) for name in names]
        measures = measures or [Measure() for _ in names]
        looks = [
            _look(book, measure, how, is_share=name in shares)
            for name, how, measure in zip(names, written, measures, strict=True)
        ]
        safe = _still_harmless if already_harmless else harmless
        _begin_sheet(book, page, names, measures, safe)
        row = 0
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
                    _write_cell(page, (row, place), value, written[place], safe, looks[place])
        page.autofilter(0, 0, row, len(names) - 1)
        # Ids are text on purpose; a spreadsheet would mark each of them as a mistake.
        page.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_SHEET_ROWS + 1}"})
    return row


def _begin_sheet(book, page, names, measures, safe):
    bold = book.add_format({"bold": True, "bottom": 1})
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    for place, (name, measure) in enumerate(zip(names, measures, strict=True)):
        wanted = max(measure.characters + 2, len(name) + FILTER_MARK, NARROWEST)
        page.set_column(place, place, min(wanted, WIDEST))
        page.write_string(0, place, safe(name), bold)


def _look(book, measure, written, *, is_share):
    """Return how the numbers of a column are shown; None where the program may choose.

    Only amounts get marks between thousands: a whole number may be a year or a post code.
    """
    if is_share:
        return book.add_format({"num_format": SHARE})
    if written and written.percent:
        return book.add_format({"num_format": f"0{'.' * bool(measure.places)}{'0' * measure.places}%"})
    if written and measure.places:
        return book.add_format({"num_format": f"#,##0.{'0' * measure.places}"})
    return None


def _write_about(book, facts):
    page = book.add_worksheet(ABOUT)
    for place, width in enumerate(ABOUT_WIDTHS):
        page.set_column(place, place, width)
    bold, plain = book.add_format({"bold": True}), book.add_format({"align": "left"})
    formats = {
        Share: book.add_format({"num_format": SHARE, "align": "left"}),
        date: book.add_format({"num_format": DAY, "align": "left"}),
        int: book.add_format({"num_format": "#,##0", "align": "left"}),
        float: book.add_format({"num_format": "#,##0.00", "align": "left"}),
        str: plain,
    }
    for row, fact in enumerate(facts):
        if fact.label:
            page.write_string(row, 0, harmless(fact.label), bold if fact.is_heading else plain)
        for place, value in enumerate(fact.values, start=1):
            look = bold if fact.is_heading else formats.get(type(value))
            if isinstance(value, str):
                page.write_string(row, place, harmless(value), look)
            elif isinstance(value, date):
                page.write_datetime(row, place, value, look)
            elif value is not None:
                page.write_number(row, place, value, look)


def _still_harmless(cell):
    if isinstance(cell, str) and (cell.startswith("'") or PLAIN_NUMBER.fullmatch(cell)):
        return cell
    return harmless(cell)


def _bare_number(text: str, written: NumberFormat) -> float | None:
    """Return the number in a cell; None where something stands beside it, such as its currency."""
    bare = text.replace(written.thousands, "") if written.thousands else text
    is_percent = written.percent and bare.endswith(PERCENT_SIGN)
    try:
        number = float(bare.removesuffix(PERCENT_SIGN if is_percent else "").replace(written.decimal, "."))
    except ValueError:
        return None
    # A sheet holds 0.21, and shows 21% by its format.
    number = float(f"{number / 100:.15g}") if is_percent else number
    return number if np.isfinite(number) else None


def _write_cell(
    page, at: tuple[int, int], value: object, written: NumberFormat | None, safe: Callable, look
) -> None:
    if isinstance(value, str):
        number = _bare_number(value, written) if written else None
        if number is not None:
            page.write_number(*at, number, look)
        elif value:
            page.write_string(*at, safe(value))
    elif isinstance(value, bool):
        page.write_boolean(*at, value)
    elif value is not None and np.isfinite(value):
        page.write_number(*at, value, look)
