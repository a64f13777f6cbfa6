"""A log of visits, from its upload to scored customers: who came and when, and nothing about money."""

import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from predictions.api.sent_history import read_history
from predictions.presenting.histories import remarks_on
from predictions.services.histories import HistoryRefused, score_history
from predictions.services.logs import start_log_prediction
from registry.selectors import champion_of
from tests.coffee_shop import NOON, csv_of, finish, written
from training.models import TrainingRun
from transactions.models import AnalysisSession

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


# --- The pages -------------------------------------------------------------------------------------------

# The area of the portal is called after most of its logs, wherever it is named; features keep their names.
NAMES = re.compile(r"purchase logs?( /)?|\b\w+_\w+\b", re.IGNORECASE)
OF_SHOPS = re.compile(
    r"[^.]*\b(purchas\w*|buy\w*|bought|paid|pays?|spen[dt]\w*|amounts?|revenue|price\w*|receipts?|currency)\b[^.]*",
    re.IGNORECASE,
)
UNSEEN = re.compile(r"<(script|style|code|bdi)\b.*?</\1>|<[^>]*>", re.DOTALL)
# What is absent is listed with its definition, so that nobody looks for it.
ABSENT = re.compile(r'<tr>(?:(?!</tr>).)*<span class="badge">Absent</span>.*?</tr>', re.DOTALL)
ALLOWED = (
    "nothing is said about money",
    "If one does, choose it as the amount",
    "Not in this log: amount",
    "The log has no column amount",
    # Limits of every model.
    "deciding about prices",
    "New prices",
)


def of_shops(page):
    """Return what a page says that is said of shops alone."""
    main = ABSENT.sub("", page.partition("<main")[2].partition("</main>")[0] or page)
    text = NAMES.sub("", " ".join(UNSEEN.sub(" ", main).split()))
    found = [each[0] for each in OF_SHOPS.finditer(text)]
    return [each for each in found if not any(said in each for said in ALLOWED)]


def test_the_portal_leads_from_a_file_of_visits_to_who_will_leave(as_developer, visits, do_jobs):
    client, file = as_developer, ContentFile(written(visits), name="door.csv")

    client.post(reverse("transactions:new", args=("dev",)), {"file": file})
    log = AnalysisSession.objects.get()
    assert str(log.population) == "Visits"
    args = ("dev", log.pk)
    columns = client.get(reverse("transactions:columns", args=args)).content.decode()
    client.post(
        reverse("transactions:columns", args=args), {"customer_id": "customer_id", "event_at": "event_date"}
    )
    finish(do_jobs)
    client.post(reverse("transactions:churn", args=args), {"horizon_days": 45})
    client.post(
        reverse("training:log_model", args=(log.pk,)),
        {"model_type": "logistic_regression", "feature_set": "retail_v2"},
    )
    finish(do_jobs)
    training = TrainingRun.objects.get()
    if not champion_of(log.company, log.population):
        client.post(reverse("registry:deploy", args=(training.version_id,)))
    scored = client.post(reverse("predictions:score_log", args=args))
    finish(do_jobs)

    assert "needed to say anything about money" in columns
    pages = {
        "log": reverse("transactions:analysis", args=args),
        "profile": reverse("transactions:profile", args=args),
        "report": reverse("transactions:profile_html", args=args),
        "churn": reverse("transactions:churn", args=args),
        "features": reverse("transactions:features", args=args),
        "matrix": reverse("transactions:matrix", args=(*args, training.matrix_id)),
        "model": reverse("training:log_model", args=(log.pk,)),
        "training": reverse("training:log_training", args=(log.pk, training.uuid)),
        "version": reverse("registry:version", args=("dev", training.version_id)),
        "result": scored.url,
    }
    said = {}
    for name, address in pages.items():
        answer = client.get(address)
        assert answer.status_code == 200, (name, answer)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        said |= {name: found} if (found := of_shops(content.decode())) else {}
    assert said == {}, "\n".join(f"{name}: {each}" for name, found in said.items() for each in found)
