"""A log of visits, from its upload to scored customers: who came and when, and nothing about money."""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from predictions.api.sent_history import read_history
from predictions.presenting.histories import remarks_on
from predictions.presenting.logs import LogResult, why_not_scored
from predictions.services.histories import HistoryRefused, score_history
from predictions.services.logs import LogCannotBeScored, start_log_prediction
from predictions.services.renewing import start_newer_prediction
from registry.models import ShadowRun
from registry.selectors import champion_of
from registry.services.deployments import deploy_version
from tests.coffee_shop import NOON, SPRING, csv_of, finish, until, written
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


def test_visitors_are_scored_by_models_that_know_no_money(company, visits, read, train, score):
    analysis = read(visits, name="door.csv")
    champion = train(analysis)
    challenger = train(analysis, model_type="random_forest", feature_set="retail_v2")
    deploy_version(
        version=challenger, company=company, role="CHALLENGER", by=None, reason="To compare.", at=NOON
    )
    assert champion_of(company, analysis.population).model == champion

    run = score(analysis)

    assert min(version.figures["churners"]["auc"] for version in (champion, challenger)) > 0.7
    rows = csv_of(run.result_dataset_path)
    assert run.result["rows"] == len(rows) > 100
    assert not [name for name in rows[0] if "spend" in name or "value" in name or "monetary" in name]
    for row in rows[::60]:
        alone = ask(company, row["customer_id"], sent(visits, row["customer_id"]), run.result["as_of"])
        assert float(row["churn_probability"]) == pytest.approx(alone.probability, abs=1e-6)
    noted = ShadowRun.objects.get(batch=run.uuid)
    assert (noted.failure, noted.customers) == ("", len(rows))


def test_a_model_of_purchases_asks_what_was_paid(company, visits, year, read, train, score):
    train(read(year))
    customer, as_of = year[0]["customer_id"], "2024-12-31"

    with pytest.raises(
        HistoryRefused, match=r"transactions\[0\].amount: A purchase needs an amount"
    ) as refused:
        ask(company, customer, sent(visits, customer), as_of)
    assert len(refused.value.extra["fields"]) == min(20, len(sent(visits, customer)))


def test_a_model_of_purchases_does_not_score_visits_and_nobody_is_asked_to_try(
    member, read, train, visits, year, as_developer
):
    version, came = train(read(year)), read(visits, name="door.csv")
    lacks = "that this log does not have: amount"

    page = as_developer.get(reverse("transactions:analysis", args=("dev", came.pk))).content.decode()
    assert lacks in page, re.findall("[^<>]*learned from[^<>]*", page)
    assert "So it cannot score these customers. Train a model on this log" in page
    assert reverse("predictions:score_log", args=("dev", came.pk)) not in page
    for start in (start_log_prediction, partial(start_newer_prediction, earlier=came, upload=None)):
        given = {"analysis": came} if start is start_log_prediction else {}
        with pytest.raises(LogCannotBeScored, match=lacks):
            start(member=member, at=NOON, **given)
    # The page of a training on this very log says the same.
    trained = TrainingRun.objects.get()
    trained.matrix.analysis = came
    trained.matrix.save()
    page = as_developer.get(reverse("training:log_training", args=(came.pk, trained.uuid))).content.decode()
    assert lacks in page and "So it cannot score these customers" in page and "Score the cust" not in page
    del version.figures["log_columns"]
    assert "and this log has visits without amounts" in why_not_scored(came, version)


def test_a_model_of_visits_scores_purchases_and_asks_for_no_amounts(
    company, visits, year, read, train, score
):
    came = read(visits, name="door.csv")
    train(came)
    score(came, at=NOON - timedelta(days=1))

    run = score(read(year))

    assert run.model.is_of_visits and not run.is_of_visits and run.input_data["follows"] is None
    assert "those who bought in the" in LogResult(run).who
    assert not [shown for shown in run.result["shown"] if "visit" in shown["label"]]
    row = csv_of(run.result_dataset_path)[0]
    alone = ask(company, row["customer_id"], sent(visits, row["customer_id"]), run.result["as_of"])
    assert float(row["churn_probability"]) == pytest.approx(alone.probability, abs=1e-6)
    assert not [remark for remark in remarks_on(alone) if "purchase" in remark]


# --- The pages -------------------------------------------------------------------------------------------

# The area of the portal is called after most of its logs, wherever it is named; features keep their names.
NAMES = re.compile(r"purchase logs?( /)?|\b\w+_\w+\b", re.IGNORECASE)
OF_SHOPS = re.compile(
    r"[^.]*\b(purchas\w*|buy\w*|bought|paid|pays?|spen[dt]\w*|amounts?|revenue|price\w*|receipts?|currency|"
    r"retailers?|in retail)\b[^.]*",
    re.IGNORECASE,
)
# What is read aloud or stands in a narrow table is a sentence, too.
ALOUD = re.compile(r'\b(?:aria-label|title|alt|data-label|data-busy)="([^"]*)"')
# Words that were exchanged one by one, where the phrase should have been.
BROKEN = re.compile(
    r"[^.]*\b(?:(?:have|has|had|to|were|was|been) (?:came|comes|do not|did not|does not)|come nothing)\b[^.]*"
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
    """Return what a page says that is said of shops alone, or is no English."""
    main = ABSENT.sub("", page.partition("<main")[2].partition("</main>")[0] or page)
    seen = ". ".join([" ".join(UNSEEN.sub(" ", main).split()), *ALOUD.findall(main)])
    text = NAMES.sub("", seen)
    found = [each[0] for pattern in (OF_SHOPS, BROKEN) for each in pattern.finditer(text)]
    return [each for each in found if not any(said in each for said in ALLOWED)]


@pytest.fixture
def doors(as_developer, do_jobs):
    """Return a function that posts to a page of the developer, does the jobs that follow, and ends there."""

    def do(name, *args, **sent):
        answer = as_developer.post(reverse(name, args=args), sent)
        assert answer.status_code == 302, answer.content.decode()[:2000]
        waiting = as_developer.get(answer.url)
        finish(do_jobs)
        return answer.url, waiting.content.decode()

    return do


def test_the_portal_leads_from_a_file_of_visits_to_who_will_leave(as_developer, as_user, visits, doors):
    client, spring = as_developer, ContentFile(written(until(visits, SPRING)), name="door.csv")

    _, columns = doors("transactions:new", "dev", file=spring)
    log = AnalysisSession.objects.get()
    args = ("dev", log.pk)
    _, reading = doors("transactions:columns", *args, customer_id="customer_id", event_at="event_date")
    doors("transactions:churn", *args, horizon_days=45)
    chosen = {"model_type": "logistic_regression", "feature_set": "retail_v2"}
    learned, learning = doors("training:log_model", log.pk, **chosen)
    training = TrainingRun.objects.get()
    if not champion_of(log.company, log.population):
        doors("registry:deploy", training.version_id)
    scored, scoring = doors("predictions:score_log", *args)
    whole = ContentFile(written(visits), name="next.csv")
    newer, renewing = doors("predictions:newer_log", *args, file=whole)

    assert "needed to say anything about money" in columns
    assert str(log.population) == "Visits"
    version = ("dev", training.version_id)
    addresses = {
        "log": reverse("transactions:analysis", args=args),
        "logs": reverse("transactions:analyses", args=["dev"]),
        "profile": reverse("transactions:profile", args=args),
        "report": reverse("transactions:profile_html", args=args),
        "churn": reverse("transactions:churn", args=args),
        "features": reverse("transactions:features", args=args),
        "matrix": reverse("transactions:matrix", args=(*args, training.matrix_id)),
        "model": reverse("training:log_model", args=(log.pk,)),
        "training": learned,
        "version": reverse("registry:version", args=version),
        "models": reverse("registry:models", args=["dev"]),
        "base": reverse("registry:base", args=("dev", log.population.uuid)),
        "ledger": reverse("registry:ledger"),
        "withdraw": reverse("registry:withdraw", args=[training.version_id]),
        "result": scored,
        "changes": newer,
        "newer": reverse("predictions:newer_log", args=args),
        "history": reverse("predictions:history", args=["dev"]),
        "trainings": reverse("training:runs"),
        "data": reverse("training:datasets"),
        "jobs": reverse("jobs:news", args=["dev"]),
    }
    pages = {"reading": reading, "learning": learning, "scoring": scoring, "renewing": renewing}
    # Users walk through the same pages; one of them is written for them alone.
    of_user = {"user home": reverse("companies:home", args=["user"])}
    of_user["user models"] = reverse("registry:models", args=["user"])
    of_user["user version"] = reverse("registry:version", args=("user", training.version_id))
    of_user["user result"] = newer.replace("/dev/", "/user/")
    for name, address in (addresses | of_user).items():
        answer = (as_user if name in of_user else client).get(address)
        assert answer.status_code == 200, (name, answer)
        pages[name] = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
    said = [f"{name}: {each}" for name, page in pages.items() for each in of_shops(page)]
    assert said == [], "\n".join(said)
    assert "no longer on it" in pages["changes"] and "came in between" in pages["changes"]
