"""A file that writes its numbers or dates otherwise than the first one is read as it writes them."""

import openpyxl
import pytest
import xlsxwriter

from tabular.errors import TableError
from tabular.snapshots.check import CheckReport, check_table
from tabular.snapshots.frame import load_frame
from tabular.tests.own_tables import GERMAN, german_rows, planned, write_german
from tabular.tests.small import write_table
from tabular.values.moments import read_moment


@pytest.fixture
def plan(tmp_path):
    return planned(write_german(tmp_path / "may.csv"))


def refused(tmp_path, plan, rows, **options):
    path = write_german(tmp_path / "t.csv", rows)
    schema = plan.table_schema(name="own", purpose="predict")
    with pytest.raises(TableError) as refusal:
        check_table(path, schema, rejects_path=tmp_path / "rejects.csv", **options)
    return refusal.value


def read(path, plan, **options):
    """Return what the check says of a file, and its rows as one reads them with what the check decided."""
    schema = plan.table_schema(name="own", purpose="predict")
    report = check_table(path, schema, rejects_path=path.with_suffix(".rejects"), **options)
    report = CheckReport.from_dict(report.to_dict())
    frame = load_frame(path, report.spec, schema)
    return report, {name: array.to_pylist() for name, array in frame.columns.items()}


def with_points(row):
    return [*row[:2], row[2].replace(".", "").replace(",", "."), *row[3:]]


def month_first(row):
    day, month, year = row[3].split(".")
    return [*row[:3], f"{month}/{day}/{year}", *row[4:]]


def write_workbook(path, rows=None):
    """Write the German rows as a workbook that holds real numbers and dates."""
    with xlsxwriter.Workbook(path) as book:
        sheet, dated = book.add_worksheet(), book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, GERMAN)
        for place, row in enumerate(map(with_points, rows or german_rows()), 1):
            sheet.write_row(place, 0, row)
            sheet.write_number(place, 2, float(row[2]))
            sheet.write_datetime(place, 3, read_moment(row[3], "DMY"), dated)
    return path


def test_customers_learned_from_a_workbook_are_read_from_a_german_csv(tmp_path):
    plan = planned(write_workbook(tmp_path / "may.xlsx"))
    rows = german_rows(90)
    rows[7][2] = rows[9][3] = ""

    report, found = read(write_german(tmp_path / "june.csv", rows), plan)
    _, same = read(write_workbook_with_blanks(tmp_path / "june.xlsx", rows), plan)

    assert found == same
    assert (report.rows_in, report.accepted, report.rejected) == (90, 90, 0)
    assert report.warnings[:2] == (
        "Column Umsatz: numbers are written with a decimal comma here, e.g. '1.100,00' in row 2, and with a "
        "decimal point in earlier files; they were read as they are written here.",
        "Column Beginn: dates are written as day, month, year here, e.g. '01.01.2023' in row 2, and as year, "
        "month, day in earlier files; they were read as they are written here.",
    )
    assert report.rejects_path is None and not (tmp_path / "june.rejects").exists()


def write_workbook_with_blanks(path, rows):
    full = [[cell or default for cell, default in zip(row, german_rows(1)[0], strict=True)] for row in rows]
    write_workbook(path, full)
    book = openpyxl.load_workbook(path)
    for place, row in enumerate(rows, 2):
        for column in (3, 4):
            if not row[column - 1]:
                book.active.cell(place, column).value = None
    book.save(path)
    return path


def test_customers_learned_from_a_german_csv_are_read_from_a_workbook(tmp_path, plan):
    _, found = read(write_workbook(tmp_path / "june.xlsx"), plan)
    _, same = read(write_german(tmp_path / "june.csv"), plan)

    assert found == same


def test_numbers_with_points_are_read_where_they_had_commas(tmp_path, plan):
    report, found = read(write_german(tmp_path / "t.csv", [with_points(row) for row in german_rows()]), plan)
    _, same = read(write_german(tmp_path / "same.csv"), plan)

    assert found == same
    assert report.spec.written == {"Umsatz": {"decimal": ".", "thousands": None, "lakhs": False}}


def test_thousands_are_separated_as_the_decimal_sign_allows(tmp_path, plan):
    swapped = str.maketrans(".,", ",.")
    rows = [[*row[:2], row[2].translate(swapped), *row[3:]] for row in german_rows()]

    report, found = read(write_german(tmp_path / "t.csv", rows), plan)
    _, same = read(write_german(tmp_path / "same.csv"), plan)

    assert found == same
    assert report.spec.written["Umsatz"]["thousands"] == ","


def test_signs_between_thousands_that_no_file_had_before_are_read(tmp_path):
    plan = planned(write_workbook(tmp_path / "may.xlsx"))
    swapped = str.maketrans(".,", ",.")
    rows = [[*row[:2], row[2].translate(swapped), *row[3:]] for row in german_rows()]

    report, found = read(write_german(tmp_path / "t.csv", rows), plan)

    assert found["Umsatz"][:2] == [1100.0, 2107.01]
    assert "numbers are written with another thousands separator here, e.g. '1,100.00'" in report.warnings[0]


def test_months_that_stand_first_are_read_where_days_did(tmp_path, plan):
    report, found = read(write_german(tmp_path / "t.csv", [month_first(row) for row in german_rows()]), plan)
    _, same = read(write_german(tmp_path / "same.csv"), plan)

    assert found == same
    assert report.warnings[0].startswith(
        "Column Beginn: dates are written as month, day, year here, e.g. '01/13/2023' in row 14, and as day, "
        "month, year in earlier files"
    )


def test_a_column_that_does_not_tell_is_read_as_the_others_of_its_file(tmp_path):
    header = ["Nr", "Joined", "Paid until", "Fee", "Points", "left"]
    rows = []
    for row in range(150):
        joined, paid = f"{1 + row % 28:02d}.{1 + row % 12:02d}.2021", f"01.{1 + row % 12:02d}.2022"
        numbers = f"{row % 90},50", f"{1 + row % 9}.{100 + row}"
        rows.append([str(row), joined, paid, *numbers, ("no", "yes", "no")[row % 3]])
    path = write_table(tmp_path / "may.csv", rows, header=header, delimiter=";")
    plan = planned(path, outcome="left", left_value="yes", id_column="Nr", decimals={"Points": ","})
    swapped = str.maketrans(".,", ",.")
    american = []
    for name, *dates, fee, points, left in rows:
        turned = (f"{month}/{day}/{year}" for day, month, year in (cell.split(".") for cell in dates))
        american.append([name, *turned, fee.translate(swapped), points.translate(swapped), left])

    report, found = read(write_table(tmp_path / "june.csv", american, header=header, delimiter=";"), plan)
    _, same = read(path, plan)

    assert found == same
    assert "Column Paid until: dates are written as month, day, year here, e.g. '02/01/2022' in row 3" in str(
        report.warnings
    )
    assert report.spec.written["Points"]["decimal"] == "."


def test_dates_that_may_be_both_are_read_as_before(tmp_path, plan):
    rows = [[*row[:3], f"0{1 + place % 9}/02/2023", *row[4:]] for place, row in enumerate(german_rows())]

    report, found = read(write_german(tmp_path / "t.csv", rows), plan)

    assert report.spec.written == {}
    assert found["Beginn"][0] - found["Beginn"][1] == 1


def test_a_file_is_refused_where_several_other_ways_read_it_differently(tmp_path):
    plan = planned(write_workbook(tmp_path / "may.xlsx"))
    rows = [[*row[:3], f"0{1 + place % 9}.02.2023", *row[4:]] for place, row in enumerate(german_rows())]

    error = refused(tmp_path, plan, [with_points(row) for row in rows], bad_rows="leave_out")

    assert error.message == (
        "Column Beginn: '01.02.2023' in row 2 may be day, month, year or month, day, year, and no row of the "
        "file tells which; the dates of these customers were written as year, month, day so far. Write them "
        "so in the whole file and upload it again."
    )
    assert (error.kind, error.column, error.rejects) == ("wrong_mapping", "Beginn", None)


def test_one_mistake_does_not_turn_the_other_dates_round(tmp_path, plan):
    rows = [[*row[:3], f"01.0{1 + place % 9}.2023", *row[4:]] for place, row in enumerate(german_rows())]
    rows[5][3] = "01.13.2023"

    assert refused(tmp_path, plan, rows).rejects["rows"] == 1


def test_a_mistake_in_a_file_that_writes_otherwise_is_one_of_its_row(tmp_path, plan):
    rows = [month_first(row) for row in german_rows()]
    rows[4][2] = "viel"

    report, found = read(write_german(tmp_path / "t.csv", rows), plan, bad_rows="leave_out")

    assert (report.rows_in, report.accepted, report.rejected, len(found["Beginn"])) == (120, 119, 1, 119)
    assert "'viel'" in (tmp_path / "t.rejects").read_text("utf-8-sig")
    assert len((tmp_path / "t.rejects").read_text("utf-8-sig").splitlines()) == 2


def test_some_rows_that_are_written_otherwise_are_mistakes_of_their_own(tmp_path, plan):
    rows = german_rows()
    rows[12] = month_first(rows[12])
    rows[3] = with_points(rows[3])

    error = refused(tmp_path, plan, rows)

    assert error.rejects["rows"] == 2 and "Download them, or leave them out" in error.message


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


def test_a_day_of_a_workbook_stands_without_a_time_in_what_comes_back(tmp_path, plan):
    report, _ = read(write_workbook(tmp_path / "june.xlsx"), plan)

    assert [row[3] for row in report.preview[:2]] == ["2023-01-01", "2023-02-02"]
