"""A percentage is one number, whether a sheet shows it by a format or a text file writes its sign."""

import openpyxl
import pyarrow as pa
import pytest

from tabular.errors import TableError
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.snapshots.frame import load_frame
from tabular.snapshots.plan import SnapshotPlan
from tabular.snapshots.workbook import measure_columns, write_xlsx
from tabular.source.percent_formats import percent_format
from tabular.tests.logs import import_log
from tabular.tests.own_tables import planned
from tabular.tests.small import write_table
from tabular.values.amounts import NumberFormat, read_number, read_numbers

HEADER = ["Nr", "Rebate", "left"]
SHARES = [round(0.005 * (row % 90), 3) for row in range(120)]


def csv_of(path, written):
    rows = [[f"c{row}", written(share), ("no", "yes", "no")[row % 3]] for row, share in enumerate(SHARES)]
    return write_table(path, rows, header=HEADER)


def in_percent(share):
    return f"{100 * share:g}%"


def workbook_of(path, number_format, scale=1):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for row, share in enumerate(SHARES):
        book.active.append([f"c{row}", share * scale, ("no", "yes", "no")[row % 3]])
        book.active.cell(row + 2, 2).number_format = number_format
    book.save(path)
    return path


def plan_of(path):
    return planned(path, outcome="left", left_value="yes", id_column="Nr")


def rebates(path, plan):
    schema = plan.table_schema(name="own", purpose="predict")
    report = check_table(path, schema)
    return report, load_frame(path, report.spec, schema).columns["Rebate"].to_pylist()


@pytest.mark.parametrize(("number_format", "scale"), [("0%", 1), ("0.0%;[Red]-0.0%", 1), ('0.0"%"', 100)])
def test_the_same_number_is_read_from_a_workbook_and_from_text(number_format, scale, tmp_path):
    text = csv_of(tmp_path / "may.csv", in_percent)
    book = workbook_of(tmp_path / "may.xlsx", number_format, scale)

    for learned in (text, book):
        plan = SnapshotPlan.from_dict(plan_of(learned).to_dict())
        report, found = rebates(book, plan)

        assert found == rebates(text, plan)[1] == pytest.approx([100 * share for share in SHARES])
        assert report.warnings[0] == (
            "120 numbers read in percent, as the sheet shows, e.g. row 2, column B, '0%'."
        )
        assert plan.table_schema(name="own", purpose="predict").column("Rebate").percent


def test_plans_of_before_tell_by_their_cells_whether_there_was_a_sign(tmp_path):
    for name, written, had in (("a.csv", in_percent, True), ("b.csv", "{:g}".format, False)):
        old = plan_of(csv_of(tmp_path / name, written)).to_dict()
        for column in old["columns"]:
            del column["percent"]

        assert SnapshotPlan.from_dict(old).columns[1].percent is had


@pytest.mark.parametrize(
    ("learned", "sent", "said"),
    [
        (
            in_percent,
            "{:g}".format,
            "Column Rebate: '0.005' in row 3 has no percent sign, and the",
        ),
        (in_percent, lambda share: f"{100 * share:g}", "'0.5' in row 3 has no percent sign"),
        (
            "{:g}".format,
            in_percent,
            "'0.5%' in row 3 has a percent sign, and the numbers of these",
        ),
        (lambda share: f"{100 * share:g}".replace(".", ","), in_percent, "has a percent sign"),
    ],
)
def test_a_file_that_may_mean_hundred_times_as_much_is_refused(learned, sent, said, tmp_path):
    plan = plan_of(csv_of(tmp_path / "may.csv", learned))

    with pytest.raises(TableError, match=r"21% stands (there|in this one) as 21 or as 0\.21") as refused:
        rebates(csv_of(tmp_path / "june.csv", sent), plan)

    assert said in refused.value.message and refused.value.column == "Rebate"


def test_a_decimal_comma_is_read_beside_the_sign(tmp_path):
    plan = plan_of(csv_of(tmp_path / "may.csv", in_percent))
    german = write_table(
        tmp_path / "june.csv",
        [[f"c{row}", in_percent(share).replace(".", ","), "no"] for row, share in enumerate(SHARES)],
        header=HEADER,
        delimiter=";",
    )

    report, found = rebates(german, plan)

    assert found == pytest.approx([100 * share for share in SHARES])
    assert "Column Rebate: numbers are written with a decimal comma here" in report.warnings[0]


def test_amounts_in_several_currencies_are_named_in_every_file(tmp_path):
    plan = plan_of(csv_of(tmp_path / "may.csv", lambda share: f"{100 * share:g} EUR"))

    mixed = csv_of(tmp_path / "june.csv", lambda share: f"{100 * share:g} {'$' if share == 0.44 else '€'}")
    report, _ = rebates(mixed, plan)

    assert any(
        "Column Rebate: amounts in 2 currencies, such as '0 €' and" in said for said in report.warnings
    )
    assert "currencies" not in str(rebates(tmp_path / "may.csv", plan)[0].warnings)


@pytest.mark.parametrize(("second", "said"), [("USD", ["'EUR' and 'USD'"]), ("Euro", [])])
def test_so_are_those_of_a_column_that_says_the_currency(second, said, tmp_path):
    rows = [[f"c{n}", f"{n}.5", ("EUR", second)[n % 2], ("no", "yes", "no")[n % 3]] for n in range(60)]
    path = write_table(tmp_path / "t.csv", rows, header=["Nr", "Fee", "Currency", "left"])

    report = check_table(path, plan_of(path).table_schema(name="own", purpose="train"), purpose="train")

    found = [each.partition("such as ")[2].partition(".")[0] for each in report.warnings if "currenc" in each]
    assert found == said


def test_some_cells_of_the_other_kind_are_mistakes_of_their_rows(tmp_path):
    plan = plan_of(csv_of(tmp_path / "may.csv", in_percent))
    mixed = csv_of(tmp_path / "june.csv", lambda share: "0.07" if share == 0.07 else in_percent(share))

    with pytest.raises(TableError, match="and most numbers here have one") as refused:
        rebates(mixed, plan)

    assert "'0.07' has no percent sign" in refused.value.message
    assert refused.value.rejects["rows"] == SHARES.count(0.07)


@pytest.mark.parametrize("percent", [True, False, None])
@pytest.mark.parametrize("decimal", [".", ","])
def test_in_bulk_and_one_by_one_the_same_numbers_are_read(percent, decimal):
    cells = ["21%", "21 %", "%21", "-3%", "(4%)", "5", "0", "0%", "$5", "1.5%", "1,5%", "many%", "%"]
    written = NumberFormat(decimal, percent=percent)
    values, _, bad = read_numbers(pa.array(cells), written)

    for cell, value, is_bad in zip(cells, values, bad, strict=True):
        try:
            assert (read_number(cell, written), False) == (value, is_bad)
        except ValueError:
            assert is_bad


def test_formats_that_show_no_percentage_are_none():
    assert [percent_format(code) for code in ("0", "General", None, "[<1]0%;0", "0.00", '0" EUR"')] == [
        ""
    ] * 6


def test_a_result_shows_percentages_as_its_file_does(tmp_path):
    batch = pa.RecordBatch.from_pydict({"Rebate": ["21%", "0.5%", "", "7 %"]})
    written = {"Rebate": NumberFormat(percent=True)}
    write_xlsx(
        tmp_path / "t.xlsx",
        ["Rebate"],
        [batch],
        numbers=written,
        measures=measure_columns([batch], list(written.values())),
    )

    cells = openpyxl.load_workbook(tmp_path / "t.xlsx").active["A"][1:]

    assert [(cell.value, cell.number_format) for cell in cells if cell.value] == [
        (0.21, "0.0%"),
        (0.005, "0.0%"),
        (0.07, "0.0%"),
    ]


def test_a_discount_is_above_zero_however_its_log_writes_it(tmp_path):
    given = {}
    for name, written in (("may", "{}%"), ("june", "0.{:02d}"), ("july", "{}")):
        rows = [
            [f"c{n % 9}", f"2024-01-{1 + n % 28:02d}", "9.5", written.format(n % 3 * 10)] for n in range(30)
        ]
        path = write_table(
            tmp_path / f"{name}.csv", rows, header=["customer_id", "date", "amount", "discount"]
        )
        given[name] = [event["discount"] > 0 for event in import_log(path)[1]]

    assert given["may"] == given["june"] == given["july"] and sum(given["may"]) == 20


def test_amounts_of_a_log_have_one_kind_of_number_too(tmp_path):
    rows = [
        [f"c{row % 9}", f"2024-01-{1 + row % 28:02d}", "5%" if row == 7 else f"{row}.50"] for row in range(60)
    ]
    path = write_table(tmp_path / "log.csv", rows, header=["customer_id", "date", "amount"])

    column = preview_table(path).columns[2]

    assert (column.percent, column.unreadable) == (False, 1)
