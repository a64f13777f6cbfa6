"""The check accounts for every row, names the first mistake, and remembers how to read the rest."""

import csv
import json

import pytest

from tabular.errors import TableError
from tabular.snapshots.check import CheckReport, check_table, check_table_in_child
from tabular.source.read import iter_batches
from tabular.source.spec import ParseSpec
from tabular.tests.small import HEADER, SMALL, row, write_table
from tabular.values.schema import TableSchema


def lines_of(path, report):
    return [line for batch in iter_batches(path, report.spec, SMALL) for line in batch.lines.tolist()]


def test_says_where_the_first_mistake_is_and_how_many_are_like_it(tmp_path):
    rows = [row("a"), row("b", total="n/a"), row("c", total="n/a"), row("d", months="-1")]
    path = write_table(tmp_path / "t.csv", rows)

    with pytest.raises(TableError) as refusal:
        check_table(path, SMALL, rejects_path=tmp_path / "rejects.csv")

    error = refusal.value
    assert (error.kind, error.line, error.column) == ("bad_number", 3, "total")
    assert str(error) == (
        "Row 3, column total: 'n/a' is not a number. 2 rows like this and 1 row with other mistakes. "
        "Download them, or leave them out."
    )
    assert error.rejects == {"rows": 3, "path": str(tmp_path / "rejects.csv")}


def test_leaves_bad_rows_out_and_lists_them(tmp_path):
    rows = [row("a"), row("b", total="=cmd|' /C calc'!A0"), row("c")[:4], row(""), row("e"), row("a")]
    path = write_table(tmp_path / "t.csv", rows)

    report = check_table(path, SMALL, bad_rows="leave_out", rejects_path=tmp_path / "rejects.csv")

    assert (report.rows_in, report.accepted, report.duplicates, report.rejected) == (6, 2, 1, 3)
    assert lines_of(path, report) == [2, 6]
    with open(report.rejects_path, encoding="utf-8-sig", newline="") as file:
        listed = list(csv.reader(file))
    assert listed[0] == ["line", "column", "value", "reason"]
    assert [entry[:2] for entry in listed[1:]] == [["3", "total"], ["4", ""], ["5", "id"]]
    assert listed[1][2].startswith("'=cmd")


def test_refuses_a_file_of_which_no_row_is_left(tmp_path):
    path = write_table(tmp_path / "t.csv", [row("a", total="x"), row("b", total="y")])

    with pytest.raises(TableError, match="all 2 have mistakes") as refusal:
        check_table(path, SMALL, bad_rows="leave_out")

    assert refusal.value.kind == "no_rows"


def test_lets_the_later_row_of_an_id_count_and_names_both(tmp_path):
    path = write_table(
        tmp_path / "t.csv", [row("a", total="1"), row("b"), row("a", total="2"), row("a", total="1")]
    )

    report = check_table(path, SMALL, rejects_path=tmp_path / "rejects.csv")

    assert (report.rows_in, report.accepted, report.duplicates, report.rejected) == (4, 2, 1, 1)
    assert lines_of(path, report) == [3, 5]
    assert "Row 5, column id: 'a' already stands in row 4" in report.warnings[0]


def test_refuses_to_learn_from_an_id_with_two_truths(tmp_path):
    rows = [row(name, left=left) for name, left in zip("abcdefa", ("Yes", "No") * 4, strict=False)]
    path = write_table(tmp_path / "t.csv", [*rows, row("a", left="No")])

    with pytest.raises(TableError) as refusal:
        check_table(path, SMALL, purpose="train")

    assert (refusal.value.kind, refusal.value.line) == ("duplicate_customers", 9)


def test_refuses_to_learn_without_a_label(tmp_path):
    path = write_table(tmp_path / "t.csv", [row()[:5]], header=HEADER[:5])

    with pytest.raises(TableError, match="column left is missing") as refusal:
        check_table(path, SMALL, purpose="train")

    assert refusal.value.kind == "missing_columns"


def test_counts_what_is_unknown_or_unusual_instead_of_hiding_it(tmp_path):
    rows = [
        row("a", plan="Gold"),
        row("b", plan="gold"),
        row("c", plan=" pro"),
        row("d", plan=""),
        row("e", months="90"),
    ]
    path = write_table(tmp_path / "t.csv", rows)

    report = check_table(path, SMALL)

    assert report.unknown_categories == {"plan": {"rows": 3, "values": {"Gold": 1, "gold": 1, "": 1}}}
    assert report.out_of_range == {"months": {"rows": 1, "minimum": 90.0, "maximum": 90.0}}
    batch = next(iter_batches(path, report.spec, SMALL))
    assert batch.columns["plan"].to_pylist() == ["Gold", "gold", "Pro", "", "Basic"]
    assert any("another spelling (' pro' as Pro)" in warning for warning in report.warnings)
    assert "Column months: 1 number outside the usual range: 90." in report.warnings


def test_a_blank_number_means_something_only_where_the_rule_says_so(tmp_path):
    good = write_table(
        tmp_path / "good.csv", [row("a", months="0", total=" "), row("b", months="0.0", total="   ")]
    )
    bad = write_table(tmp_path / "bad.csv", [row("a", months="1", total=" ")])

    report = check_table(good, SMALL)

    assert next(iter_batches(good, report.spec, SMALL)).columns["total"].to_pylist() == [0.0, 0.0]
    with pytest.raises(TableError, match="may be blank only where months is 0"):
        check_table(bad, SMALL)


def test_many_skipped_lines_lie_in_a_file_beside_the_upload(tmp_path):
    rows = [row(f"c{i}", total="x" if i % 2 else "1") for i in range(4000)]
    path = write_table(tmp_path / "t.csv", rows)

    report = check_table(path, SMALL, bad_rows="leave_out")

    assert report.spec.skip == () and report.spec.skip_file
    assert lines_of(path, report) == list(range(2, 4002, 2))
    assert report.spec.companions(path) == [tmp_path / "t.csv.skip.npy"]


def test_refuses_more_bytes_than_allowed(tmp_path):
    path = write_table(tmp_path / "t.csv", [row()])

    with pytest.raises(TableError, match="Split it") as refusal:
        check_table(path, SMALL, max_bytes=10)

    assert refusal.value.kind == "too_large"


def test_leaves_nothing_beside_a_refused_upload(tmp_path):
    folder = tmp_path / "incoming"
    folder.mkdir()
    path = folder / "t.csv"
    path.write_bytes(b"\xff\xfe" + "id;plan\r\n1;2\r\n".encode("utf-16-le"))

    with pytest.raises(TableError):
        check_table(path, SMALL)

    assert list(folder.iterdir()) == [path]


def test_the_child_finds_what_the_check_finds(tmp_path):
    path = write_table(tmp_path / "t.csv", [row("a"), row("b", months="90"), row("a")])
    steps = []

    report = check_table_in_child(path, SMALL, on_progress=lambda *step: steps.append(step))

    assert report == check_table(path, SMALL)
    assert steps[-1][1] == steps[-1][2] == path.stat().st_size


def test_report_and_schema_survive_json(tmp_path):
    report = check_table(write_table(tmp_path / "t.csv", [row("a"), row("a"), row("b")]), SMALL)

    again = CheckReport.from_dict(json.loads(json.dumps(report.to_dict())))

    assert again == report
    assert ParseSpec.from_dict(json.loads(json.dumps(report.spec.to_dict()))) == report.spec
    assert TableSchema.from_dict(json.loads(json.dumps(SMALL.to_dict()))) == SMALL
