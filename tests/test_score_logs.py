"""The customers of a purchase log: scored by what a training left, and once more with the next export."""

import csv
import io
from datetime import UTC, datetime

import duckdb
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from companies.access import membership
from core.files.media import readable_path
from core.files.store import local_copy
from core.files.stored import DATASETS
from ml.samples.sample_logs import make_sample_log
from predictions import files
from predictions.models import Prediction
from predictions.services.histories import score_history
from predictions.services.logs import NoModelOfPurchases, start_log_prediction
from training.services.feature_training import start_feature_training
from transactions.services.processing import process_features
from transactions.services.uploads import start_analysis

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def year():
    """Return the rows of a year of a coffee shop."""
    return list(csv.DictReader(io.StringIO(make_sample_log("coffee_shop", customers=700).decode())))


def written(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def member(developer):
    return membership(developer)


@pytest.fixture
def read(member, do_jobs):
    """Return a function that reads a log to the end, features included."""

    def do(rows, *, name="log.csv", feature_set="rfm_v2", at=NOON):
        analysis = start_analysis(member=member, upload=ContentFile(written(rows), name=name), at=at)
        process_features(analysis=analysis, feature_set=feature_set, at=at)
        finish(do_jobs)
        analysis.refresh_from_db()
        return analysis

    return do


@pytest.fixture
def train(member, do_jobs):
    def do(analysis, *, model_type=None):
        training = start_feature_training(
            member=member, model_type=model_type, matrix=analysis.matrices.get(), at=NOON
        )
        finish(do_jobs)
        training.refresh_from_db()
        return training.version

    return do


@pytest.fixture
def score(member, do_jobs):
    def do(analysis, *, at=NOON, **options):
        run = start_log_prediction(member=member, analysis=analysis, at=at, **options)
        finish(do_jobs)
        return Prediction.objects.with_people().get(pk=run.pk)

    return do


def finish(do_jobs):
    while jobs := do_jobs():
        assert [job.error for job in jobs] == [None] * len(jobs)


def table_of(run):
    rows = pq.read_table(readable_path(files.table_beside(run.result_dataset_path))).to_pylist()
    return {row["_customer"]: row for row in rows}


def csv_of(relative):
    return list(csv.DictReader(readable_path(relative).open(encoding="utf-8-sig")))


def sent_by(analysis):
    """Return the purchases of each customer as a program would send them."""
    with local_copy(DATASETS, analysis.events_path) as events, duckdb.connect() as connection:
        found = connection.sql(f"SELECT * FROM read_parquet('{events}')").to_arrow_table().to_pylist()
    customers = {}
    for event in found:
        sent = {"event_date": event.pop("event_at").isoformat()} | event
        customers.setdefault(sent.pop("customer_id"), []).append(sent)
    return customers


@pytest.mark.parametrize(
    ("feature_set", "model_type"), [("rfm_v2", "logistic_regression"), ("retail_v1", "random_forest")]
)
def test_every_customer_gets_what_the_api_says_of_its_purchases(
    company, read, train, score, year, feature_set, model_type
):
    analysis = read(year, feature_set=feature_set)
    train(analysis, model_type=model_type)

    run = score(analysis)

    table, lapsed = table_of(run), csv_of(files.lapsed_beside(run.result_dataset_path))
    silent = {row["customer_id"] for row in lapsed}
    seen = {"full": 0, "one_purchase": 0, "lapsed": 0}
    for customer, sent in sent_by(analysis).items():
        alone = score_history(company=company, transactions=sent, as_of=run.result["as_of"], at=NOON)
        seen[alone.evidence] += 1
        if alone.evidence == "lapsed":
            assert customer in silent and customer not in table
        else:
            assert table[customer]["_probability"] == pytest.approx(alone.probability, abs=1e-9)
            assert table[customer]["_tier"] == alone.segment
            assert (table[customer]["evidence"] == "one purchase only") == (alone.evidence == "one_purchase")
    assert run.result["rows"] == len(table) == seen["full"] + seen["one_purchase"]
    assert run.result["lapsed"]["customers"] == len(silent) == seen["lapsed"] > 0
    assert run.result["one_purchase"] == seen["one_purchase"]


def test_the_result_has_the_features_of_each_customer_as_columns(read, train, score, year):
    analysis = read(year)
    version = train(analysis)

    run = score(analysis)

    rows, table = csv_of(run.result_dataset_path), table_of(run)
    first, *features, evidence, prediction, probability, tier = rows[0]
    assert (first, evidence, prediction) == ("customer_id", "evidence", "prediction")
    assert (probability, tier) == ("churn_probability", "risk_tier")
    assert features == [name for name in table[rows[0]["customer_id"]] if name in features]
    assert run.model == version and run.result["rows"] == len(rows)
    for row in rows[:50]:
        known = table[row["customer_id"]]
        assert float(row["churn_probability"]) == pytest.approx(known["_probability"], abs=1e-6)
        assert row["risk_tier"] == known["_tier"]
        assert [float(row[name]) for name in features] == [known[name] for name in features]


def test_nothing_is_scored_before_something_was_learned(member, read, year):
    analysis = read(year[:2000])

    with pytest.raises(NoModelOfPurchases, match="Train one on this log"):
        start_log_prediction(member=member, analysis=analysis, at=NOON)

    assert not Prediction.objects.exists()


def test_the_page_says_who_was_scored_and_who_lapsed(read, train, year, as_developer, do_jobs, developer):
    analysis = read(year)
    train(analysis)
    asked = reverse("predictions:score_log", args=("dev", analysis.pk))

    sent = as_developer.post(asked)
    while_it_runs = as_developer.get(sent.url)
    finish(do_jobs)
    page = as_developer.get(sent.url).content.decode()

    run = Prediction.objects.get()
    assert while_it_runs.status_code == 200
    assert f"{run.result['rows']:,} customers scored as of" in page
    assert f"{run.result['lapsed']['customers']:,} customers have left already" in page
    for name in ("download_csv", "download_xlsx", "download_customers", "download_lapsed"):
        answer = as_developer.get(reverse(f"predictions:{name}", args=("dev", run.uuid)))
        assert b"".join(answer.streaming_content), name
    for name in ("download_upload", "download_rejects"):
        assert as_developer.get(reverse(f"predictions:{name}", args=("dev", run.uuid))).status_code == 404
    history = as_developer.get(reverse("predictions:history", args=("dev",)))
    assert str(run) in history.content.decode()
