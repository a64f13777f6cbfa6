"""Formulas are read by their results, and a file that holds none is no file with blank cells."""

import zipfile

import openpyxl
import pytest
import xlsxwriter

from tabular.errors import TableError
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.source.read import iter_batches
from tabular.tests.small import HEADER, SMALL, row

PLAN, TOTAL = 1, 3
DOORS = [preview_table, lambda path: check_table(path, SMALL)]


def uncalculated(path, formulas, below=()):
    """Write customers as programs do that cannot calculate: the formulas, and no results."""
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for number in range(20):
        cells = [*row(f"c{number}"), None]
        for place, formula in formulas.items():
            cells[place] = formula
        book.active.append(cells)
    for cells in below:
        book.active.append(cells)
    book.save(path)
    return path


def calculated(path, formula, result, shows="General"):
    """Write customers with a formula for the total, and what `result` says of its result."""
    with xlsxwriter.Workbook(path) as book:
        page, written = book.add_worksheet(), book.add_format({"num_format": shows})
        page.write_row(0, 0, HEADER)
        for number in range(20):
            page.write_row(number + 1, 0, row(f"c{number}"))
            page.write_formula(number + 1, TOTAL, formula, written, *result(number))
    return path


def with_empty_results(path, target):
    """Let the results be texts of no characters, as a spreadsheet program stores them."""
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(target, "w") as out:
        for name in book.namelist():
            out.writestr(name, book.read(name).replace(b"<v>nothing</v>", b"<v></v>"))
    return target


@pytest.mark.parametrize("read", DOORS, ids=["preview", "check"])
@pytest.mark.parametrize("formulas", [{TOTAL: "=1*9.5"}, {PLAN: '="Basic"'}, dict.fromkeys(range(6), "=A1")])
def test_a_formula_without_a_result_is_no_blank_cell(formulas, read, tmp_path):
    path = uncalculated(tmp_path / "t.xlsx", formulas)

    with pytest.raises(TableError) as refused:
        read(path)

    letter = "ABCDEF"[min(formulas)]
    assert refused.value.kind == "uncalculated" and refused.value.column == letter
    assert f"{20 * len(formulas)} cells hold formulas without a result, e.g. row 2, column {letter}" in (
        refused.value.message
    )
    assert "save it and upload it again" in refused.value.message
    assert list(tmp_path.glob("t.xlsx*")) == [path]


@pytest.mark.parametrize("read", DOORS, ids=["preview", "check"])
@pytest.mark.parametrize("shows", ["General", "0%", "yyyy-mm-dd", "hh:mm", "00000", "0.00"])
def test_results_that_are_all_zero_because_nobody_calculated_are_no_data(shows, read, tmp_path):
    path = calculated(tmp_path / "t.xlsx", "=1*9.5", lambda number: (), shows)

    with pytest.raises(TableError, match="Each formula in column D has the result 0") as refused:
        read(path)

    assert (refused.value.kind, refused.value.line) == ("uncalculated", 2)


def test_a_column_that_is_truly_zero_is_read_beside_one_that_was_calculated(tmp_path):
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        for number in range(20):
            page.write_row(number + 1, 0, row(f"c{number}"))
            page.write_formula(number + 1, TOTAL, "=C2*9.5", None, 28.5)
            page.write_formula(number + 1, TOTAL - 1, "=C2*0", None, 0)

    report = check_table(path, SMALL)

    assert report.accepted == 20
    assert (
        "Each formula in 1 column (C) has the result 0. If that cannot be, open the file in a "
        in (report.warnings[1])
    )


def test_percentages_of_which_some_are_zero_are_read(tmp_path):
    path = calculated(tmp_path / "t.xlsx", "=C2/100", lambda number: (number % 3 / 100,), "0%")

    assert preview_table(path).columns[TOTAL].percent


def test_results_of_which_some_are_zero_or_of_no_characters_are_read(tmp_path):
    path = calculated(tmp_path / "t.xlsx", "=C2*9.5", lambda number: (number % 3,))
    texts = calculated(tmp_path / "u.xlsx", '=IF(C2>3,"x","")', lambda number: ("nothing",))
    empty = with_empty_results(texts, tmp_path / "v.xlsx")

    report = check_table(path, SMALL)

    totals = next(iter_batches(path, report.spec, SMALL)).columns["total"].to_pylist()
    assert totals[:4] == [0, 1, 2, 0]
    assert report.warnings == ("20 cells with formulas: the results stored in the file were used.",)
    assert preview_table(empty).columns[TOTAL].kind == "blank"


def test_what_stands_below_or_beside_the_table_need_not_be_calculated(tmp_path):
    path = uncalculated(
        tmp_path / "t.xlsx", {len(HEADER): "=C2*2"}, below=[["Total", None, None, "=SUM(D2:D21)"]]
    )

    assert check_table(path, SMALL).accepted == 20
