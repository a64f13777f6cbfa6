"""Which sheet of a workbook is read, and which workbooks are not."""

import io
import zipfile

import pytest
import xlsxwriter

from tabular.errors import TableError
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.source.read import iter_batches
from tabular.tests.small import HEADER as HEADER_OF_SMALL
from tabular.tests.small import SMALL, row

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


def with_rows(path, sheets):
    """Write sheets in view, each with its rows."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                page.write_row(number, 0, cells)
    return path


def with_notes(path):
    orders = [HEADER, *[(f"k{n}", "2024-01-05", n) for n in range(5)]]
    notes = [["Export of May", "by the shop", "for you"], ["Questions?"], ["Ask us."]]
    return with_rows(path, {"Read me": notes, "Orders": orders, "Empty": []})


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_comes_after_those_that_can_be_seen(state, tmp_path):
    found = preview_table(workbook(tmp_path / "a.xlsx", ("Cache", state, 5), ("Orders", "visible", 5)))

    assert found.table.sheet == "Orders"
    assert "The sheet 'Orders' was read; others were not: 'Cache' (hidden)." in found.warnings


def test_a_hidden_sheet_is_read_where_no_other_holds_rows_and_this_is_said(tmp_path):
    found = preview_table(workbook(tmp_path / "a.xlsx", ("Cover", "visible", 0), ("Data", "hidden", 5)))

    assert found.table.sheet == "Data"
    assert "The sheet 'Data' (hidden) was read; others were not: 'Cover'." in found.warnings


def test_of_several_that_may_be_meant_one_is_named_and_read(tmp_path):
    path = workbook(tmp_path / "a.xlsx", ("May", "visible", 5), ("June", "visible", 5), ("Old", "hidden", 5))

    with pytest.raises(TableError, match=r"2 sheets that may be meant: 'May', 'June'\. Say which") as refused:
        preview_table(path)

    assert (refused.value.kind, refused.value.sheets) == ("several_sheets", ("May", "June"))
    for name in ("June", "Old"):
        found = preview_table(path, sheet=name)
        assert found.table.sheet == name
        assert found.rows[0]["texts"][0] == f"{name}0"
    with pytest.raises(TableError, match=r"no sheet 'July'\. Choose one of its own: 'May', 'June', 'Old'"):
        preview_table(path, sheet="July")


def test_a_sheet_that_holds_no_table_is_never_meant(tmp_path):
    found = preview_table(with_notes(tmp_path / "a.xlsx"))

    assert found.table.sheet == "Orders"
    assert "The sheet 'Orders' was read; others were not: 'Read me', 'Empty'." in found.warnings


def test_the_sheet_with_the_columns_that_are_asked_for_is_meant(tmp_path):
    rows = {"Orders": [["order", "day", "sum"], ["1", "2", "3"]], "Customers": [HEADER_OF_SMALL, row("a")]}
    path = with_rows(tmp_path / "a.xlsx", rows)

    assert check_table(path, SMALL).spec.sheet == "Customers"


def test_a_copy_that_is_gone_is_made_again_of_the_sheet_that_was_named(tmp_path):
    rows = {name: [HEADER_OF_SMALL, row(f"{name} {n}")] for n, name in enumerate(("May", "June"))}
    path = with_rows(tmp_path / "a.xlsx", rows)
    spec = check_table(path, SMALL, sheet="June").spec
    spec.source(path).unlink()

    assert next(iter_batches(path, spec, SMALL)).ids.to_pylist() == ["June 1"]


def test_a_workbook_with_macros_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsm", ("Orders", "visible", 5))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macros")

    with pytest.raises(TableError, match="Save it without them") as refused:
        preview_table(path)

    assert refused.value.kind == "unsupported_type"
