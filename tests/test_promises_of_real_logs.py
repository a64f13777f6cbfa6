"""What is promised of real customers of a log cut at a day, against what they did afterwards."""

from datetime import timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile

from core.files.media import readable_path
from predictions import files
from predictions.api.sent_history import read_history
from predictions.services.histories import score_history
from tests.coffee_shop import NOON, csv_of, finish
from training.services.log_training import train_on_log
from transactions.cutoffs import end_of_log
from transactions.services.configuration import configure_analysis
from transactions.services.processing import name_columns
from transactions.services.uploads import start_analysis
from transactions.tests.logs import read_here

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.slow]

HORIZON = timedelta(days=60)
WORDS = {"cust": "customer_id", "date": "event_date", "order": "order_id", "n_items": "quantity"}
# Asking one by one takes minutes for all; each is also scored with the whole log.
ASKED = 40


@pytest.fixture
def learn(member, do_jobs):
    """Return a function that learns from a log, by the horizon above, and deploys what it learned."""

    def do(rows):
        file = ContentFile(rows.to_csv(index=False).encode(), name="log.csv")
        analysis = start_analysis(member=member, upload=file, at=NOON)
        analysis = read_here(analysis, mapping=name_columns(analysis))
        configure_analysis(analysis=analysis, horizon_days=HORIZON.days, by=member.account, at=NOON)
        train_on_log(
            member=member, analysis=analysis, model_type="logistic_regression", feature_set="rfm_v2", at=NOON
        )
        finish(do_jobs)
        return analysis

    return do


def read_results(run):
    """Return who was scored, with the evidence and the probability, and who had lapsed."""
    rows = pq.read_table(readable_path(files.table_beside(run.result_dataset_path))).to_pandas()
    scored = rows.set_index("_customer")[["evidence", "_probability"]].rename(
        columns={"_probability": "promised"}
    )
    return scored, {row["customer_id"] for row in csv_of(files.lapsed_beside(run.result_dataset_path))}


# Online Retail is cut in October, and no year before told it that more come before Christmas.
@pytest.mark.parametrize(
    ("name", "off"), [("online_retail_invoices", 0.04), ("cdnow_sample_transactions", 0.03)]
)
def test_what_is_promised_without_as_of_happens(name, off, shared, company, learn, score):
    log = pd.read_csv(shared / "data" / f"{name}.csv", dtype=str).rename(columns=WORDS)
    days = pd.to_datetime(log["event_date"])
    cut = days.max() + timedelta(days=1) - HORIZON
    before, came_back = log[days < cut], set(log["customer_id"][days >= cut])

    analysis = learn(before)
    scored, lapsed = read_results(score(analysis))

    answers = {}
    for customer in [*scored.index[::ASKED], *sorted(lapsed)[::ASKED]]:
        events = before[before["customer_id"] == customer].drop(columns="customer_id").to_dict("records")
        sent = read_history({"customer_id": customer, "transactions": events})
        answers[customer] = score_history(company=company, events=sent["transactions"], at=NOON)
        assert answers[customer].moment.as_of == end_of_log(analysis)
    assert {name for name, one in answers.items() if one.evidence == "lapsed"} == lapsed & set(answers)
    for customer in scored.index[::ASKED]:
        assert answers[customer].probability == pytest.approx(scored.promised[customer], abs=1e-9)
    gone = [one.probability - (name not in came_back) for name, one in answers.items() if name in lapsed]
    scored["left"] = ~scored.index.isin(came_back)
    told = scored.groupby("evidence").agg(
        rows=("left", "size"), promised=("promised", "mean"), left=("left", "mean")
    )
    print(f"\n{name}, as of {end_of_log(analysis):%Y-%m-%d}\n{told.round(3)}")
    print(f"everybody: {scored.promised.mean():.3f} promised, {scored.left.mean():.3f} left")
    print(f"lapsed, {len(gone)} of {len(lapsed)} asked: off by {sum(gone) / len(gone):+.3f}")
    assert scored.promised.mean() == pytest.approx(scored.left.mean(), abs=off)
