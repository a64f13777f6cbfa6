"""What the call of a program promises of real customers, cut at a day, against what they did afterwards."""

from datetime import timedelta
from functools import partial

import pandas as pd
import pytest
from django.core.files.base import ContentFile

from predictions.api.sent_history import read_history
from predictions.services.histories import score_history
from tests.coffee_shop import NOON
from training.services.log_training import train_on_log
from transactions.cutoffs import end_of_log
from transactions.services.configuration import configure_analysis
from transactions.services.processing import name_columns
from transactions.services.uploads import start_analysis
from transactions.tests.logs import read_here

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.slow]

HORIZON = timedelta(days=60)
WORDS = {"cust": "customer_id", "date": "event_date", "order": "order_id", "n_items": "quantity"}


@pytest.fixture
def ask_about(company, member, do_jobs):
    """Return a function that learns from a log, and the call of a program about one of its customers."""

    def do(rows):
        file = ContentFile(rows.to_csv(index=False).encode(), name="log.csv")
        analysis = start_analysis(member=member, upload=file, at=NOON)
        analysis = read_here(analysis, mapping=name_columns(analysis))
        days = {"horizon_days": HORIZON.days, "gap_days": 0, "active_window_days": HORIZON.days}
        configure_analysis(analysis=analysis, **days, by=member.account, at=NOON)
        train_on_log(
            member=member, analysis=analysis, model_type="logistic_regression", feature_set="rfm_v2", at=NOON
        )
        while jobs := do_jobs():
            assert [job.error for job in jobs] == [None] * len(jobs)
        return end_of_log(analysis), partial(score_history, company=company, at=NOON)

    return do


@pytest.mark.parametrize("name", ["online_retail_invoices", "cdnow_sample_transactions"])
def test_a_call_without_as_of_promises_what_happens(name, shared, ask_about):
    log = pd.read_csv(shared / "data" / f"{name}.csv", dtype={"cust": str}).rename(columns=WORDS)
    cut = pd.Timestamp(log["event_date"].max()) + timedelta(days=1) - HORIZON
    before = log[pd.to_datetime(log["event_date"]) < cut]
    came_back = set(log["customer_id"][pd.to_datetime(log["event_date"]) >= cut])

    as_of, ask = ask_about(before)
    found = []
    for customer, rows in before.groupby("customer_id"):
        events = rows.drop(columns="customer_id").to_dict("records")
        sent = read_history({"customer_id": customer, "transactions": events})
        answer = ask(events=sent["transactions"])
        assert answer.moment.as_of == as_of
        found.append((answer.evidence, answer.probability, customer not in came_back))
    table = pd.DataFrame(found, columns=["evidence", "promised", "left"])

    told = table.groupby("evidence").agg(
        rows=("left", "size"), promised=("promised", "mean"), left=("left", "mean")
    )
    print(f"\n{name}, as of {as_of:%Y-%m-%d}\n{told.round(3)}")
    assert set(told.index) <= {"full", "one_purchase", "lapsed"}
    # Of everybody, and of those who are still customers.
    for part in (table, table[table["evidence"] != "lapsed"], table[table["evidence"] == "full"]):
        assert part["promised"].mean() == pytest.approx(part["left"].mean(), abs=0.03)
