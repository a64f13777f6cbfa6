"""The first look at a purchase log: how it is written, what its columns hold, and its first rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from tabular.children import read_in_child
from tabular.errors import TableError, counted, place, shown
from tabular.previews.detect import MEASURED, Clues, DetectedColumn, Measure, plain, read_cells
from tabular.previews.layout import find_layout
from tabular.source.locate import locate_rows
from tabular.source.sentences import (
    guessed_encoding,
    no_rows,
    no_such_column,
    refuse_large_file,
    several_currencies,
)
from tabular.source.sniff import Progress
from tabular.source.spec import CANONICAL_SUFFIX, ParseSpec
from tabular.source.texts import Texts, iter_texts
from tabular.source.upload import DEFAULT_MAX_BYTES
from tabular.values.currencies import currencies_said, names_currency

PREVIEW_ROWS = 100
PREVIEW_MEMORY = 600 << 20
# A sheet of a million rows takes its time.
PREVIEW_SECONDS = 300
# Longer cells are cut in what is shown, shorter still in a wide table: a preview is kept in one row of a
# database. What is read is the whole.
FEWEST_CHARACTERS, MOST_CHARACTERS = 60, 200
CHARACTERS_IN_ALL = 1_000_000


@dataclass(frozen=True)
class Preview:
    """What was found in a file before anybody named its columns.

    Parameters
    ----------
    table
        Format, encoding, delimiter, sheet and header: how the rows are found.
    columns
        One for each place of the header.
    decimal
        Decimal sign of most numbers; None where there are no numbers.
    rows
        ``{"line": n, "texts": [...], "values": [...]}``: the first rows as they stand in the file and as
        they are
        read (moments and times as ISO text, None where a cell cannot be read or its order is open).
    rows_in_file
        Rows below the header, broken ones included.
    broken
        Rows that have more or fewer cells than the header, or cannot be told apart.
    """

    table: ParseSpec
    columns: tuple[DetectedColumn, ...]
    decimal: str | None
    rows: tuple[dict, ...]
    rows_in_file: int
    broken: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        """``csv`` or ``xlsx``."""
        return self.table.format

    @property
    def encoding(self) -> str:
        """Encoding of the upload."""
        return self.table.encoding

    @property
    def delimiter(self) -> str:
        """What stands between cells."""
        return self.table.delimiter

    @property
    def header(self) -> tuple[str, ...]:
        """Unique names of the columns."""
        return self.table.names

    def column(self, name: str) -> DetectedColumn:
        """Return the column of that name.

        Raises
        ------
        TableError
            ``missing_columns``: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise no_such_column(name, [column.name for column in self.columns])

    def to_dict(self) -> dict:
        """Return the preview ready for JSON."""
        return {
            "table": self.table.to_dict(),
            "format": self.format,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "header": list(self.header),
            "decimal": self.decimal,
            "columns": [column.to_dict() for column in self.columns],
            "rows": list(self.rows),
            "rows_in_file": self.rows_in_file,
            "broken": self.broken,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, found: dict) -> Preview:
        """Build the preview again from `to_dict`, also after a round trip through JSON."""
        return cls(
            table=ParseSpec.from_dict(found["table"]),
            columns=tuple(map(DetectedColumn.from_dict, found["columns"])),
            decimal=found["decimal"],
            rows=tuple(found["rows"]),
            rows_in_file=found["rows_in_file"],
            broken=found["broken"],
            warnings=tuple(found["warnings"]),
        )


def alike_columns(preview: Preview) -> list[list[DetectedColumn]]:
    """Return groups of columns whose names differ only in upper and lower case or in blanks, if at all."""
    groups: dict[str, list[DetectedColumn]] = {}
    for column, name in zip(preview.columns, preview.table.header, strict=True):
        groups.setdefault("".join(name.split()).casefold(), []).append(column)
    return [group for name, group in groups.items() if name and len(group) > 1]


def preview_table(
    path: Path | str,
    *,
    rows: int = PREVIEW_ROWS,
    encoding: str | None = None,
    sheet: str | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    on_progress: Progress | None = None,
) -> Preview:
    """Look at the purchase log at `path`: all of it where a question needs that, `rows` rows for the eye.

    A copy that is needed for reading is written beside it (``Preview.table.companions``); a refused file
    leaves none.

    Parameters
    ----------
    encoding
        One of `encodings.BY_HAND`, where a person said how the text is written.
    sheet
        Name of the sheet of a workbook that is read, where somebody said it.

    Raises
    ------
    TableError
        The file cannot be read as a table with a header.
    """
    path, canonical = Path(path), Path(f"{path}{CANONICAL_SUFFIX}")
    refuse_large_file(path, max_bytes)
    try:
        return _look_at(path, canonical, rows, encoding, sheet, on_progress or _silent)
    except BaseException:
        canonical.unlink(missing_ok=True)
        raise


def _silent(step: str, done: int, total: int) -> None:
    pass


def _look_at(
    path: Path, canonical: Path, rows: int, encoding: str | None, sheet: str | None, on_progress: Progress
) -> Preview:
    on_progress("Looking at the file", 0, path.stat().st_size)
    table, warnings = _read_table(path, canonical, encoding, sheet, on_progress)
    clues = [Clues(name, place) for place, name in enumerate(table.names)]
    head: list[tuple[int, tuple[str, ...]]] = []
    count, broken, first_broken = 0, 0, None
    for texts in _read(path, table, "Recognising columns", on_progress):
        for column, clue in zip(texts.columns, clues, strict=True):
            clue.take(column)
        if len(head) < rows and len(texts):
            places = np.arange(min(len(texts), rows - len(head)))
            head += zip(texts.lines[places].tolist(), texts.rows(places), strict=True)
        count += len(texts) + len(texts.broken)
        broken += len(texts.broken)
        first_broken = first_broken or next((fault for fault, _ in texts.broken), None)
    if not count:
        raise no_rows(table)
    if broken:
        where = f"The first: {place(first_broken.line, first_broken.column)}: {first_broken.reason}."
        warnings.append(f"{counted(broken, 'row')} cannot be read. {where}")
        if broken > count / 2:
            advice = "Correct them and upload the file again."
            raise TableError(first_broken.kind, f"{warnings[-1]} {advice}", line=first_broken.line)

    columns = _agree([clue.settle() for clue in clues], clues, table)
    columns = _measured(path, table, columns, on_progress)
    signs = [column.decimal for column in columns if column.decimal and not column.decimal_ambiguous]
    found = Preview(
        table=table,
        columns=tuple(columns),
        decimal=max(sorted(set(signs)), key=signs.count, default=None),
        rows=tuple(_shown_rows(head, columns)),
        rows_in_file=count,
        broken=broken,
        warnings=tuple(warnings),
    )
    said = [*map(_name_alike, alike_columns(found)), *map(_name_currencies, columns)]
    return replace(found, warnings=(*found.warnings, *filter(None, said)))


def _name_currencies(column: DetectedColumn) -> str:
    currencies = currencies_said(column.words) if names_currency(column.name) else column.currencies
    return several_currencies(column.name, currencies) if currencies else ""


def _name_alike(group: list[DetectedColumn]) -> str:
    names = " and ".join(shown(column.name) for column in group[:3])
    return (
        f"{counted(len(group), 'column')} have the same name but for upper and lower case or blanks; here "
        f"they are called {names}. Say which one is meant, or leave the others out of the file."
    )


def _read(path: Path, table: ParseSpec, step: str, on_progress: Progress) -> Iterator[Texts]:
    done, total = table.data_at, table.source(path).stat().st_size
    for texts in iter_texts(path, table):
        yield texts
        done += texts.size
        on_progress(step, min(done, total), total)


def _measured(
    path: Path, table: ParseSpec, columns: list[DetectedColumn], on_progress: Progress
) -> list[DetectedColumn]:
    """Return the columns with ranges and mistakes, each read as it will be imported."""
    measures = [Measure(column) for column in columns if column.kind in MEASURED]
    for texts in _read(path, table, "Measuring columns", on_progress) if measures else ():
        for measure in measures:
            measure.take(texts.columns[measure.column.place])
    found = {measure.column.place: measure.done() for measure in measures}
    return [found.get(column.place, column) for column in columns]


def _read_table(
    path: Path, canonical: Path, encoding: str | None, sheet: str | None, on_progress: Progress
) -> tuple[ParseSpec, list[str]]:
    """Return how the rows are found, writing the copy that is needed for it."""
    table, warnings = locate_rows(
        path,
        canonical,
        read_header=find_layout,
        encoding=encoding,
        wanted=sheet,
        on_progress=on_progress,
        on_letters=on_progress,
    )
    return table, warnings + ([] if encoding else guessed_encoding(path, table))


def _agree(columns: list[DetectedColumn], clues: list[Clues], table: ParseSpec) -> list[DetectedColumn]:
    """Let columns that are sure answer for those that are not: one program wrote them all."""
    orders = {
        c.date_order
        for c, clue in zip(columns, clues, strict=True)
        if clue.first_is_day or clue.second_is_day
    }
    signs = {
        c.decimal
        for c, clue in zip(columns, clues, strict=True)
        if c.decimal and not c.decimal_ambiguous and (clue.points or clue.commas)
    }
    if not signs and table.format == "xlsx":
        # The number cells of a sheet always have a point here.
        signs = {"."}
    out = []
    for column, clue in zip(columns, clues, strict=True):
        torn = min(clue.first_is_day, clue.second_is_day) > 0
        if column.date_order_ambiguous and not torn and len(orders) == 1 and None not in orders:
            column = replace(column, date_order=next(iter(orders)), date_order_ambiguous=False)
        if column.decimal_ambiguous and not min(clue.points, clue.commas) and len(signs) == 1:
            sign = next(iter(signs))
            column = replace(
                column, decimal=sign, decimal_ambiguous=False, thousands=clue.thousands_beside(sign)
            )
        out.append(column)
    return out


def _shown_rows(head: list[tuple[int, tuple[str, ...]]], columns: list[DetectedColumn]) -> list[dict]:
    values = []
    room = CHARACTERS_IN_ALL // max(1, len(head) * len(columns))
    limit = max(FEWEST_CHARACTERS, min(MOST_CHARACTERS, room))
    for column in columns:
        cells = [row[column.place] for _, row in head]
        if column.kind in MEASURED and not column.date_order_ambiguous:
            read, _, _ = read_cells(pa.array(cells, pa.string()), column)
            values.append([plain(value) for value in read])
        elif column.kind == "text":
            values.append([cell[:limit] or None for cell in cells])
        else:
            values.append([None] * len(cells))
    return [
        {
            "line": line,
            "texts": [cell[:limit] for cell in row],
            "values": [column[place] for column in values],
        }
        for place, (line, row) in enumerate(head)
    ]


def preview_table_in_child(
    path: Path | str,
    *,
    rows: int = PREVIEW_ROWS,
    encoding: str | None = None,
    sheet: str | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    memory_bytes: int = PREVIEW_MEMORY,
    seconds: float = PREVIEW_SECONDS,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Preview:
    """Do `preview_table` in a child process that is killed when it takes too much memory or time.

    Raises
    ------
    TableError
        Also ``too_much_memory`` and ``too_slow``.
    """
    found = read_in_child(
        "tabular.previews.preview:preview_for_parent",
        {"path": str(path), "rows": rows, "encoding": encoding, "sheet": sheet, "max_bytes": max_bytes},
        memory_bytes=memory_bytes,
        seconds=seconds,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return Preview.from_dict(found)


def preview_for_parent(*, on_progress: Progress, **options) -> dict:
    """Do `preview_table` in a child, with arguments and result in JSON."""
    return preview_table(on_progress=on_progress, **options).to_dict()
