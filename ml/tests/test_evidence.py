"""What is known of one buyer and of all buyers of a log is found by two ways, which agree."""

from datetime import datetime, timedelta

import duckdb
import pytest

from ml.logs.evidence import active_since, bought_once, select_buyers
from ml.logs.purchase_log import PurchaseLog
from ml.tests.purchase_logs import DAYS, FULL, PLAIN, START, make_events, write_events

CUTOFF = START + timedelta(days=DAYS - 100)


@pytest.mark.parametrize("columns", [PLAIN, FULL])
def test_one_customer_and_a_log_agree_on_who_bought_once_and_when(tmp_path, columns):
    events, log = make_events(customers=300), tmp_path / "log.parquet"
    write_events(log, events, columns=columns)
    of_each = {}
    for event in events:
        if event["event_type"] == "purchase" and event["event_at"] < CUTOFF:
            of_each.setdefault(event["customer_id"], []).append(event)

    sql = select_buyers(log, as_of=CUTOFF, columns=columns, once="once", first="first", latest="latest")
    found = {name: rest for name, *rest in duckdb.sql(sql).fetchall()}
    with PurchaseLog(log, as_of=CUTOFF) as opened:
        counted = {row["customer_id"]: row["purchases"] for row in opened.rows("SELECT * FROM customers")}

    expected = {
        name: [
            bought_once(purchases, columns=columns),
            min(event["event_at"] for event in purchases),
            max(event["event_at"] for event in purchases),
        ]
        for name, purchases in of_each.items()
    }
    assert found == expected
    # Nor may training learn from somebody whom scoring takes for a first-time buyer.
    assert {name: once for name, (once, *_) in found.items()} == {
        name: count == 1 for name, count in counted.items()
    }
    several = [name for name, (once, *_) in found.items() if once and len(of_each[name]) > 1]
    assert 0 < sum(once for once, *_ in found.values()) < len(found)
    assert bool(several) == (columns is FULL)


def test_who_is_silent_for_longer_than_the_window_is_no_customer_any_more():
    assert active_since(datetime(2024, 6, 1), 90) == datetime(2024, 3, 3)
    assert active_since(datetime(2024, 6, 1), None) == datetime.min
