"""Logs that say who came and when, and nothing of money."""

import pyarrow.parquet as pq
import pytest

from tabular.errors import TableError
from tabular.logs.mapping import freeze
from tabular.previews.preview import preview_table
from tabular.tests.logs import guessed, import_log, write_log

HEADER = ("member", "visited_at")
ROWS = [(f"M{n % 9}", f"2025-{n % 6 + 1:02d}-{n % 28 + 1:02d} {n % 12 + 8:02d}:30") for n in range(60)]


def test_amounts_are_absent_and_not_zero(tmp_path):
    report, events, _ = import_log(write_log(tmp_path / "log.csv", ROWS, header=HEADER))

    assert report.rows_in == report.accepted == 60 and not report.rejected
    assert set(pq.read_schema(tmp_path / "events.parquet").names) == {"customer_id", "event_at", "event_type"}
    assert {event["event_type"] for event in events} == {"purchase"}
    assert "amount" not in report.columns | report.missing
    [said] = [warning for warning in report.warnings if "money" in warning]
    assert said.startswith("No column says what was paid, so each row counts as a visit")


@pytest.mark.parametrize(
    "who, when", [("Member ID", "Check-in"), ("user", "login_at"), ("Mitglied", "Besuch")]
)
def test_who_came_and_when_are_recognised(who, when, tmp_path):
    preview = preview_table(write_log(tmp_path / "log.csv", ROWS, header=(who, when)))

    assert guessed(preview) == {"customer_id": who, "event_at": when}


@pytest.mark.parametrize(
    ("when", "written"),
    [
        ("login_timestamp", lambda n: f"{1735689600 + 90_000 * n}"),
        ("event_time", lambda n: f"{1735689600000 + 90_000_000 * n}"),
        ("date", lambda n: f"{45658 + n}"),
        ("visit date", lambda n: f"{45658 + n}.5"),
        ("date", lambda n: f"202501{n % 28 + 1:02d}"),
        ("visited_at", lambda n: "" if n < 3 else f"2025-01-{n % 28 + 1:02d}"),
    ],
)
def test_two_columns_are_enough_however_the_time_is_counted(when, written, tmp_path):
    rows = [(f"M{n % 9}", written(n)) for n in range(60)]

    report, *_ = import_log(write_log(tmp_path / "log.csv", rows, header=("user_id", when)))

    assert report.accepted >= 57
    with pytest.raises(TableError, match="one of visits 2"):
        preview_table(
            write_log(tmp_path / "t.csv", [(f"M{n}", n) for n in range(60)], header=("user_id", "x"))
        )


def test_a_cell_that_cannot_be_read_is_still_a_mistake(tmp_path):
    report, _, rejects = import_log(
        write_log(tmp_path / "log.csv", [*ROWS, ("M1", "soon"), ("", "2025-01-01 08:30")], header=HEADER)
    )

    assert report.accepted == 60 and report.rejected == 2
    assert [row["reason"] for row in rejects] == ["bad_date", "missing_id"]


def test_words_say_which_events_are_visits(tmp_path):
    rows = [(*row, "check-in" if n % 3 else "logout") for n, row in enumerate(ROWS)]
    path = write_log(tmp_path / "log.csv", rows, header=(*HEADER, "what"))
    mapping = {"customer_id": "member", "event_at": "visited_at", "event_type": "what"}

    report, _, _ = import_log(path, mapping, meanings={"check-in": "purchase", "logout": "neither"})

    assert report.event_types == {"purchase": 40, "logout": 20}
    with pytest.raises(TableError, match=r"No row is a visit\. Column what says 'check-in', 'logout'"):
        import_log(path, mapping)


def test_cancelled_orders_are_returns_without_an_amount_too(tmp_path):
    rows = [(*row, f"C{n}" if n == 5 else f"{n}") for n, row in enumerate(ROWS)]
    path = write_log(tmp_path / "log.csv", rows, header=(*HEADER, "order_id"))

    report, events, _ = import_log(path)

    assert report.returns == report.cancellations == 1
    assert [event["order_id"] for event in events if event["event_type"] == "return"] == ["C5"]


def test_the_specification_survives_json(tmp_path):
    preview = preview_table(write_log(tmp_path / "log.csv", ROWS, header=HEADER))

    spec = freeze(preview, guessed(preview))

    assert type(spec).from_dict(spec.to_dict()) == spec
    assert not spec.has_amounts and not spec.multiplies
