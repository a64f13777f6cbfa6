"""What a sheet shows with zeros before it is read as people see it."""

import openpyxl
import pytest

from tabular.snapshots.check import check_table
from tabular.source.read import iter_batches
from tabular.source.zero_formats import zero_format
from tabular.values.schema import Column, TableSchema

SCHEMA = TableSchema("t", (Column("Customer", "id"), Column("Plan", "category"), Column("Visits", "number")))


@pytest.fixture
def read(tmp_path):
    """Return a function that writes ids in a number format, and returns report and rows."""

    def read(ids, number_format):
        book = openpyxl.Workbook()
        book.active.append(["Customer", "Plan", "Visits"])
        for place, value in enumerate(ids, 2):
            book.active.append([value, place, 7 * place])
            book.active.cell(place, 1).number_format = number_format
            book.active.cell(place, 2).number_format = "00"
            book.active.cell(place, 3).number_format = "000"
        path = tmp_path / "t.xlsx"
        book.save(path)
        report = check_table(path, SCHEMA)
        return report, next(iter_batches(path, report.spec, SCHEMA))

    return read


def test_ids_plans_and_numbers_keep_their_zeros(read):
    report, rows = read([42, 7, 123456], "00000")

    assert rows.ids.to_pylist() == ["00042", "00007", "123456"]
    assert rows.columns["Plan"].to_pylist() == ["02", "03", "04"]
    assert rows.columns["Visits"].to_pylist() == [14.0, 21.0, 28.0]
    assert (
        "8 numbers read with the zeros" in report.warnings[0]
        and "row 2, column A, '00042'" in report.warnings[0]
    )


@pytest.mark.parametrize(
    ("number_format", "seen"),
    [("000-000", "001-042"), ('"K-"0000', "K-1042"), ("000\\.000", "001.042"), ("[Red]00000;-0", "01042")],
)
def test_signs_of_the_format_are_read_too(number_format, seen, read):
    _, rows = read([1042], number_format)

    assert rows.ids.to_pylist() == [seen]


@pytest.mark.parametrize(("value", "number_format"), [(4.5, "00000"), (-42, "00000"), (42, "0000#")])
def test_what_cannot_be_shown_is_read_as_it_is_and_named(value, number_format, read):
    report, rows = read([value], number_format)

    assert rows.ids.to_pylist() == [f"{value:g}"]
    assert any(
        "1 number read without the zeros" in said and number_format in said for said in report.warnings
    )


@pytest.mark.parametrize("number_format", ["General", "0", "00000"])
def test_ids_of_more_digits_than_a_number_keeps_are_whole_all_the_same(number_format, read):
    report, rows = read([1234567890123450, 100000000000000000, 4.5e20, 999999999999999], number_format)

    assert rows.ids.to_pylist() == [
        "1234567890123450",
        "100000000000000000",
        "450000000000000000000",
        "999999999999999",
    ]
    if number_format != "00000":
        assert any(
            "3 numbers have more than 15 digits, e.g. row 2, column A, '123" in s for s in report.warnings
        )


@pytest.mark.parametrize(
    "code", ["0", "0.00", "#,##0", "General", "0%", "0.000", '0" EUR"', None, "#,##0.00;(0.00)"]
)
def test_formats_of_amounts_are_none_of_these(code):
    assert zero_format(code) is None


def test_the_shared_workbook_is_read_as_people_see_it(shared, tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes((shared / "badfiles/real/r09_zero_format.xlsx").read_bytes())
    name = openpyxl.load_workbook(path).active.cell(1, 1).value

    schema = TableSchema("t", (Column(name, "id"),))
    report = check_table(path, schema)

    ids = next(iter_batches(path, report.spec, schema)).ids.to_pylist()
    assert ids[0].startswith("0") and any("with the zeros" in said for said in report.warnings)
