"""One file says the same of itself whether it is read as customers or as purchases."""

import pytest

from tabular.errors import TableError
from tabular.logs.mapping import freeze
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.tests.logs import import_log
from tabular.tests.own_tables import inferred, planned
from tabular.tests.small import SMALL, row, write_table

HEADER = ["customer_id", "joined", "spend", "churn"]
MAPPING = {"customer_id": "customer_id", "event_at": "joined", "amount": "spend"}


def refusal_of(read) -> dict:
    with pytest.raises(TableError) as refusal:
        read()
    return refusal.value.as_dict()


@pytest.fixture
def open_table(tmp_path):
    """Return a table whose dates and numbers can be read in two ways, as all but its first amount show."""
    rows = [
        [f"C{n}", f"{1 + n % 12:02d}/{1 + n % 11:02d}/2023", f"{1 + n % 9}.{100 + n}", ("Yes", "No")[n % 2]]
        for n in range(60)
    ]
    rows[0][2] = "17"
    return write_table(tmp_path / "t.csv", rows, header=HEADER)


def test_dates_that_can_be_read_in_two_ways(open_table):
    preview = preview_table(open_table)

    as_log = refusal_of(lambda: freeze(preview, MAPPING))

    assert as_log == refusal_of(lambda: planned(open_table))
    assert as_log["message"].startswith("Column 'joined': '01/01/2023' may be day and month")
    assert as_log["columns"] == ["joined"]


def test_numbers_that_can_be_read_in_two_ways_are_shown_with_their_sign(open_table):
    preview = preview_table(open_table)

    as_log = refusal_of(lambda: freeze(preview, MAPPING, date_order="MDY"))

    assert as_log == refusal_of(lambda: planned(open_table, date_orders={"joined": "MDY"}))
    assert as_log["message"].startswith("Column 'spend': '2.101' may be thousands or decimals")
    assert inferred(open_table).column("spend").examples[0][0] == "17"


def test_a_file_that_is_too_large_and_one_without_rows(tmp_path):
    path = write_table(tmp_path / "t.csv", [row()])
    empty = write_table(tmp_path / "empty.csv", [])

    assert refusal_of(lambda: preview_table(path, max_bytes=10)) == refusal_of(
        lambda: check_table(path, SMALL, max_bytes=10)
    )
    assert refusal_of(lambda: preview_table(empty)) == refusal_of(lambda: check_table(empty, SMALL))


def test_a_guessed_encoding_is_told_with_a_text_to_judge_it_by(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("id;plan;months;total\nJosé;Basic;1;2\n".encode("cp1252"))

    told = [each for each in preview_table(path).warnings if "not UTF-8" in each]

    assert told == [each for each in check_table(path, SMALL).warnings if "not UTF-8" in each]
    assert len(told) == 1 and "e.g. 'José;Basic;1;2'" in told[0]


def test_equal_rows(tmp_path):
    rows = [["C1", "2023-01-05", "9.50", "No"], ["C2", "2023-02-25", "7.50", "No"]]
    customers = write_table(tmp_path / "t.csv", [row(), row(), row("b", left="Yes")])
    log = write_table(tmp_path / "log.csv", [*rows, rows[0]], header=HEADER)

    told = next(each for each in check_table(customers, SMALL).warnings if "equal to" in each)

    report, _, _ = import_log(log, MAPPING)
    assert any(each.startswith(told) for each in report.warnings)
