"""A file that writes all its numbers or dates otherwise is refused as a whole, with nothing to leave out."""

import pytest

from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.tests.own_tables import german_rows, planned, write_german


@pytest.fixture
def plan(tmp_path):
    return planned(write_german(tmp_path / "may.csv"))


def refused(tmp_path, plan, rows, **options):
    path = write_german(tmp_path / "t.csv", rows)
    schema = plan.table_schema(name="own", purpose="predict")
    with pytest.raises(TableError) as refusal:
        check_table(path, schema, rejects_path=tmp_path / "rejects.csv", **options)
    return refusal.value


def with_points(row):
    return [*row[:2], row[2].replace(".", "").replace(",", "."), *row[3:]]


def month_first(row):
    day, month, year = row[3].split(".")
    return [*row[:3], f"{month}/{day}/{year}", *row[4:]]


@pytest.mark.parametrize("bad_rows", ["refuse", "leave_out"])
def test_another_decimal_sign_in_the_whole_file_is_said_of_the_file(bad_rows, tmp_path, plan):
    error = refused(tmp_path, plan, [with_points(row) for row in german_rows()], bad_rows=bad_rows)

    assert error.message.startswith(
        "Column Umsatz: this file writes numbers with a decimal point, e.g. '1100.00' in row 2; the numbers "
        "of these customers have a decimal comma."
    )
    assert (error.kind, error.column, error.rejects) == ("wrong_mapping", "Umsatz", None)


@pytest.mark.parametrize("bad_rows", ["refuse", "leave_out"])
def test_another_order_of_dates_is_said_of_the_file_and_no_row_is_read_wrong(bad_rows, tmp_path, plan):
    error = refused(tmp_path, plan, [month_first(row) for row in german_rows()], bad_rows=bad_rows)

    assert (
        "Column Beginn: this file writes dates as month, day, year, e.g. '01/13/2023' in row 14"
        in error.message
    )
    assert "written as day, month, year, as in 31/12/2024" in error.message
    assert error.rejects is None


def test_some_rows_that_are_written_otherwise_are_mistakes_of_their_own(tmp_path, plan):
    rows = german_rows()
    rows[12] = month_first(rows[12])
    rows[3] = with_points(rows[3])

    error = refused(tmp_path, plan, rows)

    assert error.rejects["rows"] == 2 and "download them, or leave them out" in error.message


def test_many_mistakes_that_fit_no_way_are_mistakes_of_their_rows(tmp_path, plan):
    rows = german_rows()
    for row in rows[:100]:
        row[2] = "viel"

    assert refused(tmp_path, plan, rows).rejects["rows"] == 100


@pytest.mark.parametrize("number", [1, 120])
def test_nothing_is_offered_where_every_row_is_bad(number, tmp_path, plan):
    rows = german_rows(number)
    for row in rows:
        row[2] = "viel"

    error = refused(tmp_path, plan, rows)

    assert error.rejects is None
    assert "leave" not in error.message and error.message.endswith("Correct the file and upload it again.")
    assert error.message.startswith(
        "The only row" if number == 1 else "No row of the file can be used: all 120"
    )
