"""What a workbook looks like: a table that is read, filtered and sent on without touching it first."""

import datetime

import openpyxl
import pyarrow as pa
import pytest

from tabular.previews.preview import preview_table
from tabular.snapshots.workbook import Fact, Measure, Share, measure_columns, write_xlsx
from tabular.source.sheets import ABOUT
from tabular.values.amounts import NumberFormat

COLUMNS = {
    "id": ["00123", "A-2", "a customer id that is longer than any column should be wide"],
    "months": ["2024", "7", ""],
    "charges": ["1234.5", "29.85", "7"],
    "churn_probability": ["0.421300", "0.999999", "0.000000"],
}
NUMBERS = dict.fromkeys(("months", "charges", "churn_probability"), NumberFormat())


@pytest.fixture
def book(tmp_path):
    """Return a function that writes the table and opens it again."""

    def write(**options):
        batch = pa.RecordBatch.from_pydict(COLUMNS)
        measures = measure_columns([batch], [NUMBERS.get(name) for name in COLUMNS])
        path = tmp_path / "t.xlsx"
        write_xlsx(
            path,
            list(COLUMNS),
            [batch],
            numbers=NUMBERS,
            shares={"churn_probability"},
            measures=measures,
            **options,
        )
        return openpyxl.load_workbook(path)

    return write


def test_the_header_is_bold_stays_in_view_and_filters_all_rows(book):
    sheet = book()["Result"]

    assert all(cell.font.bold for cell in sheet[1])
    assert not any(cell.font.bold for cell in sheet[2])
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:D4"


def test_chances_are_shown_in_percent_and_amounts_with_their_places(book):
    sheet = book()["Result"]

    def shown(column):
        return [(row[column].value, row[column].number_format) for row in sheet.iter_rows(min_row=2)]

    assert shown(3) == [(0.4213, "0.0%"), (0.999999, "0.0%"), (0, "0.0%")]
    assert shown(2) == [(1234.5, "#,##0.00"), (29.85, "#,##0.00"), (7, "#,##0.00")]


def test_a_whole_number_may_be_a_year_and_gets_no_marks_between_thousands(book):
    cell = book()["Result"]["B2"]

    assert (cell.value, cell.number_format) == (2024, "General")


def test_columns_are_as_wide_as_their_text_within_reason(book):
    sheet = book()["Result"]

    assert sheet.column_dimensions["A"].width == pytest.approx(40, abs=1)
    assert sheet.column_dimensions["D"].width >= len("churn_probability") + 3


@pytest.mark.parametrize(
    ("decimal", "cells", "places"),
    [
        (".", ["1", "2.5", "3.125"], 3),
        (",", ["1.234", "2,5"], 1),
        (".", ["0.12345678901", ""], 6),
        (".", ["29.85 EUR", "7"], 0),
        (".", [], 0),
    ],
)
def test_counts_the_places_that_a_column_needs(decimal, cells, places):
    batch = pa.RecordBatch.from_pydict({"x": pa.array(cells, pa.string())})

    (found,) = measure_columns([batch], [NumberFormat(decimal)])

    assert found == Measure(characters=max(map(len, cells), default=0), places=places)


def test_the_first_sheet_tells_about_the_table_and_runs_nothing(book):
    about = [
        Fact("=1+1", is_heading=True),
        Fact("Named", (1_200, Share(0.25))),
        Fact("As of", (datetime.date(2026, 3, 2),)),
        Fact("Model", ("@SUM(A1)",)),
    ]

    written = book(about=about)

    assert written.sheetnames == [ABOUT, "Result"]
    sheet = written[ABOUT]
    assert sheet["A1"].value == "'=1+1" and sheet["A1"].font.bold
    assert (sheet["B2"].value, sheet["B2"].number_format) == (1_200, "#,##0")
    assert (sheet["C2"].value, sheet["C2"].number_format) == (0.25, "0.0%")
    assert sheet["B3"].value.date() == datetime.date(2026, 3, 2)
    assert sheet["B4"].value == "'@SUM(A1)"


def test_sent_back_to_us_the_table_is_read_and_not_what_is_told_about_it(book, tmp_path):
    book(about=[Fact("Named", (3,))])

    found = preview_table(tmp_path / "t.xlsx")

    assert [column.name for column in found.columns] == list(COLUMNS)
    assert [row["values"][0] for row in found.rows] == COLUMNS["id"]
