"""An import accounts for every row, and its events say what the file says."""

import csv
import json
from datetime import datetime

import numpy as np
import pyarrow.parquet as pq
import pytest

from tabular.errors import TableError
from tabular.logs.events import ImportReport, import_events, import_events_in_child, preview_events
from tabular.logs.mapping import freeze
from tabular.previews.preview import preview_table
from tabular.source.danger import DANGEROUS
from tabular.tests.logs import NOW, guessed, import_log, write_log

GOOD = [(f"C{n % 9}", f"2024-01-{n + 1:02d}", f"{n}.50", "purchase") for n in range(20)]


def log_with(tmp_path, *rows, **how):
    return write_log(tmp_path / "log.csv", [*GOOD, *rows], **how)


def test_every_row_is_accepted_a_duplicate_or_rejected(tmp_path):
    path = log_with(
        tmp_path,
        GOOD[3],
        ("", "2024-01-05", "1.00", "purchase"),
        ("C1", "2024-02-30", "1.00", "purchase"),
        ("C1", "2024-01-05", "1,00", "purchase"),
        ("C1", "2024-01-05"),
        ("", "", "", ""),
        GOOD[3],
    )

    report, events, rejects = import_log(path)

    assert (report.rows_in, report.accepted, report.duplicates, report.rejected) == (26, 20, 2, 4)
    assert report.rejected_by_reason == {"missing_id": 1, "bad_date": 1, "bad_number": 1, "ragged_rows": 1}
    assert report.missing_ids == 1
    assert len(events) == report.accepted
    assert sorted(int(row["line"]) for row in rejects) == [23, 24, 25, 26]


def test_a_reject_names_row_reason_and_column_and_shows_the_whole_row(tmp_path):
    path = log_with(tmp_path, ("C1", "soon", "1.00", "purchase"))

    _, _, [reject] = import_log(path)

    assert reject == {
        "line": "22", "reason": "bad_date", "column": "order_date", "value": "soon",
        "explanation": "'soon' is not a date (here written as 2024-12-31)",
        "customer_id": "C1", "order_date": "soon", "amount": "1.00", "event_type": "purchase",
    }  # fmt: skip


def test_no_cell_of_the_rejects_starts_a_formula(tmp_path):
    path = log_with(
        tmp_path,
        ("=1+1", "@soon", "-5.00", "+SUM(A1)"),
        ("-7", "soon", "1.00", "\ttab"),
        header=("customer_id", "order_date", "amount", "=cmd"),
    )

    import_log(path, {"customer_id": "customer_id", "event_at": "order_date", "amount": "amount"})

    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert not [
        cell for row in rows for cell in row if DANGEROUS.match(cell) and cell[0] != "'" and cell != "-5.00"
    ]
    # An id like -7 is a name; an amount like -5.00 is a number, which no spreadsheet runs.
    assert rows[2][5] == "'-7"


def test_of_equal_rows_the_first_counts_however_they_are_quoted(tmp_path):
    path = log_with(tmp_path)
    path.write_bytes(path.read_bytes() + b'"C0","2024-01-01",0.50,"purchase"\nC0,2024-01-01,0.5,purchase\n')

    report, events, _ = import_log(path)

    # 0.50 and 0.5 are not written alike: nobody knows whether they are the same purchase.
    assert (report.duplicates, report.accepted) == (1, 21)
    assert [row["amount"] for row in events][-1] == 0.5


def test_equal_bad_rows_are_rejected_each(tmp_path):
    report, _, rejects = import_log(
        log_with(tmp_path, ("", "2024-01-05", "1", ""), ("", "2024-01-05", "1", ""))
    )

    assert (report.rejected, report.duplicates, len(rejects)) == (2, 0, 2)


def test_equal_rows_without_time_or_order_are_said_to_be_doubtful(tmp_path):
    report, _, _ = import_log(log_with(tmp_path, GOOD[3]))

    assert any("two equal purchases of one day look the same" in warning for warning in report.warnings)


def test_negative_amounts_and_refunds_are_returns(tmp_path):
    path = log_with(tmp_path, ("C1", "2024-02-01", "-5.00", ""), ("C1", "2024-02-02", "5.00", "Refund"))

    report, events, _ = import_log(path)

    assert [row["event_type"] for row in events[-2:]] == ["return", "return"]
    assert [row["amount"] for row in events[-2:]] == [-5.0, 5.0]
    assert (report.returns, report.cancellations) == (2, 0)
    assert "1 return has an amount above zero." in report.warnings


ORDERS = ("order_no", "customer", "date", "total")


def orders(tmp_path, numbers):
    rows = [(number, f"C{n % 9}", "2024-01-05 10:00", f"{n}.50") for n, number in enumerate(numbers)]
    return write_log(tmp_path / "log.csv", rows, header=ORDERS)


def test_orders_with_a_c_beside_plain_numbers_are_cancelled(tmp_path):
    report, events, _ = import_log(orders(tmp_path, ["536379", "536380", "C536379", "536381"]))

    assert [row["event_type"] for row in events] == ["purchase", "purchase", "return", "purchase"]
    assert (report.returns, report.cancellations) == (1, 1)


def test_a_shop_whose_orders_all_begin_with_a_c_has_not_cancelled_them(tmp_path):
    report, _, _ = import_log(orders(tmp_path, ["C1", "C2", "C3", "C4"]))

    assert (report.returns, report.event_types) == (0, {"purchase": 4})


def test_a_blank_type_is_a_purchase_and_other_words_are_kept(tmp_path):
    path = log_with(tmp_path, ("C1", "2024-02-01", "1", ""), ("C1", "2024-02-02", "", " Login "))

    report, events, _ = import_log(path)

    assert [row["event_type"] for row in events[-2:]] == ["purchase", "login"]
    assert events[-1]["amount"] is None
    assert report.event_types == {"purchase": 21, "login": 1}


def test_a_purchase_without_an_amount_is_a_hole(tmp_path):
    report, _, [reject] = import_log(log_with(tmp_path, ("C1", "2024-02-01", "", "")))

    assert report.rejected_by_reason == {"bad_number": 1}
    assert reject["explanation"] == "the cell is blank where a purchase needs an amount"


@pytest.mark.parametrize("nobody", ["", "  ", "NULL", "nan", "None", "#N/A"])
def test_who_is_nobody_is_set_aside(nobody, tmp_path):
    report, _, _ = import_log(log_with(tmp_path, (nobody, "2024-02-01", "1.00", "")))

    assert (report.missing_ids, report.rejected) == (1, 1)


def test_ids_stay_byte_for_byte(tmp_path):
    ids = ["007", "7", "1e5", " 7", "7.0", "Nullman", "=1", "é", "TRUE"]
    rows = [(name, "2024-01-05", f"{n}.50", "") for n, name in enumerate(ids)]

    _, events, _ = import_log(write_log(tmp_path / "log.csv", rows))

    assert [row["customer_id"] for row in events] == ids


def test_a_day_that_is_nowhere_yet_lies_in_the_future(tmp_path):
    path = log_with(tmp_path, ("C1", "2026-01-01", "1.00", ""), ("C1", "2026-01-02", "1.00", ""))

    report, _, [reject] = import_log(path)

    assert report.rejected_by_reason == {"future_date": 1}
    assert (reject["line"], reject["value"]) == ("23", "2026-01-02")


def test_labels_are_kept_and_contradictions_counted(tmp_path):
    rows = [(f"C{n % 4}", "2024-01-05", f"{n}.50", ["no", "Yes", "0", ""][n % 4]) for n in range(40)]
    rows.append(("C0", "2024-01-06", "1.00", "1"))
    path = write_log(tmp_path / "log.csv", rows, header=("customer_id", "date", "amount", "churn_label"))
    # 5 spellings of two answers
    mapping = {"customer_id": "customer_id", "event_at": "date", "amount": "amount"}
    with pytest.raises(TableError, match="says yes or no"):
        freeze(preview_table(path), mapping | {"label": "churn_label"})

    rows = [
        (who, when, amount, {"no": "0", "Yes": "1"}.get(label, label)) for who, when, amount, label in rows
    ]
    path = write_log(path, rows, header=("customer_id", "date", "amount", "churn_label"))
    report, events, _ = import_log(path)

    assert [row["label"] for row in events[:4]] == [0, 1, 0, None]
    assert report.label_conflicts == 1


def test_the_amount_can_be_a_price_times_a_quantity(tmp_path):
    rows = [(f"C{n}", "2024-01-05", quantity, price) for n, (quantity, price) in enumerate(
        [("3", "1.10"), ("-2", "4.95"), ("1", "0"), ("", "2"), ("2", "")]
    )]  # fmt: skip
    path = write_log(tmp_path / "log.csv", rows, header=("customer", "date", "quantity", "unit_price"))

    report, events, rejects = import_log(path)

    assert [row["amount"] for row in events] == [3.3, -9.9, 0.0]
    assert (report.returns, report.rejected) == (1, 2)
    assert [row["column"] for row in rejects] == ["quantity", "unit_price"]
    assert report.optional_columns == ("quantity",)


def test_digits_in_groups_of_neither_kind_are_refused_with_their_line(tmp_path):
    amounts = ["\u20b91,00,000.50", "12,34,567", "1,000", "1,00,00", "1,234,567"]
    rows = [(f"C{n % 9}", f"2024-01-{n + 1:02d}", amount, "") for n, amount in enumerate(amounts)]

    report, events, rejects = import_log(write_log(tmp_path / "log.csv", [*rows, *rows[:2]]))

    assert [row["amount"] for row in events] == [100_000.5, 1_234_567, 1000]
    assert [(row["line"], row["value"], row["explanation"]) for row in rejects] == [
        ("5", "1,00,00", "'1,00,00' is not a number"),
        (
            "6", "1,234,567",
            "'1,234,567' has its digits in groups of thousands, the rest of the column of lakhs",
        ),
    ]  # fmt: skip
    assert (report.duplicates, report.rejected) == (2, 2)


def test_the_file_of_events_knows_whether_it_has_times(tmp_path):
    stamps = {}
    for name, clock in (("days", ""), ("times", " 10:00"), ("midnights", " 00:00")):
        rows = [(f"C{n % 9}", f"2024-01-{n + 1:02d}{clock}", f"{n}.50", "") for n in range(20)]
        report, _, _ = import_log(write_log(tmp_path / "log.csv", rows))
        stamps[name] = report.has_time
        metadata = pq.read_schema(tmp_path / "events.parquet").metadata
        metadata = pq.ParquetFile(tmp_path / "events.parquet").metadata.metadata or metadata
        assert metadata[b"has_time"] == (b"true" if report.has_time else b"false")

    assert stamps == {"days": False, "times": True, "midnights": False}


TIMED = ("customer", "Order Date", "Order Time", "total")


def timed_log(tmp_path, *cells, good=60):
    """Write a log with a column for the time: good rows, then rows with these dates and times."""
    rows = [("2024-01-05", "18:30")] * good + list(cells)
    return write_log(
        tmp_path / "log.csv", [(f"C{n % 9}", *when, f"{n}.50") for n, when in enumerate(rows)], header=TIMED
    )


def test_the_time_of_another_column_is_joined_to_the_date(tmp_path):
    report, events, _ = import_log(timed_log(tmp_path, ("2024-01-06", "6:05:09 PM")))

    assert [row["event_at"] for row in events[-2:]] == [
        datetime(2024, 1, 5, 18, 30), datetime(2024, 1, 6, 18, 5, 9),
    ]  # fmt: skip
    assert (report.has_time, report.optional_columns) == (True, ())
    assert report.columns["time"] == "Order Time"


@pytest.mark.parametrize(
    ("when", "kind", "column", "said"),
    [
        (("2024-01-05", "25:00"), "bad_time", "Order Time", "'25:00' is a time that does not exist"),
        (
            ("2024-01-05", "evening"), "bad_time", "Order Time",
            "'evening' is not a time of day (here written as 18:30)",
        ),
        (
            ("2024-01-05 10:00", "18:30"), "bad_time", "Order Time",
            "'18:30' contradicts the time in '2024-01-05 10:00'",
        ),
        (("1899-12-30", "18:30"), "bad_date", "Order Date", "'1899-12-30' lies before the year 1900"),
        (
            ("soon", "evening"), "bad_date", "Order Date",
            "'soon' is not a date (here written as 2024-12-31)",
        ),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_read_rejects_its_row(when, kind, column, said, tmp_path):
    path = timed_log(tmp_path, when, good=120)

    report, events, [reject] = import_log(path)

    assert (report.accepted, report.rejected_by_reason) == (120, {kind: 1})
    assert (reject["line"], reject["column"], reject["explanation"]) == ("122", column, said)
    preview = preview_table(path, rows=200)
    shown = preview_events(preview, freeze(preview, guessed(preview)))[-1]
    assert shown["fault"] == f"Row 122, column {column}: {said}"
    assert shown["values"]["event_at"] is None


def test_rows_without_a_time_keep_their_day_and_are_counted(tmp_path):
    report, events, _ = import_log(timed_log(tmp_path, ("2024-01-06", ""), ("2024-01-06 09:00", "")))

    assert [row["event_at"] for row in events[-2:]] == [datetime(2024, 1, 6), datetime(2024, 1, 6, 9)]
    assert (report.has_time, report.missing["time"]) == (True, 2)
    assert (
        "Column Order Time: 1 row without a time of day; in features they count as bought at midnight."
        in report.warnings
    )


def test_where_many_rows_have_no_time_nothing_is_said_about_times(tmp_path):
    report, _, _ = import_log(timed_log(tmp_path, *[("2024-01-06", "")] * 4))

    assert not report.has_time
    assert any("too many to say anything about times of day" in warning for warning in report.warnings)


def test_the_columns_of_the_events_are_those_that_were_mapped(tmp_path):
    import_log(log_with(tmp_path))

    schema = pq.read_schema(tmp_path / "events.parquet")

    assert schema.names == ["customer_id", "event_at", "amount", "event_type"]
    assert [str(kind) for kind in schema.types] == ["string", "timestamp[us]", "double", "string"]


def test_cells_over_several_lines_keep_their_line_numbers(tmp_path):
    rows = [(f"C{n}", "2024-01-05", "1.00", "tea\nfor\ntwo") for n in range(3)]
    rows.append(("C2", "soon", "1.00", "tea"))
    path = write_log(tmp_path / "log.csv", rows, header=("customer", "date", "total", "product"))

    report, events, rejects = import_log(path)

    assert events[0]["product"] == "tea\nfor\ntwo"
    assert (report.rows_in, rejects[0]["line"]) == (4, "11")


def test_a_log_without_a_good_row_is_refused(tmp_path):
    path = write_log(tmp_path / "log.csv", [("", "2024-01-05", f"{n}.5", "") for n in range(5)])
    preview = preview_table(path)
    mapping = {"customer_id": "event_type", "event_at": "order_date", "amount": "amount"}
    with pytest.raises(TableError, match="blank in every row"):
        freeze(preview, mapping)

    path = write_log(path, [(f"C{n}", "2099-01-05", f"{n}.5", "") for n in range(5)])
    with pytest.raises(TableError, match="No row is left: all 5") as refusal:
        import_log(path)

    assert (refusal.value.kind, refusal.value.line) == ("no_rows", 2)
    assert not (tmp_path / "events.parquet").exists()


def test_another_file_than_the_one_that_was_looked_at_is_refused(tmp_path):
    path = log_with(tmp_path)
    preview = preview_table(path)
    spec = freeze(preview, guessed(preview))
    log_with(tmp_path, GOOD[0])

    with pytest.raises(TableError, match="has changed"):
        import_events(path, spec, events_path=tmp_path / "e", rejects_path=tmp_path / "r", now=NOW)


def test_a_copy_that_is_gone_is_made_again(tmp_path):
    path = log_with(tmp_path, encoding="utf-16-le", bom=b"\xff\xfe")
    preview = preview_table(path)
    spec = freeze(preview, guessed(preview))
    [copy] = spec.companions(path)
    copy.unlink()

    report = import_events(path, spec, events_path=tmp_path / "e", rejects_path=tmp_path / "r", now=NOW)

    assert report.accepted == 20


def test_the_child_says_the_same_and_reports_progress(tmp_path):
    path = log_with(tmp_path, ("", "2024-01-05", "1.00", ""))
    preview = preview_table(path)
    spec, steps = freeze(preview, guessed(preview)), []
    places = {
        "events_path": tmp_path / "events.parquet",
        "rejects_path": tmp_path / "rejects.csv",
        "now": NOW,
    }

    here = import_events(path, spec, **places)
    there = import_events_in_child(path, spec, **places, on_progress=lambda *step: steps.append(step))

    assert there == here == ImportReport.from_dict(json.loads(json.dumps(here.to_dict())))
    assert {step for step, _, _ in steps} >= {"Looking for equal rows", "Importing events"}
    assert all(done <= total for _, done, total in steps)


def test_many_blocks_make_one_account(tmp_path):
    random = np.random.default_rng(3)
    users = random.integers(0, 5000, 200_000).tolist()
    moments = np.datetime64("2023-01-01") + random.integers(0, 86_400 * 300, 200_000).astype("timedelta64[s]")
    lines = [
        f"U{user},{moment},{user}.25,{place}\n"
        for place, (user, moment) in enumerate(zip(users, moments.astype(str).tolist(), strict=True))
    ]
    lines[150_000] = lines[7]
    # A column that is blank in all of the first blocks must not hide what is equal.
    lines = [line.replace("\n", ",\n" if place < 190_000 else ",y\n") for place, line in enumerate(lines)]
    lines[195_000] = lines[9]
    lines[170_000] = ",2023-01-05 10:00:00,1.25,x,\n"
    path = tmp_path / "log.csv"
    path.write_text("user_id,event_time,amount,order_id,note\n" + "".join(lines))

    report, events, rejects = import_log(path)

    assert path.stat().st_size > 4 << 20
    assert (report.rows_in, report.accepted, report.duplicates, report.rejected) == (200_000, 199_997, 2, 1)
    assert rejects[0]["line"] == "170002"
    assert report.customers == len(set(users[:150_000] + users[150_001:170_000] + users[170_001:]))
    assert report.first_at == str(min(row["event_at"] for row in events))
    assert events[-1]["order_id"] == "199999"
    assert datetime.fromisoformat(report.last_at) == max(row["event_at"] for row in events)


@pytest.mark.parametrize(("kind", "named"), [("login", "'login'"), ("refund", "'return'")])
def test_a_log_without_a_purchase_is_refused_and_says_what_to_change(kind, named, tmp_path):
    rows = [(f"C{n % 9}", "2024-01-05", f"{n}.50", kind) for n in range(1, 20)]
    path = write_log(tmp_path / "log.csv", rows)
    mapping = {"customer_id": "customer_id", "event_at": "order_date", "amount": "amount"}

    with pytest.raises(TableError) as refused:
        import_log(path, mapping | {"event_type": "event_type"})

    assert refused.value.kind == "no_purchases"
    assert named in refused.value.message and "Choose another column" in refused.value.message
    assert import_log(path, mapping)[0].event_types == {"purchase": 19}


@pytest.mark.parametrize(
    ("cell", "said"),
    [('"K1 \\"Mug\\" Ltd"', "as databases do"), ('"K1" Ltd', "text follows the closing quotation mark")],
)
def test_an_id_with_marks_that_cannot_be_read_for_certain_is_never_changed(cell, said, tmp_path):
    path = tmp_path / "log.csv"
    lines = [f"K{n % 9},2024-01-{n + 1:02d},{n}.50" for n in range(20)]
    path.write_text("\n".join(["customer_id,order_date,amount", *lines, f"{cell},2024-02-01,5.00", ""]))

    report, events, [reject] = import_log(path)

    assert {event["customer_id"] for event in events} == {f"K{n}" for n in range(9)}
    assert report.rejected == 1
    assert reject["line"] == "22" and said in reject["explanation"]


def test_ids_that_all_end_in_point_zero_are_read_without_it_and_this_is_said(tmp_path):
    rows = [(f"{12431 + n % 9}.0", f"2024-01-{n + 1:02d}", f"{n}.50", "purchase") for n in range(20)]

    report, events, _ = import_log(write_log(tmp_path / "log.csv", [*rows, ("", "2024-01-05", "1.00", "")]))

    assert {event["customer_id"] for event in events} == {str(12431 + n) for n in range(9)}
    assert any("read without it" in warning for warning in report.warnings)


def test_an_id_that_ends_in_point_zero_beside_others_is_kept(tmp_path):
    rows = [(f"{12431 + n % 9}.0", f"2024-01-{n + 1:02d}", f"{n}.50", "purchase") for n in range(20)]

    report, events, _ = import_log(write_log(tmp_path / "log.csv", [*rows, ("7", "2024-01-05", "1.00", "")]))

    assert {event["customer_id"] for event in events} == {"7", *(f"{12431 + n}.0" for n in range(9))}
    assert any("kept as they are" in warning for warning in report.warnings)
