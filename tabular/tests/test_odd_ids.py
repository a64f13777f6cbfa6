"""Ids that a spreadsheet has shortened name nobody, and ids that are not what they seem are named."""

import itertools

import pytest

from tabular.errors import TableError
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.snapshots.inference import infer_table
from tabular.tests.logs import import_log, write_log
from tabular.tests.small import SMALL, row, write_table


def test_customers_of_one_shortened_id_are_not_taken_for_one(tmp_path):
    path = write_table(tmp_path / "t.csv", [row("4.50E+11", months=str(n)) for n in range(30)])

    with pytest.raises(TableError, match="is what a spreadsheet makes of a long id") as refused:
        check_table(path, SMALL)

    assert (refused.value.line, refused.value.column) == (2, "id")


def test_the_others_may_be_read(tmp_path):
    path = write_table(tmp_path / "t.csv", [row(name) for name in ("4,5E+12", "12E4", "C5E", "7")])

    report = check_table(path, SMALL, bad_rows="leave_out", rejects_path=tmp_path / "rejects.csv")

    assert (report.rows_in, report.accepted, report.rejected) == (4, 3, 1)
    assert "format the column as text" in (tmp_path / "rejects.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("customer_id", "missing_id"),
        ("order_id", "shortened_id"),
        ("product", ""),
        ("category", ""),
    ],
)
def test_purchases_of_a_shortened_id_are_listed_with_the_reason_and_other_codes_are_unknown(
    role, reason, tmp_path
):
    header = ("customer_id", "order_date", "amount", "order_id", "product", "category")
    rows = [
        [f"C{n % 9}", f"2024-01-{n % 28 + 1:02d}", n, f"O{n}", f"P{n % 7}", f"G{n % 3}"] for n in range(60)
    ]
    for number, said in zip(range(0, 60, 10), itertools.cycle(["1.2E+9", "4,5e+12", "4.5E11"]), strict=False):
        rows[number][header.index(role)] = said

    report, events, rejects = import_log(write_log(tmp_path / "log.csv", rows, header=header))

    if not reason:
        assert (report.accepted, report.missing[role], [event[role] for event in events].count(None)) == (
            60,
            6,
            6,
        )
        said = [each for each in report.warnings if each.startswith(f"Column {role}: 6 codes were shortened")]
        assert len(said) == 1 and "such as '1.2E+9', and read as blank. Format the column as text" in said[0]
        return
    assert (report.accepted, report.rejected_by_reason) == (54, {reason: 6})
    assert rejects[0]["column"] == role
    assert rejects[0]["explanation"].startswith("'1.2E+9' is what a spreadsheet makes of a long id")


def test_a_log_of_shortened_orders_alone_is_refused_and_can_be_read_without_them(tmp_path):
    header = ("customer_id", "order_date", "amount", "order_id")
    rows = [(f"C{n % 9}", f"2024-01-{n % 28 + 1:02d}", n, "4.50E+11") for n in range(60)]
    path = write_log(tmp_path / "log.csv", rows, header=header)

    with pytest.raises(TableError, match="is what a spreadsheet makes of a long id") as refused:
        import_log(path)
    report, *_ = import_log(
        path, {"customer_id": "customer_id", "event_at": "order_date", "amount": "amount"}
    )

    assert (refused.value.column, "say that another column is meant" in refused.value.message) == (
        "order_id",
        True,
    )
    assert report.accepted == 60


def test_a_column_of_them_is_left_out_of_what_is_learned(tmp_path):
    rows = [[f"1.{n % 9}0E+12", "ab"[n % 2], f"{n}.5", ("no", "yes", "no")[n % 3]] for n in range(90)]
    path = write_table(tmp_path / "t.csv", rows, header=["Member no", "Plan", "Fee", "Left"])

    column = infer_table(path, preview_table(path)).column("Member no")

    assert column.role == "left out" and "has shortened its numbers" in column.role_reason


def test_long_ids_that_all_end_in_zeros_are_named(tmp_path):
    long = [f"{411111111111111 + n}{n % 10}" for n in range(1, 60)]
    cut = [f"{411111111111111 + n}0" for n in range(1, 60)]
    said = "each id of more than 15 digits has zeros behind the 15th, as a spreadsheet writes it"

    table = check_table(write_table(tmp_path / "t.csv", map(row, cut)), SMALL)
    log, *_ = import_log(
        write_log(tmp_path / "log.csv", [(name, "2024-01-05", "9", "purchase") for name in cut])
    )
    other = check_table(write_table(tmp_path / "u.csv", map(row, long)), SMALL)

    assert [sum(said in each for each in found.warnings) for found in (table, log, other)] == [1, 1, 0]


@pytest.mark.parametrize(
    ("order", "merged"),
    [
        (lambda line: "0", 25),
        (lambda line: line // 2, 0),
        (lambda line: "", 0),
        (lambda line: line // 2 % 10, 20),
    ],
)
def test_orders_that_hold_purchases_of_several_days_are_named(order, merged, tmp_path):
    header = ("customer_id", "order_date", "amount", "order_id")
    # Two lines a day, and 30 days.
    rows = [(f"C{line // 2 % 5}", f"2024-01-{1 + line // 2:02d}", line, order(line)) for line in range(60)]

    report, *_ = import_log(write_log(tmp_path / "log.csv", rows, header=header))

    said = [each for each in report.warnings if "order number of another day" in each]
    assert len(said) == bool(merged) and all(f": {merged} purchases have" in each for each in said)


def odd(said):
    return [each for each in said if "reads like the sum" in each or "nobody sees" in each]


def test_a_sum_below_the_table_and_a_character_unseen_are_named(tmp_path):
    names = ["Totally", "\ufeffa", "Total Wine", "Grand total:"]
    path = write_table(tmp_path / "t.csv", [row(name) for name in names])
    rows = [(names[n % 4], f"2024-01-{n % 28 + 1:02d}", n, "purchase") for n in range(12)]

    report = check_table(path, SMALL)
    log, *_ = import_log(write_log(tmp_path / "log.csv", rows))

    assert odd(report.warnings) == [
        "Column id: 'Grand total:' reads like the sum of other rows, and was read as a customer. Delete that "
        "row if it is none.",
        "Column id: 1 id holds a character that nobody sees, e.g. '[byte order mark]a'. They were kept as "
        "they are: elsewhere the same customers may be written without it.",
    ]
    assert len(odd(log.warnings)) == 2


def test_a_company_may_call_its_customers_so(tmp_path):
    path = write_table(tmp_path / "t.csv", [row(f"SUM-{n}") for n in range(9)])

    assert not odd(check_table(path, SMALL).warnings)
