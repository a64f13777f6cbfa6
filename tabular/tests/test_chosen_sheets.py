"""Which sheet of a workbook is read, and which workbooks are not."""

import io
import zipfile

import pytest
import xlsxwriter

from tabular.errors import TableError
from tabular.previews.preview import preview_table

HEADER = ("customer_id", "order_date", "amount")


def workbook(path, *sheets):
    """Write sheets, each with a name, whether it is hidden, and how many rows it has."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        pages = []
        for name, state, rows in sheets:
            page = book.add_worksheet(name)
            pages.append((page, state))
            for number, cells in enumerate([HEADER, *[(f"{name}{n}", "2024-01-05", n) for n in range(rows)]]):
                if rows:
                    page.write_row(number, 0, cells)
        next(page for page, state in pages if state == "visible").activate()
        for page, state in pages:
            if state == "hidden":
                page.hide()
            elif state == "veryHidden":
                page.very_hidden()
    path.write_bytes(file.getvalue())
    return path


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_comes_after_those_that_can_be_seen(state, tmp_path):
    found = preview_table(workbook(tmp_path / "a.xlsx", ("Cache", state, 5), ("Orders", "visible", 5)))

    assert found.table.sheet == "Orders"
    assert "The sheet 'Orders' was read; others were not: 'Cache' (hidden)." in found.warnings


def test_a_hidden_sheet_is_read_where_no_other_holds_rows_and_this_is_said(tmp_path):
    found = preview_table(workbook(tmp_path / "a.xlsx", ("Cover", "visible", 0), ("Data", "hidden", 5)))

    assert found.table.sheet == "Data"
    assert "The sheet 'Data' (hidden) was read; others were not: 'Cover'." in found.warnings


def test_of_several_sheets_that_can_be_seen_the_first_is_read_and_this_is_said(tmp_path):
    found = preview_table(workbook(tmp_path / "a.xlsx", ("May", "visible", 5), ("June", "visible", 5)))

    assert found.table.sheet == "May"
    assert "The sheet 'May' was read; others were not: 'June'." in found.warnings


def test_a_workbook_with_macros_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsm", ("Orders", "visible", 5))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macros")

    with pytest.raises(TableError, match="Save it without them") as refused:
        preview_table(path)

    assert refused.value.kind == "unsupported_type"
