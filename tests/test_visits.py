"""A log of visits, from its upload to scored customers: who came and when, and nothing about money."""

import pytest

from predictions.api.sent_history import read_history
from predictions.presenting.histories import remarks_on
from predictions.services.histories import HistoryRefused, score_history
from predictions.services.logs import start_log_prediction
from tests.coffee_shop import NOON, csv_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture(scope="module")
def visits(year):
    """Return who came on which day, as the door of a gym writes it down."""
    return [{name: row[name] for name in ("customer_id", "event_date")} for row in year]


def sent(visits, customer):
    return [{"event_date": row["event_date"]} for row in visits if row["customer_id"] == customer]


def ask(company, customer, transactions, as_of):
    read = read_history({"customer_id": customer, "transactions": transactions, "as_of": as_of})
    return score_history(company=company, events=read["transactions"], as_of=read["as_of"], at=NOON)


@pytest.mark.parametrize(
    ("feature_set", "model_type"), [("rfm_v2", "logistic_regression"), ("retail_v2", "random_forest")]
)
def test_visitors_are_scored_by_a_model_that_knows_no_money(
    company, visits, read, train, score, feature_set, model_type
):
    analysis = read(visits, name="door.csv")

    version = train(analysis, model_type=model_type, feature_set=feature_set)
    run = score(analysis)

    assert version.figures["churners"]["auc"] > 0.7
    rows = csv_of(run.result_dataset_path)
    assert run.result["rows"] == len(rows) > 100
    assert not [name for name in rows[0] if "spend" in name or "value" in name or "monetary" in name]
    for row in rows[::60]:
        alone = ask(company, row["customer_id"], sent(visits, row["customer_id"]), run.result["as_of"])
        assert float(row["churn_probability"]) == pytest.approx(alone.probability, abs=1e-6)


def test_a_model_of_purchases_asks_what_was_paid(company, visits, year, read, train, score):
    train(read(year))
    customer, as_of = year[0]["customer_id"], "2024-12-31"

    with pytest.raises(
        HistoryRefused, match=r"transactions\[0\].amount: A purchase needs an amount"
    ) as refused:
        ask(company, customer, sent(visits, customer), as_of)
    assert len(refused.value.extra["fields"]) == min(20, len(sent(visits, customer)))


def test_a_model_of_purchases_does_not_score_visits(member, read, train, visits, year, do_jobs):
    train(read(year))

    run = start_log_prediction(member=member, analysis=read(visits, name="door.csv"), at=NOON)

    [job] = do_jobs()
    assert run.pk and job.error["code"] == "cannot-score-log"
    assert "learned from columns that this log does not have: amount" in job.error["message"]


def test_a_model_of_visits_scores_purchases_and_asks_for_no_amounts(
    company, visits, year, read, train, score
):
    train(read(visits, name="door.csv"))

    run = score(read(year))

    row = csv_of(run.result_dataset_path)[0]
    alone = ask(company, row["customer_id"], sent(visits, row["customer_id"]), run.result["as_of"])
    assert float(row["churn_probability"]) == pytest.approx(alone.probability, abs=1e-6)
    assert not [remark for remark in remarks_on(alone) if "purchase" in remark]
