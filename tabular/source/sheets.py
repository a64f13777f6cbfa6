"""Which sheet of a workbook is read: the only one that may be meant, or the one that somebody named."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tabular.errors import TableError, counted, shown
from tabular.source.archive import Archive
from tabular.source.styles import styles_of
from tabular.source.xlsx import (
    Sheet,
    Workbook,
    letters,
    parse_part,
    refuse_other_archives,
    shared_strings,
)

# Where a workbook of ours says what its table is (`tabular.snapshots.workbook`).
ABOUT = "About this table"
# Cells of the first row, and of a row below it, that make a sheet a table.
FEWEST_NAMES, FEWEST_CELLS = 3, 2
MOST_NAMED = 5
Fits = Callable[[Sequence[str]], bool]


@dataclass
class SheetCopy:
    """What was copied, and what should be said about it."""

    sheet: str
    note: str
    warnings: list[str] = field(default_factory=list)


def write_sheet_copy(
    path: Path,
    target: Path,
    *,
    sheet: str | None = None,
    fits: Fits | None = None,
    on_progress: Callable | None = None,
) -> SheetCopy:
    """Copy one sheet of a workbook to a CSV whose record n is row n of the sheet.

    Without `sheet` it is the only one in view that may be meant. Where none looks like a table, it is the
    first that holds anything: those in view before hidden ones, and the one on which we tell about a table
    after all.

    Parameters
    ----------
    sheet
        Name of the one that is read, where somebody said it.
    fits
        Whether the names in a first row are those that are asked for; such sheets come before all others.

    Raises
    ------
    TableError
        ``several_sheets``: more than one may be meant; ``missing_sheet``: none has the name; or
        ``corrupt_archive``, ``zip_bomb``, ``xml_entity``, ``encrypted``, ``unsupported_type``,
        ``type_mismatch``, ``cell_too_long``, ``uncalculated``, ``no_rows``.
    """
    with Archive(path) as archive:
        refuse_other_archives(archive)
        book = Workbook(archive)
        texts = shared_strings(archive, book.part("sharedStrings"))
        styles = styles_of(archive, book.part("styles"))

        def new_sheet(out, kind=Sheet):
            return kind(out, texts, styles, book)

        for name, part in _in_order(archive, book, new_sheet, sheet, fits):
            with target.open("w", encoding="utf-8", newline="") as out:
                copied = new_sheet(out)
                parse_part(archive, part, copied, on_progress)
            if copied.width:
                copied.calculated.refuse_uncalculated(letters)
                others = [other for other, _ in book.sheets if other != name]
                return _said_aloud(name, others, book.hidden, copied)
    names = ", ".join(shown(name) for name, _ in book.sheets[:MOST_NAMED])
    raise TableError(
        "no_rows", f"The workbook holds no rows. Empty: {names}. Choose the file that holds them."
    )


def _in_order(archive, book, new_sheet, wanted, fits) -> list[tuple[str, str]]:
    """Return the sheets in the order in which they are tried; only one where it is known which is meant."""
    if wanted:
        return [_named(book, wanted)]
    # What somebody has hidden is rarely what is meant: it is read only where nothing else holds rows.
    order = sorted(book.sheets, key=lambda each: (each[0] == ABOUT, each[0] in book.hidden))
    in_view = [each for each in order if each[0] not in book.hidden and each[0] != ABOUT]
    if len(in_view) < 2:
        return order
    headers = {each: _header_of_table(archive, each[1], new_sheet) for each in in_view}
    tables = [each for each, header in headers.items() if header]
    tables = [each for each in tables if fits and fits(headers[each])] or tables
    if len(tables) > 1:
        raise _several([name for name, _ in tables])
    return tables or order


def _named(book, wanted) -> tuple[str, str]:
    found = next((each for each in book.sheets if each[0].strip() == wanted.strip()), None)
    if found is None:
        names = [name for name, _ in book.sheets]
        listed = ", ".join(map(shown, names[:MOST_NAMED]))
        raise TableError(
            "missing_sheet",
            f"The workbook has no sheet {shown(wanted)}. Choose one of its own: {listed}.",
            sheets=names,
        )
    return found


def _several(names: list[str]) -> TableError:
    listed = ", ".join(map(shown, names[:MOST_NAMED])) + (", …" if len(names) > MOST_NAMED else "")
    return TableError(
        "several_sheets",
        f"The workbook has {counted(len(names), 'sheet')} that may be meant: {listed}. "
        "Say which one is read.",
        sheets=names,
    )


class _SeenEnough(Exception):
    """A header and a row below it were seen."""


class _Glance(Sheet):
    """The first rows of a sheet, without those below them."""

    def __init__(self, *args):
        super().__init__(*args)
        self.rows: list[list[str]] = []

    def _write_row(self):
        super()._write_row()
        if any(self.cells.values()):
            self.rows.append([text for _, text in sorted(self.cells.items()) if text.strip()])
        if len(self.rows) == 2:
            raise _SeenEnough


def _header_of_table(archive, part, new_sheet) -> list[str]:
    """Return the names in the first row of a sheet that holds a table; nothing for any other sheet."""
    glance = new_sheet(io.StringIO(), _Glance)
    try:
        parse_part(archive, part, glance)
    except _SeenEnough:
        header, row = glance.rows
        return header if len(header) >= FEWEST_NAMES and len(row) >= FEWEST_CELLS else []
    except TableError:
        # What is wrong with a sheet is said of the one that is read.
        return []
    return []


def _said_aloud(name: str, others: list[str], hidden: set[str], sheet: Sheet) -> SheetCopy:
    def called(title: str) -> str:
        return f"{shown(title)} (hidden)" if title in hidden else shown(title)

    copy = SheetCopy(name, "")
    if others:
        rest = ", ".join(map(called, others[:MOST_NAMED]))
        copy.note = f" The sheet {called(name)} was read; others were not: {rest}."
        copy.warnings.append(copy.note.strip())
    if sheet.formulas:
        copy.warnings.append(
            f"{counted(sheet.formulas, 'cell')} with formulas: the results stored in the file were used."
        )
    copy.warnings += sheet.calculated.sentences(letters)
    if sheet.percentages:
        copy.warnings.append(
            f"{counted(sheet.percentages, 'number')} read in percent, as the sheet shows, e.g. "
            f"{sheet.first_percentage}."
        )
    if sheet.zeros[True]:
        copy.warnings.append(
            f"{counted(sheet.zeros[True], 'number')} read with the zeros that the sheet shows before them, "
            f"e.g. {sheet.first_zeros[True]}."
        )
    if sheet.zeros[False]:
        copy.warnings.append(
            f"{counted(sheet.zeros[False], 'number')} read without the zeros that the sheet may show before "
            f"them, e.g. {sheet.first_zeros[False]}. Where they belong to an id, save the column as text."
        )
    if sheet.hidden:
        copy.warnings.append(
            f"{counted(sheet.hidden, 'row is', 'rows are')} hidden in the sheet, by a filter or by hand, and "
            f"read like the others; the first is row {sheet.first_hidden:,}. Delete those that are not meant."
        )
    if sheet.long:
        copy.warnings.append(
            f"{counted(sheet.long, 'number has', 'numbers have')} more than 15 digits, e.g. "
            f"{sheet.first_long}. A spreadsheet turns those behind the 15th into zeros: where they are ids, "
            "save the column as text."
        )
    if sheet.outside:
        copy.warnings.append(f"{counted(sheet.outside, 'cell')} to the right of the header ignored.")
    if sheet.below:
        row, cells, _ = sheet.below[0]
        copy.warnings.append(
            f"{counted(len(sheet.below), 'row')} below the table not read as part of it, e.g. row {row:,}, "
            f"{shown(next(text for _, text in sorted(cells.items()) if text.strip()))}."
        )
    return copy
