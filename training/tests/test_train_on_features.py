from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from jobs.models import Job
from jobs.orders import request_cancel
from ml.samples.sample_logs import make_sample_log
from registry.selectors import champion_of, purchases_base, telecom_base, versions_for
from registry.services.model_types import UnknownModelType
from registry.services.opening import load_manifest
from registry.tests.factories import CURVES, ModelMetricsFactory, ModelVersionFactory, PopulationFactory
from training.api.v2 import describe_training
from training.models import TrainingRun
from training.presenting.status import TRAINING_STATUS
from training.selectors import latest_feature_training, latest_features
from training.services.feature_training import (
    NoFeatures,
    start_feature_training,
)
from training.services.runs import OnlyDevelopers
from transactions.services.processing import name_columns, process_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import read_here

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# Behind the features, which are queued at noon.
LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def member(developer):
    return membership(developer)


def process(member, content, *, is_read=True, **options):
    analysis = start_analysis(member=member, upload=ContentFile(content, name="log.csv"), at=NOON, **options)
    if is_read:
        read_here(analysis, mapping=name_columns(analysis))
    return process_features(analysis=analysis, at=NOON)


def train(member, **options):
    matrix = latest_features(member.company, purchases_base(member.company))
    return start_feature_training(member=member, matrix=matrix, **options)


def told(member):
    return describe_training(latest_feature_training(member.company, purchases_base(member.company)))


def test_learns_from_a_log_by_time_and_registers_a_version(member, do_jobs):
    matrix = process(member, make_sample_log("coffee_shop", customers=900), is_read=False)
    training = train(member, at=LATER)

    do_jobs()

    assert (told(member)["status"], told(member)["error_message"]) == ("completed", None)
    training.refresh_from_db()
    version, report = training.version, training.report
    manifest = load_manifest(version, at=NOON)
    assert version.company == member.company
    assert version.population == matrix.analysis.population
    assert manifest["schema"]["name"] == "rfm_v2"
    assert version.training_dataset.feature_matrix == matrix
    assert training.label_source == "definition"
    assert report["tested_at_cutoff"] > report["trained_at_cutoff"]
    assert report["optimistic"] is not None
    assert len(manifest["golden"]) == 50
    # What was left out of the eight is named, and nothing is asked for that the model does not read.
    read = {column["name"] for column in manifest["schema"]["numeric"]}
    assert set(manifest["purchase_features"]["fills"]) == read == set(report["selection"]["kept"])
    assert len(read) + len(report["left_out"]) == 8
    assert manifest["evidence"]["selection"] == report["selection"]
    assert training.training_samples == manifest["split"]["registered_rows"]
    assert told(member)["version"] == version.version
    assert told(member)["warnings"] == report["warnings"]
    assert report["minimum"]["passed"]
    # It serves its own base, and nobody may choose it for a file of customers.
    assert version not in versions_for(member, telecom_base())
    assert champion_of(member.company, version.population).model == version
    assert champion_of(member.company, telecom_base()) is None
    line = member.company.deployment_events.get()
    assert (line.population, line.actor_name) == (version.population, "the installation")
    assert line.reason == report["deployment"]["reason"]
    assert report["deployment"]["deployed"]


def set_brier(figures, value):
    figures.additional_metrics["brier"] = value
    figures.additional_metrics["intervals"]["probabilities"]["brier"] = {"low": value, "high": value}
    figures.save()


@pytest.mark.any_database
def test_a_champion_stays_that_is_not_worse_on_the_same_customers(member, do_jobs):
    process(member, make_sample_log("coffee_shop", customers=900))
    first = train(member, at=LATER)
    do_jobs()
    champion = TrainingRun.objects.get(pk=first.pk).version

    second = train(member, at=LATER)
    do_jobs()

    second.refresh_from_db()
    assert champion_of(member.company, champion.population).model == champion
    assert not second.report["deployment"]["deployed"]
    assert f"Not deployed, {champion} stays" in second.report["deployment"]["reason"]

    set_brier(champion.metrics, 0.9)
    third = train(member, at=LATER)
    do_jobs()

    third.refresh_from_db()
    assert champion_of(member.company, champion.population).model == third.version
    assert "against 0.9000" in member.company.deployment_events.order_by("-sequence").first().reason


@pytest.mark.any_database
def test_learns_from_given_labels_by_a_stratified_split(member, do_jobs):
    process(member, make_sample_log("subscription", customers=900), has_churn_label=True)
    training = train(member, model_type="random_forest", at=LATER)

    do_jobs()

    training.refresh_from_db()
    assert training.label_source == "given"
    assert training.report["split"] == "stratified"
    assert training.version.model_type.slug == "random_forest"
    assert 0.05 < training.churn_rate < 0.5


@pytest.mark.any_database
def test_a_log_that_teaches_nothing_fails_with_the_reason(member, do_jobs):
    process(member, make_sample_log("coffee_shop", customers=30))
    train(member, at=LATER)

    do_jobs()

    status = told(member)
    assert status["status"] == "failed"
    assert "at least 30 customers who left" in status["error_message"]
    assert "30 of the 100 customers" in status["error_message"]
    assert "Export all customers instead of a selection; 70 more are needed." in status["error_message"]
    assert status["accuracy"] is None
    assert not member.company.versions.exists()


def test_features_that_failed_fail_the_training_with_their_reason(member):
    matrix = process(member, make_sample_log("coffee_shop", customers=30), is_read=False)
    start_feature_training(member=member, matrix=matrix, at=LATER)

    request_cancel(job=Job.objects.get(task="transactions.import"), by=member.account, at=LATER)

    assert told(member)["error_message"] == (
        "This waited for “Features of log.csv”, which failed. This waited for “Reading log.csv”, which was "
        "cancelled."
    )


@pytest.mark.any_database
def test_features_that_failed_are_passed_over(member, do_jobs):
    stands = process(member, make_sample_log("coffee_shop", customers=30))
    do_jobs()
    process(member, make_sample_log("coffee_shop", customers=31))
    request_cancel(job=Job.objects.get(state=Job.State.QUEUED), by=member.account, at=NOON)

    assert latest_features(member.company, stands.analysis.population) == stands


@pytest.mark.parametrize(("state", "word"), [(state, TRAINING_STATUS[state]) for state in Job.State.values])
def test_tells_each_state_of_the_job_by_its_word(member, state, word):
    process(member, make_sample_log("coffee_shop", customers=30))
    training = train(member, at=LATER)
    Job.objects.filter(pk=training.job_id).update(state=state, error={"code": "x", "message": "Why."})

    status = told(member)

    assert status["status"] == word
    wanted = {"FAILED": "Why.", "CANCELLED": "The training was cancelled."}
    assert status["error_message"] == wanted.get(state)


def test_the_latest_of_a_type_is_told_where_it_is_asked_for(member, developer, log_in):
    process(member, make_sample_log("coffee_shop", customers=30))
    for hour, model_type in enumerate(("random_forest", "logistic_regression")):
        train(member, model_type=model_type, at=LATER + timedelta(hours=hour))
    address = f"/api/v1/churn/v2/organizations/{member.company.pk}/training-status"
    client = log_in(developer)

    def ask(**parameters):
        return client.get(address, parameters)

    latest = ask().json()
    assert latest["model_type"] == "logistic_regression"
    account = latest["rows_read"]
    assert account["rows_in"] == account["accepted"] + account["duplicates"] + account["rejected"] > 0
    assert (account["encoding"], account["rejected_rows_url"]) == ("utf-8", None)
    assert ask(model_type="random_forest").json()["model_type"] == "random_forest"
    none = ask(model_type="gradient_boosting").json()
    assert (none["status"], none["rows_read"]) == ("not_started", None)
    assert (ask(model_type="svm").status_code, ask(model_type="svm").json()["code"]) == (
        400,
        "unknown-model-type",
    )


def test_each_base_learns_from_its_own_latest_features(member, developer, log_in):
    usual = process(member, make_sample_log("coffee_shop", customers=30))
    shop = PopulationFactory(company=member.company, name="Shop")
    theirs = process(member, make_sample_log("coffee_shop", customers=31), population=shop)
    client, address = log_in(developer), f"/api/v1/churn/v2/organizations/{member.company.pk}"

    assert client.post(f"{address}/train?base=Shop").status_code == 200
    told = {
        base: client.get(f"{address}/training-status", {"base": base}).json()["status"]
        for base in (str(shop.uuid), str(usual.analysis.population.uuid), "")
    }

    assert TrainingRun.objects.get().matrix == theirs
    assert list(told.values()) == ["training", "not_started", "not_started"]
    assert client.post(f"{address}/train?base=Nowhere").status_code == 404
    assert client.post(f"{address}/train").status_code == 200
    assert TrainingRun.objects.latest("pk").matrix == usual


def test_the_admin_and_the_card_of_the_version_say_what_came_of_it(
    member, do_jobs, as_operator, as_developer
):
    process(member, make_sample_log("coffee_shop", customers=900))
    training = train(member, at=LATER)
    do_jobs()
    training.refresh_from_db()

    listed = as_operator.get("/admin/training/trainingrun/")
    page = as_operator.get(f"/admin/training/trainingrun/{training.pk}/change/").content.decode()
    card = as_developer.get(f"/dev/models/{training.version.pk}/").content.decode()

    assert listed.status_code == 200

    for place in (
        f"/admin/registry/modelversion/{training.version.pk}/",
        f"/admin/jobs/job/{training.job.pk}/",
        f"/admin/transactions/featurematrix/{training.matrix.pk}/",
        f"/admin/transactions/analysissession/{training.matrix.analysis.pk}/",
        member.account.email,
        "judged on those of",
        *training.report["left_out"],
    ):
        assert place in page
    assert "How it learned from a purchase log" in card
    assert f"/dev/logs/{training.matrix.analysis_id}/features/{training.matrix.pk}/" in card
    for sentence in (*training.report["warnings"], *training.report["left_out"].values()):
        assert sentence in card


def test_operators_read_why_it_failed_and_what_was_deleted(member, do_jobs, as_operator):
    matrix = process(member, make_sample_log("coffee_shop", customers=30))
    training = train(member, at=LATER)
    do_jobs()
    matrix.delete()

    page = as_operator.get(f"/admin/training/trainingrun/{training.pk}/change/").content.decode()

    assert "at least 30 customers who left" in page
    assert "They were deleted." in page


def test_neither_programs_nor_operators_are_told_a_precision_of_nobody(member, as_operator):
    process(member, make_sample_log("coffee_shop", customers=30))
    training = train(member, at=LATER)
    churners = CURVES["churners"] | {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    nobody = {"true_negative": 947, "false_positive": 0, "false_negative": 340, "true_positive": 0}
    training.version = ModelMetricsFactory(
        model=ModelVersionFactory(company=member.company, population=training.population),
        additional_metrics=CURVES | {"confusion": nobody, "churners": churners},
    ).model
    training.save()

    page = as_operator.get(f"/admin/training/trainingrun/{training.pk}/change/").content.decode()

    assert (told(member)["precision"], told(member)["recall"]) == (None, 0)
    assert "precision unknown (it named nobody), recall 0.000" in page


def test_tells_that_nothing_was_started(member):
    assert told(member)["status"] == "not_started"


def test_refuses_who_may_not_what_is_unknown_and_what_is_not_there(member, user):
    with pytest.raises(OnlyDevelopers):
        train(membership(user), at=NOON)
    with pytest.raises(UnknownModelType, match=r"one of: logistic_regression, neural_network, .*, lightgbm"):
        train(member, model_type="crystal_ball", at=NOON)
    with pytest.raises(NoFeatures):
        train(member, at=LATER)
    assert not TrainingRun.objects.exists()
