"""Notes, totals and second tables in a sheet are no customers and no purchases, and this is said."""

import pytest
import xlsxwriter

from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.tests.small import HEADER, SMALL, row

CUSTOMERS = [row(f"C{n}", months=n, total=9.5 * n) for n in range(1, 9)]


def sheet(path, more):
    """Write customers, and `more`: rows and columns with the cells that stand from there on."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Customers")
        for number, cells in enumerate([HEADER, *CUSTOMERS]):
            page.write_row(number, 0, cells)
        for (down, right), cells in more.items():
            page.write_row(down, right, cells)
    return path


def test_rows_out_of_sight_are_read_and_named(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        page = book.add_worksheet("Customers")
        for number, cells in enumerate([HEADER, *CUSTOMERS]):
            page.write_row(number, 0, cells)
        for number in (3, 5):
            page.set_row(number, options={"hidden": True})

    report = check_table(tmp_path / "t.xlsx", SMALL)

    assert report.accepted == len(CUSTOMERS)
    assert any(
        "2 rows are hidden in the sheet, by a filter or by hand, and read like the others" in said
        and "the first is row 4." in said
        for said in report.warnings
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({(11, 9): ["checked by the back office"]}, "1 cell to the right of the header ignored."),
        (
            {(11, 0): ["checked by the back office"]},
            "1 row below the table not read as part of it, e.g. row 12,",
        ),
        (
            {(9, 0): ["Total"], (9, 3): [342]},
            "1 row below the table not read as part of it, e.g. row 10, 'Total'.",
        ),
        ({(9, 0): ["Summe:"]}, "1 row below the table not read as part of it, e.g. row 10, 'Summe:'."),
        (
            {(12, 0): ["Plan", "Number"], (13, 0): ["Basic", 8], (14, 0): ["Pro", 0]},
            "3 rows below the table not read as part of it, e.g. row 13, 'Plan'.",
        ),
        ({(2, 8): ["Plan", "Number"], (3, 8): ["Basic", 8]}, "4 cells to the right of the header ignored."),
    ],
)
def test_what_stands_beside_or_below_is_not_counted(tmp_path, more, said):
    path = sheet(tmp_path / "a.xlsx", more)

    report = check_table(path, SMALL)
    seen = preview_table(path)

    assert (report.rows_in, report.accepted, seen.rows_in_file) == (8, 8, 8)
    assert len(report.warnings) == 1 and report.warnings[0].startswith(said)
    assert any(warning.startswith(said) for warning in seen.warnings)


def test_a_blank_row_between_customers_is_nothing(tmp_path):
    path = sheet(tmp_path / "a.xlsx", {(12, 0): row("C20"), (13, 0): row("Total Wine & More")})

    assert check_table(path, SMALL).accepted == 10


def test_short_rows_that_customers_follow_are_rows(tmp_path):
    path = sheet(tmp_path / "a.xlsx", {(11, 0): ["C20"], (12, 0): row("C21")})

    report = check_table(path, SMALL, bad_rows="leave_out")

    assert (report.rows_in, report.accepted, report.rejected) == (10, 9, 1)
