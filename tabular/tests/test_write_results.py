"""Results hold the original columns untouched, and nothing that a spreadsheet runs."""

import csv
import io
from decimal import Decimal

import numpy as np
import openpyxl
import pyarrow as pa
import pytest

from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.snapshots.workbook import write_xlsx
from tabular.snapshots.write import ResultWriter, fixed_decimals
from tabular.source.danger import harmless, harmless_array, original
from tabular.source.read import iter_batches
from tabular.source.records import iter_records
from tabular.tests.small import SMALL, row, write_table
from tabular.values.amounts import NumberFormat


def result_of(path, added):
    spec = check_table(path, SMALL).spec
    target = path.with_name("result.csv")
    with ResultWriter(target, spec, list(added)) as result:
        for batch in iter_batches(path, spec, SMALL):
            result.write(batch, {name: values[: len(batch)] for name, values in added.items()})
    return target.read_bytes()


def test_safe_rows_are_copied_byte_for_byte(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'id,plan,months,total\r\n00123,"Basic",3, 9.50\r\n1E5,Pro,03,.5\r\n')

    result = result_of(path, {"prediction": [1, 0], "churn_probability": np.array([0.5, 1.0])})

    assert result == (
        b"id,plan,months,total,prediction,churn_probability\r\n"
        b'00123,"Basic",3, 9.50,1,0.500000\r\n1E5,Pro,03,.5,0,1.000000\r\n'
    ).replace(b"churn_probability\r\n", b"churn_probability\r\n")


def test_negative_numbers_stay_numbers_and_ids_do_not_run(tmp_path):
    rows = [
        row("-1", total="-5", note="-2.5"),
        row("+1", note="=1+1"),
        row("b", note="@x"),
        row("'=1"),
        row("c", note="it's"),
    ]
    path = write_table(tmp_path / "t.csv", rows)

    result = result_of(path, {"prediction": ["Yes"] * 5}).decode()

    read = list(csv.reader(result.splitlines()))[1:]
    assert [(r[0], r[3], r[4]) for r in read] == [
        ("'-1", "-5", "-2.5"),
        ("'+1", "9.5", "'=1+1"),
        ("b", "9.5", "'@x"),
        ("''=1", "9.5", ""),
        ("c", "9.5", "it's"),
    ]
    assert [original(r[0]) for r in read] == [r[0] for r in rows]


def test_an_added_name_that_is_taken_gets_a_number(tmp_path):
    path = write_table(
        tmp_path / "t.csv", [row("a")], header=["id", "plan", "months", "total", "Prediction", "left"]
    )

    assert result_of(path, {"prediction": ["Yes"]}).startswith(
        b"id,plan,months,total,Prediction,left,prediction_2\n"
    )


def test_a_dangerous_column_name_is_harmless_too(tmp_path):
    path = write_table(
        tmp_path / "t.csv", [row("a")], header=["id", "plan", "months", "total", "=1+1", "left"]
    )

    assert b",'=1+1,left,p\n" in result_of(path, {"p": ["Yes"]})


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.0, 1.0, 0.5], ["0.000000", "1.000000", "0.500000"]),
        ([1e-9, 0.9999999, 0.0421], ["0.000000", "1.000000", "0.042100"]),
        ([-1.5, 2.0], ["-1.500000", "2.000000"]),
        ([], []),
    ],
)
def test_numbers_are_written_with_six_decimals(values, texts):
    assert fixed_decimals(pa.array(values, pa.float64())).to_pylist() == texts


def test_probabilities_in_bulk_are_rounded_like_one_by_one():
    values = np.random.default_rng(7).random(2000)

    written = fixed_decimals(pa.array(values)).to_pylist()

    assert all(
        abs(Decimal(text) - Decimal(value)) <= Decimal("5.0001e-7")
        for text, value in zip(written, values, strict=True)
    )


def test_harmless_can_always_be_undone():
    for cell in ("=1", "'=1", "''=1", "'", "''", "-1", "\t", "\uff1d1", "plain", "'tis", ""):
        assert original(harmless(cell)) == cell
        assert harmless(cell) == cell or harmless(cell).startswith("'")


def test_a_workbook_holds_text_as_text(tmp_path):
    batch = pa.RecordBatch.from_pydict(
        {
            "id": ["00123", "=1+1", "http://127.0.0.1:9/", "1E5"],
            "total": ["1.50", "", "-2", "x"],
            "churn_probability": [0.5, 1.0, None, float("nan")],
        }
    )

    rows = write_xlsx(tmp_path / "t.xlsx", ["id", "total", "p"], [batch], numbers={"total": NumberFormat()})

    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert rows == 4
    assert [[cell.value for cell in line] for line in sheet.iter_rows(min_row=2)] == [
        ["00123", 1.5, 0.5],
        ["'=1+1", None, 1],
        ["http://127.0.0.1:9/", -2, None],
        ["1E5", "x", None],
    ]
    assert {line[0].data_type for line in sheet.iter_rows(min_row=2)} == {"s"}
    assert not any(line[0].hyperlink for line in sheet.iter_rows(min_row=2))


def test_a_workbook_has_numbers_where_a_file_writes_commas_before_decimals(tmp_path):
    written = NumberFormat(",", ".")
    cells = ["1.234,50", "-19,9", "0,977815", "19,90 €", ""]
    batch = pa.RecordBatch.from_pydict({"total": cells})

    write_xlsx(tmp_path / "t.xlsx", ["total"], [batch], numbers={"total": written})

    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    found = [line[0].value for line in sheet.iter_rows(min_row=2)]
    assert found[:4] == [1234.5, -19.9, 0.977815, "19,90 €"]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_numbers_are_written_with_the_sign_of_the_file(tmp_path, delimiter):
    path = write_table(tmp_path / "t.csv", [row("a"), row("b")], delimiter=delimiter)
    spec = check_table(path, SMALL).spec

    with ResultWriter(tmp_path / "result.csv", spec, ["p"], decimal=",") as result:
        for batch in iter_batches(path, spec, SMALL):
            result.write(batch, {"p": np.array([0.5, 0.0421])})

    lines = (tmp_path / "result.csv").read_text().splitlines()
    assert [cells[-1] for cells in csv.reader(lines, delimiter=delimiter)] == ["p", "0,500000", "0,042100"]


def test_a_negative_number_with_a_comma_stays_a_number():
    for cell in ("-19,90", "-1.234,50", "-1,234.50", "-2,5e+3"):
        assert harmless_array(pa.array([cell]), numbers_too=False).to_pylist() == [cell]
    for cell in ("-19,90+1", "-A1", "-1,2;3", "-,5", "--1"):
        assert harmless_array(pa.array([cell]), numbers_too=False).to_pylist() == [f"'{cell}"]


def test_records_are_cut_where_rows_end():
    text = b'\xef\xbb\xbfid;note\r\n1;"two\nlines"\r\n2;"say ""so""\n"\n3;plain 5" pipe\n4;last'

    assert list(iter_records(io.BytesIO(text), ";")) == [
        b"\xef\xbb\xbfid;note\r\n",
        b'1;"two\nlines"\r\n',
        b'2;"say ""so""\n"\n',
        b'3;plain 5" pipe\n',
        b"4;last",
    ]


def test_a_workbook_of_a_written_result_doubles_no_apostrophe(tmp_path):
    batch = pa.RecordBatch.from_pydict({"id": ["'=1", "''=1", "=1", "-2"]})

    write_xlsx(tmp_path / "t.xlsx", ["'=id"], [batch], already_harmless=True)

    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert [line[0].value for line in sheet.iter_rows()] == ["'=id", "'=1", "''=1", "'=1", "-2"]


def test_refuses_more_rows_than_a_sheet_holds(tmp_path):
    batch = pa.RecordBatch.from_pydict({"id": pa.nulls(1_048_576, pa.string())})

    with pytest.raises(TableError, match="as CSV instead"):
        write_xlsx(tmp_path / "t.xlsx", ["id"], [batch])
