from datetime import datetime, timedelta

import pytest

from ml.logs.labels import OutcomeNotOver, label_customers, latest_cutoff, read_given_labels
from ml.tests.purchase_logs import PLAIN, read_rows, write_events

AS_OF = datetime(2024, 1, 1)


def _event(customer, days, kind="purchase", **more):
    return {
        "customer_id": customer,
        "event_at": AS_OF + timedelta(days=days),
        "amount": 5.0,
        "event_type": kind,
    } | more


def _write(tmp_path, *events):
    # Somebody else's purchase late in the log, so that the outcome windows are over.
    return write_events(tmp_path / "events.parquet", [*events, _event("late", 100)], columns=PLAIN)


def _label(tmp_path, log, **days):
    report = label_customers(log, as_of=AS_OF, target=tmp_path / "labels.parquet", **days)
    return report, read_rows(tmp_path / "labels.parquet")


def test_takes_the_outcome_window_half_open(tmp_path):
    log = _write(
        tmp_path,
        *(_event(name, -5) for name in ("at start", "at end", "before end", "never")),
        _event("at start", 0),
        _event("at end", 30),
        _event("before end", 30 - 1e-9),
    )

    report, labels = _label(tmp_path, log, horizon_days=30)

    assert {name: row["churned"] for name, row in labels.items()} == {
        "at start": 0, "at end": 1, "before end": 0, "never": 1,
    }  # fmt: skip
    assert (report.active, report.lapsed, report.churned, report.churn_rate) == (4, 0, 2, 0.5)


def test_does_not_count_what_happens_in_the_gap(tmp_path):
    log = _write(tmp_path, _event("bought in the gap", -5), _event("bought in the gap", 3))

    assert _label(tmp_path, log, horizon_days=30)[1]["bought in the gap"]["churned"] == 0
    assert _label(tmp_path, log, horizon_days=30, gap_days=7)[1]["bought in the gap"]["churned"] == 1


def test_lists_the_lapsed_without_a_label(tmp_path):
    log = _write(tmp_path, _event("silent", -31), _event("on the edge", -30))

    report, labels = _label(tmp_path, log, horizon_days=30)

    assert labels["silent"] == {"churned": None, "status": "lapsed"}
    assert labels["on the edge"] == {"churned": 1, "status": "active"}
    assert (report.active_window_days, report.lapsed) == (30, 1)
    assert _label(tmp_path, log, horizon_days=30, active_window_days=60)[1]["silent"]["status"] == "active"


def test_counts_neither_logins_nor_returns_as_purchases(tmp_path):
    log = _write(
        tmp_path,
        _event("gone", -5),
        _event("gone", 5, "login"),
        _event("gone", 6, "return"),
        _event("guest", -3, "login"),
    )

    _, labels = _label(tmp_path, log, horizon_days=30)

    assert labels == {"gone": {"churned": 1, "status": "active"}}


def test_refuses_an_outcome_window_that_is_not_over(tmp_path):
    log = _write(tmp_path, _event("anybody", -5))

    with pytest.raises(OutcomeNotOver, match="The latest cutoff for these days is 2024-01-01"):
        label_customers(
            log, as_of=AS_OF + timedelta(days=1), horizon_days=101, target=tmp_path / "labels.parquet"
        )
    assert latest_cutoff(log, horizon_days=101) == AS_OF


def test_takes_the_highest_given_label_and_counts_conflicts(tmp_path):
    rows = [("torn", 0), ("torn", 1), ("stays", 0), ("stays", None), ("leaves", 1), ("unknown", None)]
    events = [_event(customer, -day, label=label) for day, (customer, label) in enumerate(rows, start=1)]
    log = write_events(tmp_path / "events.parquet", events, columns=(*PLAIN, "label"))

    report = read_given_labels(log, target=tmp_path / "labels.parquet")

    labels = {name: row["churned"] for name, row in read_rows(tmp_path / "labels.parquet").items()}
    assert labels == {"torn": 1, "stays": 0, "leaves": 1}
    assert report.conflicts == 1
    assert "1 customers have rows labelled 0 and rows labelled 1" in report.warnings[0]


def test_refuses_labels_that_are_no_labels(tmp_path):
    log = write_events(tmp_path / "events.parquet", [_event("odd", -1, label=2)], columns=(*PLAIN, "label"))

    with pytest.raises(ValueError, match="must be 0 or 1"):
        read_given_labels(log, target=tmp_path / "labels.parquet")
