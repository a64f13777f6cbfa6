"""The parts of a workbook, and a sheet written row by row as a CSV that the one reader of rows reads.

The sheet is read with expat itself: a document type is refused before anything in it is expanded, a cell is
refused while it grows, rows out of order are noticed, and only one row is in memory. openpyxl has none of
these limits.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from xml.parsers import expat

from tabular.errors import TableError, shown
from tabular.source.archive import Archive, corrupt
from tabular.source.formulas import NO_RESULT, FormulaCounter, is_zero
from tabular.source.percent_formats import PERCENT, SIGNED, as_percentage
from tabular.source.zero_formats import ZeroFormat
from tabular.values.cells import LONGEST_CELL, is_blank
from tabular.values.words import says_total

# What is being done, as people read it.
OF_WORKBOOK = "Reading the workbook"
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
WHOLE = re.compile(r"-?[0-9]{1,21}")
# The same for numbers that are written with an exponent. What is larger is no id.
LONGEST_WHOLE = 1e21
LOSES_DIGITS = 1e15
# What may count rows, texts and styles: int() takes the digits of all scripts, and not thousands of them.
INDEX = re.compile(r"[0-9]{1,9}")
# Office Open XML allows the first two; the others are the same bytes in a workbook that holds ASCII only.
ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1"})
# More rows than these are no notes.
MOST_BELOW = 50


def refuse_other_archives(archive: Archive) -> None:
    if archive.has("xl/workbook.bin"):
        raise TableError(
            "unsupported_type", "This is a binary workbook (.xlsb). Save it as .xlsx or as CSV (UTF-8)."
        )
    if archive.has("xl/vbaProject.bin"):
        raise TableError(
            "unsupported_type",
            "The workbook holds macros (.xlsm). Save it without them, as .xlsx or as CSV (UTF-8).",
        )
    if not any(name.startswith("xl/") for name in archive.parts):
        raise TableError(
            "type_mismatch",
            "This is an archive, but not an Excel workbook. Upload the .xlsx or CSV file itself.",
        )
    for needed in ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if not archive.has(needed):
            raise corrupt(f"the part {posixpath.basename(needed)} is missing")


class Part:
    """Handlers of the parser for one part; names come without their prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        pass

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


def parse_part(archive: Archive, name: str, part: Part, on_progress: Callable | None = None) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: part.start(tag.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda tag: part.end(tag.rpartition(":")[2])
    parser.CharacterDataHandler = part.text
    parser.XmlDeclHandler = lambda version, encoding, standalone: _refuse_encoding(name, encoding)
    # No workbook needs a document type; refusing it means that no entity is ever expanded or fetched.
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.EntityDeclHandler = _refuse_document_type
    parser.ExternalEntityRefHandler = _refuse_document_type
    done, total = 0, archive.parts[name.lower()].file_size if archive.has(name) else 0
    try:
        for chunk in archive.stream(name):
            parser.Parse(chunk, False)
            done += len(chunk)
            if on_progress:
                on_progress(OF_WORKBOOK, min(done, total), total)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise corrupt(f"the part {posixpath.basename(name)} is not well-formed XML") from error


def _refuse_encoding(name: str, encoding: str | None) -> None:
    # expat would ask Python for the table of any other one, and Python answers with errors of several kinds.
    if encoding and encoding.lower() not in ENCODINGS:
        raise corrupt(f"the part {posixpath.basename(name)} claims to be written in {shown(encoding)}")


def _refuse_document_type(*details):
    raise TableError(
        "xml_entity",
        "The workbook holds an XML document type or entity, which no spreadsheet program writes. "
        "Open it in a spreadsheet program, save it as a new .xlsx file and upload that.",
    )


class Workbook(Part):
    """Names and parts of the sheets, in their order."""

    def __init__(self, archive: Archive):
        self.found: list[tuple[str, str]] = []
        self.hidden: set[str] = set()
        self.epoch = datetime(1899, 12, 30)
        self.is_due = False
        relations = _Relations()
        parse_part(archive, "xl/_rels/workbook.xml.rels", relations)
        parse_part(archive, "xl/workbook.xml", self)
        self.relations = relations.targets
        self.sheets = []
        for name, relation in self.found:
            kind, target = self.relations.get(relation, ("", ""))
            if kind == "worksheet":
                self.sheets.append((name, target))
        if not self.sheets:
            raise corrupt("it names no sheet")

    def start(self, name, attributes):
        if name == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            self.found.append((attributes.get("name", ""), relation))
            if attributes.get("state", "visible") != "visible":
                self.hidden.add(attributes.get("name", ""))
        elif name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            self.epoch = datetime(1904, 1, 1)
        elif name == "calcPr":
            self.is_due = attributes.get("fullCalcOnLoad") in ("1", "true")

    def part(self, kind: str) -> str | None:
        """Return the name of the only part of a kind."""
        return next((target for found, target in self.relations.values() if found == kind), None)


class _Relations(Part):
    def __init__(self):
        self.targets: dict[str, tuple[str, str]] = {}

    def start(self, name, attributes):
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            full = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            self.targets[attributes.get("Id", "")] = attributes.get("Type", "").rpartition("/")[2], full


def shared_strings(archive: Archive, name: str | None) -> list[str]:
    part = _SharedStrings()
    if name and archive.has(name):
        parse_part(archive, name, part)
    return part.texts


class _SharedStrings(Part):
    def __init__(self):
        self.texts: list[str] = []
        self.pieces: list[str] = []
        self.length = 0
        self.collects = self.phonetic = False

    def start(self, name, attributes):
        if name == "si":
            self.pieces, self.length = [], 0
        elif name == "rPh":
            self.phonetic = True
        elif name == "t":
            self.collects = not self.phonetic

    def end(self, name):
        if name == "t":
            self.collects = False
        elif name == "rPh":
            self.phonetic = False
        elif name == "si":
            self.texts.append(_unescaped("".join(self.pieces)))

    def text(self, data):
        if self.collects:
            self.length += len(data)
            if self.length > LONGEST_CELL:
                raise TableError(
                    "cell_too_long", f"A cell has more than {LONGEST_CELL:,} characters. Shorten it."
                )
            self.pieces.append(data)


class Sheet(Part):
    """Writes each row as soon as it ends."""

    def __init__(self, out, texts: list[str], styles: list[str | ZeroFormat], book: Workbook):
        self.out, self.texts, self.styles, self.epoch = out, texts, styles, book.epoch
        # Two characters end a line here, so that the writer quotes cells with either; `out` gets one.
        self.line = io.StringIO()
        self.writer = csv.writer(self.line, lineterminator="\r\n")
        self.width = self.formulas = self.outside = 0
        self.calculated = FormulaCounter(are_due=book.is_due)
        # Numbers shown with zeros: how many became text as it is seen, how many could not, and the first.
        self.zeros: Counter = Counter()
        self.first_zeros: dict[bool, str] = {}
        self.percentages, self.first_percentage = 0, ""
        # Rows out of sight that were read, and the first of them.
        self.is_hidden, self.hidden, self.first_hidden = False, 0, 0
        # Numbers of more digits than a spreadsheet keeps.
        self.long, self.first_long = 0, ""
        self.row = self.written = 0
        # Filled cells of the first row below the header, and what may stand below the table.
        self.usual = 0
        self.below: list[tuple[int, dict[int, str], dict[int, str]]] = []
        self.cells: dict[int, str] = {}
        # The results among them.
        self.results: dict[int, str] = {}
        self.place, self.kind, self.style = -1, "n", 0
        self.pieces: list[str] = []
        self.length = 0
        self.collects = self.phonetic = False
        self.is_formula = self.has_value = False

    def start(self, name, attributes):
        if name == "c":
            self._start_cell(attributes)
        elif name == "v" or (name == "t" and not self.phonetic):
            self.collects = self.has_value = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "f":
            self.formulas += 1
            self.is_formula = True
        elif name == "rPh":
            self.phonetic = True

    def end(self, name):
        if name == "c":
            stored = "".join(self.pieces)
            value = self._value(stored)
            if self.is_formula:
                value = self._result(value)
                # What is shown of 0 may be 0%, a day or 00000.
                self.results[self.place] = "0" if self.kind == "n" and is_zero(stored) else value
            if value:
                self.cells[self.place] = value
        elif name in ("v", "t"):
            self.collects = False
        elif name == "row":
            self._write_row()
        elif name == "rPh":
            self.phonetic = False

    def text(self, data):
        if self.collects:
            self.length += len(data)
            if self.length > LONGEST_CELL:
                raise TableError(
                    "cell_too_long",
                    f"Row {self.row:,}, column {letters(self.place)}: the cell has more than "
                    f"{LONGEST_CELL:,} characters. "
                    "Shorten it.",
                    line=self.row,
                    column=letters(self.place),
                )
            self.pieces.append(data)

    def _start_row(self, attributes):
        given = attributes.get("r")
        number = self.row + 1 if given is None else int(given) if INDEX.fullmatch(given) else 0
        if not self.row < number <= MOST_ROWS:
            raise corrupt(f"after row {self.row:,} comes a row with the number {shown(given or str(number))}")
        self.row, self.place, self.cells, self.results = number, -1, {}, {}
        self.is_hidden = attributes.get("hidden") in ("1", "true")

    def _start_cell(self, attributes):
        reference = attributes.get("r")
        if reference is None:
            place = self.place + 1
        else:
            found = REFERENCE.fullmatch(reference)
            if not found or int(found[2]) != self.row:
                raise corrupt(
                    f"row {self.row:,} holds a cell with the reference {shown(reference)}", line=self.row
                )
            place = -1
            for letter in found[1]:
                place = (place + 1) * 26 + ord(letter) - 65
        if place >= MOST_COLUMNS or place in self.cells:
            raise corrupt(f"row {self.row:,} holds a cell twice or beyond the last column", line=self.row)
        self.place = place
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "0")
        self.pieces, self.length = [], 0
        self.is_formula = self.has_value = False

    def _result(self, value: str) -> str:
        """Return the result of a formula, and what stands for it where the file has none.

        Only texts may be of no characters: what IF() gives for "" is a result.
        """
        has_result = self.has_value if self.kind == "str" else any(map(str.strip, self.pieces))
        return value if has_result else NO_RESULT

    def _value(self, text: str) -> str:
        if self.kind == "n":
            return self._number(text.strip())
        if self.kind == "s":
            index = text.strip()
            if not INDEX.fullmatch(index) or int(index) >= len(self.texts):
                raise corrupt(f"row {self.row:,} refers to a text that is not there", line=self.row)
            return self.texts[int(index)]
        if self.kind == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        return _unescaped(text)

    def _number(self, text: str) -> str:
        if not text:
            return ""
        try:
            value = float(text)
        except ValueError:
            return text
        shows = self._shows() if self.style != "0" else ""
        if isinstance(shows, ZeroFormat):
            return self._with_zeros(_shortest(value, text), shows)
        if shows in (PERCENT, SIGNED):
            return self._percentage(value, shows)
        if shows:
            return self._moment(value, text, shows)
        if LOSES_DIGITS <= abs(value) < LONGEST_WHOLE:
            self._name_long(_shortest(value, text))
        return _shortest(value, text)

    def _name_long(self, text: str) -> None:
        self.long += 1
        self.first_long = self.first_long or f"row {self.row:,}, column {letters(self.place)}, {shown(text)}"

    def _with_zeros(self, text: str, written: ZeroFormat) -> str:
        seen = written.show(text)
        self.zeros[seen is not None] += seen != text
        if seen != text:
            at = f"row {self.row:,}, column {letters(self.place)}"
            told = f"{shown(seen)}" if seen else f"{shown(text)} by the format {shown(written.code)}"
            self.first_zeros.setdefault(seen is not None, f"{at}, {told}")
        return text if seen is None else seen

    def _percentage(self, value: float, shows: str) -> str:
        seen = as_percentage(value, shows)
        self.percentages += 1
        self.first_percentage = self.first_percentage or (
            f"row {self.row:,}, column {letters(self.place)}, {shown(seen)}"
        )
        return seen

    def _shows(self) -> str | ZeroFormat:
        known = INDEX.fullmatch(self.style) and int(self.style) < len(self.styles)
        return self.styles[int(self.style)] if known else ""

    def _moment(self, days: float, text: str, shows: str) -> str:
        try:
            moment = self.epoch + timedelta(milliseconds=round(days * 86_400_000))
        except (OverflowError, ValueError):
            return text
        if shows == "time" and moment.date() == self.epoch.date():
            # Part of a day, and of no day: what a cell holds that shows nothing but hours and minutes.
            return moment.time().isoformat()
        return moment.date().isoformat() if moment.time() == time.min else moment.isoformat(" ")

    def _write_row(self):
        cells = {place: value for place, value in self.cells.items() if not is_blank(value)}
        if not cells:
            return
        if not self.width:
            self.width = max(cells) + 1
        self.outside += sum(place >= self.width for place in cells)
        inside = sum(place < self.width for place in cells)
        if not inside:
            # A note beside the table is no row of it.
            return
        if self._is_below(inside):
            self.below.append((self.row, self.cells, self.results))
            return
        if self.written and not self.usual:
            self.usual = inside
        for held in self.below:
            self._put(*held)
        self.below = []
        self._put(self.row, self.cells, self.results)
        if self.is_hidden:
            self.hidden += 1
            self.first_hidden = self.first_hidden or self.row

    def _is_below(self, inside: int) -> bool:
        """Whether a row looks like a note or a total below the table: apart from it, or called so, and short.

        Where a row of the table follows, it was none.
        """
        if 2 * inside >= self.usual or len(self.below) >= MOST_BELOW:
            return False
        first = self.cells[min(place for place, text in self.cells.items() if not is_blank(text))]
        return bool(self.below) or self.row > self.written + 1 or says_total(first)

    def _put(self, row: int, cells: dict[int, str], results: dict[int, str]) -> None:
        if results:
            self.calculated.take(row, results, self.width)
        # Blank rows become blank lines, so that a record's number is the row's number.
        self.out.write("\n" * (row - self.written - 1))
        self.written = row
        self.line.seek(0)
        self.line.truncate()
        self.writer.writerow([cells.get(place, "") for place in range(self.width)])
        self.out.write(self.line.getvalue()[:-2] + "\n")


def _shortest(value: float, text: str) -> str:
    if WHOLE.fullmatch(text):
        return str(int(text))
    if value.is_integer() and abs(value) < LONGEST_WHOLE:
        # A number keeps fifteen digits or more; those behind them are zeros, as the sheet shows.
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    # Sheets store 29.85 as 29.850000000000001; the shortest text that gives the same number is what people
    # see.
    return repr(value) if abs(value) < 1e300 else text


def letters(place: int) -> str:
    text, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    return ESCAPED.sub(
        lambda found: (
            chr(int(found[1], 16)) if int(found[1], 16) not in (0, *range(0xD800, 0xE000)) else found[0]
        ),
        text,
    )
