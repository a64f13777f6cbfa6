"""Days between two logs that nobody has: which they are, and whose outcome is not known for them."""

from datetime import date, datetime, timedelta

import duckdb
import pytest

from ml.logs.joined import connect
from predictions.engines.changes import compare_results
from predictions.engines.joining import compare_logs

MONDAY = date(2024, 1, 1)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes the purchases of one customer on some days as a log."""

    def do(days, *, customer="anna", name="log"):
        path = tmp_path / f"{name}.parquet"
        rows = ", ".join(f"('{customer}', TIMESTAMP '{day}', 'purchase', 5.0)" for day in days)
        duckdb.sql(
            f"COPY (SELECT * FROM (VALUES {rows}) AS t(customer_id, event_at, event_type, amount)) "
            f"TO '{path}' (FORMAT parquet, KV_METADATA {{has_time: 'false'}})"
        )
        return path

    return do


def days_of(first, last, *, open_on=range(1, 8)):
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.isoweekday() in open_on]


@pytest.mark.parametrize(
    ("weeks", "open_on", "begins", "missing"),
    [
        (12, range(1, 6), MONDAY, 0),
        (12, range(1, 6), MONDAY + timedelta(days=1), 1),
        (12, range(1, 8), MONDAY, 2),
        # In three weeks chance leaves a weekday out.
        (3, range(1, 6), MONDAY, 2),
        (3, (2, 3), MONDAY + timedelta(days=1), 5),
    ],
)
def test_a_weekday_on_which_nobody_sells_is_no_missing_day(write, tmp_path, weeks, open_on, begins, missing):
    # The earlier log ends on the Friday before.
    earlier = write(days_of(MONDAY - timedelta(weeks=weeks), MONDAY - timedelta(days=3), open_on=open_on))
    later = write(days_of(begins, begins + timedelta(days=4), open_on=open_on), name="later")

    found = compare_logs(later, [earlier], folder=tmp_path, memory_limit="200MB")

    assert (found.relation, found.days_missing) == ("continues", missing)
    closed = [[MONDAY - timedelta(days=5), begins - timedelta(days=1)]]
    told = compare_logs(
        later,
        [earlier],
        closed=[[day.isoformat() for day in days] for days in closed],
        folder=tmp_path,
        memory_limit="200MB",
    )
    # What was closed is no day that is missing, and can still be taken back.
    assert (told.days_missing, told.missing, told.between) == (0, (), found.between)
    assert len(told.between) == bool(missing)


@pytest.mark.parametrize(("missing", "is_known"), [("2024-02-29", True), ("2024-02-10", False), (None, True)])
def test_the_outcome_of_a_list_is_withheld_for_days_of_its_own_time_alone(write, tmp_path, missing, is_known):
    events = write(days_of(date(2023, 12, 1), date(2024, 3, 9)))
    table = tmp_path / "table.parquet"
    duckdb.sql(
        "COPY (SELECT * FROM (VALUES ('anna', 0.9::DOUBLE), ('bela', 0.7)) AS t(_customer, _probability)) "
        f"TO '{table}' (FORMAT parquet)"
    )

    def listed(day):
        return {
            "table": str(table), "as_of": f"{day}T00:00:00", "threshold": 0.5, "knew_until": None,
            "definition": {"horizon_days": 28, "gap_days": 0}, "promised": 1.6, "model": 1, "by": "v1",
        }  # fmt: skip

    found = compare_results(
        listed("2024-03-01"),
        table=table,
        threshold=0.5,
        events=events,
        as_of=datetime(2024, 3, 10),
        missing=[date.fromisoformat(missing)] if missing else [],
        lists_before=[listed("2024-02-20"), listed("2024-02-01"), listed("2024-01-01")],
        target=tmp_path / "changes.csv",
        connection=connect(tmp_path, "200MB"),
    )

    assert not found["outcome"]["is_over"]
    over = {one["as_of"][:10]: one for one in found["finished"]}
    assert list(over) == (["2024-02-01", "2024-01-01"] if is_known else ["2024-01-01"])
    assert (over["2024-01-01"]["named"], over["2024-01-01"]["named_without_purchase"]) == (2, 1)
    assert over["2024-01-01"]["expected"] == pytest.approx(1.6)
