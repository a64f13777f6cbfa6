"""From one day the dates of a whole file are counted back, and no mistyped one moves it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tabular.snapshots.ages import AgeTally
from tabular.snapshots.check import CheckReport, check_table, check_table_in_child
from tabular.snapshots.frame import load_frame
from tabular.snapshots.plan import SnapshotPlan
from tabular.source.parse import Parsed
from tabular.tests.own_tables import loaded, planned
from tabular.tests.small import write_table

HEADER = ["Nr", "Joined", "Last visit", "Visits", "Churn"]
MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


def members(latest: date, number: int = 60) -> list[list[str]]:
    """Return members of whom the first was there on the latest day, and each other a day before the last."""
    return [
        [
            f"M{n:03d}",
            date.fromordinal(latest.toordinal() - 100 - 9 * n).isoformat(),
            date.fromordinal(latest.toordinal() - n).isoformat(),
            str(n % 7),
            ("Yes", "No")[n % 3 > 0],
        ]
        for n in range(number)
    ]


@pytest.fixture
def write(tmp_path):
    def write(rows, name="t.csv"):
        return write_table(tmp_path / name, rows, header=HEADER)

    return write


@pytest.fixture
def plan(write):
    """Return the plan of a base whose first table is of May."""
    path = write(members(MAY), "may.csv")
    found = planned(path)
    report, _ = loaded(path, found, today=MAY)
    return replace(found, reference=report.spec.reference)


def ages(path, plan, *, today=JUNE, usual=None, **options):
    """Return the report of a file to score, and the ages of its two dates by id."""
    schema = plan.table_schema(name="own", purpose="predict", usual=usual, values={} if usual else None)
    report = check_table(path, schema, today=today, **options)
    frame = load_frame(path, report.spec, schema)
    pairs = zip(*(frame.columns[name].to_pylist() for name in ("Joined", "Last visit")), strict=True)
    return report, dict(zip(frame.ids.to_pylist(), pairs, strict=True))


def test_all_columns_are_counted_from_the_latest_date_of_the_file(write):
    path = write(members(MAY))

    report, frame = loaded(path, planned(path), today=JUNE)

    assert report.spec.reference == "2026-05-31"
    assert frame.columns["Last visit"].to_pylist() == [float(n) for n in range(60)]
    assert frame.columns["Joined"].to_pylist() == [float(100 + 9 * n) for n in range(60)]
    assert "Dates are counted back from 31 May 2026, the latest date in the file." in report.warnings


def test_a_plan_with_its_day_survives_json(plan):
    assert plan.reference == "2026-05-31"
    assert SnapshotPlan.from_dict(plan.to_dict()) == plan


def test_a_date_in_the_future_moves_nobody_else_and_is_named(write, plan):
    june = members(JUNE)
    right, before = ages(write(june), plan)
    june[4][2] = "2030-11-18"

    report, after = ages(write(june), plan)

    assert report.spec.reference == right.spec.reference == "2026-06-30"
    changed = {who for who in after if after[who] != before[who]}
    assert changed == {"M004"}
    assert after["M004"][1] == float((JUNE - date(2030, 11, 18)).days) < 0
    assert (
        "Column Last visit: 1 date lies after 30 Jun 2026, the day from which dates are counted: "
        "e.g. row 6, 18 Nov 2030." in report.warnings
    )


def test_a_few_dates_far_behind_all_others_move_nobody_else_and_are_named(write, plan):
    june = members(JUNE, number=120)
    june[4][2] = "2026-11-20"

    report, _ = ages(write(june), plan, today=date(2026, 12, 1))

    assert report.warnings[1] == (
        "1 date lies far behind all others, which end on 30 Jun 2026: e.g. column Last visit, row 6, "
        "20 Nov 2026, 143 days later. Dates are not counted from there. Correct what is mistyped; where it "
        "is right, state for a prediction the day as of which the customers are meant."
    )
    assert report.spec.reference == "2026-06-30"
    stated, _ = ages(write(june), plan, today=date(2026, 12, 1), as_of=JUNE)
    fewer, _ = ages(write(members(JUNE, number=120)), plan, today=date(2026, 12, 1))
    assert not any("far behind" in said for said in (*stated.warnings, *fewer.warnings))


def test_a_block_that_comes_after_a_question_counts(write, plan):
    tally = AgeTally(plan.table_schema(name="own", purpose="predict"), today=date(2026, 12, 1))

    def take(days):
        ages = pa.array([(tally.first - day).days for day in days])
        tally.take(Parsed(np.arange(len(days)), {"Last visit": ages}, None, [], lambda: None))

    take([date.fromordinal(JUNE.toordinal() - n % 60) for n in range(120)])
    assert tally.reference == JUNE
    take([date(2026, 11, 20)])
    assert tally.reference == JUNE and any("far behind" in said for said in tally.warnings())
    take([date(2026, 11, 20)] * 30)

    assert tally.reference == date(2026, 11, 20)


def test_dates_that_all_lie_ahead_are_negative_ages_of_the_same_day(write, plan):
    june = members(JUNE)
    for row in june:
        row[1] = "2027-06-30"

    report, found = ages(write(june), plan)

    assert {joined for joined, _ in found.values()} == {-365.0}
    assert sum("60 dates lie after 30 Jun 2026" in warning for warning in report.warnings) == 1


def test_a_customer_alone_is_no_younger_than_those_who_were_learned_from(write, plan):
    old = [members(date(2026, 4, 30))[0]]

    report, found = ages(write(old), plan)

    assert found == {"M000": (131.0, 31.0)}
    assert report.spec.reference == "2026-05-31"
    assert "this file has no later one." in report.warnings[0]


def test_the_latest_date_of_any_column_counts_for_all(write, plan):
    june = members(date(2026, 6, 10))
    june[7][1] = "2026-06-20"

    _, found = ages(write(june), plan)

    assert found["M007"] == (0.0, 17.0)
    assert found["M000"][1] == 10.0


def test_with_nothing_but_dates_ahead_the_day_of_the_upload_counts(write):
    rows = members(JUNE)
    for place, row in enumerate(rows):
        row[1] = row[2] = f"2026-07-{10 + place % 2}"
    path = write(rows)

    report, frame = loaded(path, planned(path), today=JUNE)

    assert set(frame.columns["Joined"].to_pylist()) == {-10.0, -11.0}
    assert any("30 Jun 2026, the day on which the file came" in said for said in report.warnings)


def test_ages_beyond_those_that_were_learned_from_are_counted(write, plan):
    june = members(JUNE)
    june[4][2], june[5][2] = "2030-11-18", "1999-01-01"
    usual = {"Last visit": (0.0, 59.0), "Joined": (100.0, 631.0), "Visits": (0.0, 6.0)}

    report, _ = ages(write(june), plan, usual=usual)

    found = report.out_of_range["Last visit"]
    assert list(report.out_of_range) == ["Last visit"]
    assert (found["rows"], found["earliest"], found["latest"]) == (2, "1999-01-01", "2030-11-18")
    assert (found["minimum"], found["maximum"]) == (-1602.0, 10042.0)
    assert any(
        "2 dates older or younger than all that were learned from: 1 Jan 1999 to 18 Nov 2030" in said
        for said in report.warnings
    )


@pytest.mark.parametrize("stated", [date(2026, 4, 1), date(2026, 6, 15), JUNE])
def test_of_a_stated_day_a_part_is_as_old_as_the_whole(write, plan, stated):
    june = members(JUNE)
    june[4][2] = "2030-11-18"

    _, whole = ages(write(june), plan, as_of=stated)
    report, part = ages(write(june[40:43], "part.csv"), plan, as_of=stated)

    assert part == {who: whole[who] for who in part}
    assert part["M040"] == (float((stated - JUNE).days + 460), float((stated - JUNE).days + 40))
    assert report.spec.reference == stated.isoformat()


def test_dates_after_a_stated_day_are_counted_and_named(write, plan):
    report, found = ages(write(members(JUNE)), plan, as_of=date(2026, 6, 28))

    assert found["M000"][1] == -2.0
    assert report.warnings[0] == "Dates are counted back from 28 Jun 2026, the day that was stated."
    assert (
        "Column Last visit: 2 dates lie after 28 Jun 2026, the day from which dates are counted: "
        "e.g. row 2, 30 Jun 2026." in report.warnings
    )


def test_a_child_process_counts_from_the_same_day(write, plan):
    june = members(JUNE)
    june[4][2] = "2030-11-18"
    path, schema = write(june), plan.table_schema(name="own", purpose="predict")

    report = check_table_in_child(path, schema, today=JUNE, as_of=MAY)

    assert report == check_table(path, schema, today=JUNE, as_of=MAY)
    assert report.spec.reference == MAY.isoformat()
    assert CheckReport.from_dict(report.to_dict()) == report


def test_a_table_without_dates_says_nothing_of_days(write):
    path = write(members(MAY))
    report, _ = loaded(path, planned(path, left_out=("Joined", "Last visit")), today=JUNE)

    assert report.spec.reference is None
    assert not any("counted back" in said for said in report.warnings)
