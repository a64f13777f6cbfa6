"""The preview and the import read every cell alike, and as it was meant, however the log is written.

Each file is made from known values. What is shown before the mapping, what is shown after it, and what the
import wrote must all be these values: a second parser on any of the three ways would differ in some files.
"""

import itertools
import re
from datetime import datetime, time, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from tabular.logs.events import import_events, preview_events
from tabular.logs.mapping import EventSpec, freeze
from tabular.previews.preview import Preview, preview_table
from tabular.tests.logs import NOW, write_log

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8-sig": ("utf-8", b"\xef\xbb\xbf"),
    "utf-16": ("utf-16-le", b"\xff\xfe"),
    "cp1252": ("cp1252", b""),
    "latin-1": ("latin-1", b""),
}
SIGNS = [
    (".", ""), (".", ","), (",", "."), (",", " "), (".", "'"), (",", "\u202f"), (".", "lakhs"),
]  # fmt: skip
ORDERS = {"YMD": "%Y-%m-%d", "DMY": "%d/%m/%Y", "MDY": "%m/%d/%Y"}
# What stands behind the date, and in a column of its own.
CLOCKS = {
    "day": ("", None),
    "minutes": (" %H:%M", None),
    "seconds": (" %H:%M:%S", None),
    "minutes apart": ("", "%H:%M"),
    "seconds apart": ("", "%H:%M:%S"),
    "halves apart": ("", "%I:%M %p"),
}
HEADER = ("Kundennummer", "Datum", "Betrag", "Menge", "Produkt", "Typ")
TIME = "Uhrzeit"
MAPPING = {
    "customer_id": "Kundennummer", "event_at": "Datum", "amount": "Betrag", "quantity": "Menge",
    "product": "Produkt", "event_type": "Typ",
}  # fmt: skip
START = datetime(2023, 1, 3, 8, 5, 9)


def meant(place: int) -> dict:
    """Return the event that row `place` of each file means."""
    amount = Decimal(place * place * 731 * 97 % 900_000_000) / 100 * (-1 if place % 11 == 5 else 1)
    kind = "login" if place % 7 == 3 else "purchase"
    if kind == "login":
        amount = None
    elif amount < 0:
        kind = "return"
    return {
        "customer_id": f"{place % 9:04d}",
        "event_at": START + timedelta(days=7 * place, hours=5 * place, seconds=place),
        "amount": amount,
        "event_type": kind,
        "quantity": 1 + place % 1200,
        "product": f"Café №{place}".replace("№", "° ") if place % 5 else None,
    }


ROWS = [meant(place) for place in range(40)]


def written_number(value, decimal, thousands) -> str:
    if value is None:
        return ""
    text = f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"
    if thousands == "lakhs":
        head, point, cents = text.replace(",", "").partition(".")
        return re.sub(r"(?<=[0-9])(?=(?:[0-9]{2})*[0-9]{3}$)", ",", head) + point + cents
    return text.translate({ord(","): thousands, ord("."): decimal})


def cells_of(row, order, clock, decimal, thousands, place) -> list[str]:
    amount = written_number(row["amount"], decimal, thousands)
    if place == 8:
        # One cell that only the exact rules read.
        amount = f"Rs. {amount}" if thousands == "lakhs" else f"€ {amount}"
    behind, apart = CLOCKS[clock]
    return [
        row["customer_id"],
        row["event_at"].strftime(ORDERS[order] + behind),
        amount,
        written_number(row["quantity"], decimal, thousands),
        row["product"] or "",
        "login" if row["event_type"] == "login" else ("Purchase" if place % 2 else ""),
        *([row["event_at"].strftime(apart)] if apart else []),
    ]


def header_of(clock):
    return (*HEADER, TIME) if CLOCKS[clock][1] else HEADER


def truncated(moment: datetime, clock: str) -> datetime:
    if clock == "day":
        return moment.replace(hour=0, minute=0, second=0)
    return moment if "seconds" in clock else moment.replace(second=0)


def assert_read_as_meant(path, clock):
    preview = Preview.from_dict(preview_table(path).to_dict())
    apart = CLOCKS[clock][1]
    mapping = MAPPING | ({"time": TIME} if apart else {})
    spec = EventSpec.from_dict(freeze(preview, mapping).to_dict())
    shown = preview_events(preview, spec)
    events = path.with_name("events.parquet")
    report = import_events(
        path, spec, events_path=events, rejects_path=path.with_name("rejects.csv"), now=NOW
    )
    written = pq.read_table(events).to_pylist()
    expected = [
        row
        | {
            "event_at": truncated(row["event_at"], clock),
            "amount": None if row["amount"] is None else float(row["amount"]),
            "quantity": float(row["quantity"]),
        }
        for row in ROWS
    ]

    assert (report.rows_in, report.accepted) == (len(ROWS), len(ROWS)), report
    assert report.has_time == (clock != "day")
    assert [dict(sorted(row.items())) for row in written] == [dict(sorted(row.items())) for row in expected]
    iso = [row | {"event_at": row["event_at"].isoformat(" ")} for row in expected]
    assert [row["values"] for row in shown] == [
        {name: row[name] for name in shown[0]["values"]} for row in iso
    ]
    if apart:
        days = [row["event_at"].partition(" ") for row in iso]
        cells = [{"event_at": f"{day} 00:00:00", "time": time} for day, _, time in days]
        iso = [row | cell for row, cell in zip(iso, cells, strict=True)]
    roles = {"event_at": 1, "amount": 2, "quantity": 3, "product": 4} | ({"time": 6} if apart else {})
    for name, place in roles.items():
        assert [row["values"][place] for row in preview.rows] == [row[name] for row in iso], name


def texts():
    """Each delimiter in UTF-8 and each other encoding with one of them; all pairs of both are a proof."""
    chosen = set(zip(itertools.cycle(DELIMITERS), ENCODINGS)) | {(name, "utf-8") for name in DELIMITERS}
    for pair in itertools.product(DELIMITERS, ENCODINGS):
        yield pytest.param(*pair, marks=() if pair in chosen else pytest.mark.prove)


@pytest.mark.parametrize(("delimiter", "encoding"), list(texts()))
def test_a_text_file_is_shown_and_imported_as_it_was_meant(delimiter, encoding, tmp_path):
    codec, bom = ENCODINGS[encoding]
    for place, ((decimal, thousands), order) in enumerate(itertools.product(SIGNS, ORDERS)):
        # Each clock meets each order, but not all signs: the times have none.
        clock = list(CLOCKS)[(place % len(ORDERS) + place // len(ORDERS)) % len(CLOCKS)]
        path = tmp_path / "log.csv"
        cells = [cells_of(row, order, clock, decimal, thousands, n) for n, row in enumerate(ROWS)]
        if codec == "latin-1":
            cells = [[cell.replace("€", "$") for cell in row] for row in cells]
        if not codec.startswith("utf"):
            cells = [[cell.replace("\u202f", "\u00a0") for cell in row] for row in cells]
        write_log(
            path, cells, header=header_of(clock), delimiter=DELIMITERS[delimiter], encoding=codec, bom=bom
        )

        assert_read_as_meant(path, clock)

        path.with_name("log.csv.canonical.csv").unlink(missing_ok=True)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("signs", SIGNS, ids=lambda signs: "".join(signs))
@pytest.mark.parametrize("clock", ["seconds", "halves apart"])
def test_a_workbook_of_texts_is_shown_and_imported_as_it_was_meant(clock, signs, order, tmp_path):
    path = tmp_path / "log.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header_of(clock))
        for number, row in enumerate(ROWS):
            for place, cell in enumerate(cells_of(row, order, clock, *signs, number)):
                sheet.write_string(number + 1, place, cell)

    assert_read_as_meant(path, clock)


def write_cells(path, write_when, header=HEADER, **options):
    """Write a workbook of numbers; `write_when` writes the cells that say when."""
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header)
        for number, row in enumerate(ROWS, 1):
            sheet.write_string(number, 0, row["customer_id"])
            write_when(book, sheet, number, row["event_at"])
            if row["amount"] is not None:
                sheet.write_number(number, 2, float(row["amount"]))
            sheet.write_number(number, 3, row["quantity"])
            sheet.write_string(number, 4, row["product"] or "")
            sheet.write_string(number, 5, "login" if row["event_type"] == "login" else "purchase")


@pytest.mark.parametrize("format_", ["yyyy-mm-dd hh:mm:ss", "dd.mm.yy", "m/d/yyyy h:mm AM/PM"])
def test_a_workbook_of_dates_and_numbers_is_shown_and_imported_as_it_was_meant(format_, tmp_path):
    path = tmp_path / "log.xlsx"

    def write_when(book, sheet, number, moment):
        sheet.write_datetime(number, 1, moment, book.add_format({"num_format": format_}))

    write_cells(path, write_when)

    assert_read_as_meant(path, "seconds")


@pytest.mark.parametrize("first_year", [1900, 1904])
@pytest.mark.parametrize("format_", ["hh:mm:ss", "[$-409]h:mm AM/PM;@", 'h "Uhr" mm', "General"])
def test_a_workbook_with_parts_of_a_day_beside_days_is_shown_and_imported_as_it_was_meant(
    format_, first_year, tmp_path
):
    path = tmp_path / "log.xlsx"

    def write_when(book, sheet, number, moment):
        # Spreadsheets keep a date as the number of a day, and a time as a part of a day.
        sheet.write_datetime(number, 1, moment.date(), book.add_format({"num_format": "dd/mm/yyyy"}))
        part = (moment - datetime.combine(moment, time())) / timedelta(days=1)
        sheet.write_number(number, 6, part, book.add_format({"num_format": format_}))

    write_cells(path, write_when, header_of("seconds apart"), date_1904=first_year == 1904)

    assert_read_as_meant(path, "seconds apart")


def test_a_workbook_whose_days_and_times_are_bare_numbers_is_shown_and_imported_as_it_was_meant(tmp_path):
    path = tmp_path / "log.xlsx"

    def write_when(book, sheet, number, moment):
        days = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
        sheet.write_number(number, 1, int(days))
        sheet.write_number(number, 6, days - int(days))

    write_cells(path, write_when, header_of("seconds apart"))

    assert_read_as_meant(path, "seconds apart")
