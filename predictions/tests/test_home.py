"""What the homes say of the latest result."""

from datetime import timedelta

import pytest
from django.urls import reverse

from jobs.models import Job
from predictions.models import Prediction
from predictions.presenting.summary import Findings
from predictions.tests.factories import NOON, PredictionFactory
from registry.models import Population
from registry.services.deployments import deploy_version
from registry.tests.factories import ModelMetricsFactory, ModelVersionFactory, PopulationFactory

pytestmark = pytest.mark.django_db

KINDS = {"new": 1153, "still named": 201, "bought since": 400, "less likely now": 300, "lapsed": 120}


def done(**who):
    result = {"rows": 150, "churners": 40, "threshold": 0.5, "expected_named": 27.0, "policy": "segments_v2"}
    tiers = {"Low": 60, "Medium": 50, "High": 30, "Critical": 10}
    whole = {"tiers": tiers, "revenue_at_risk": None, "histogram": [], "features": []}
    return PredictionFactory(job__state=Job.State.SUCCEEDED, result=result | whole, **who)


def test_a_user_begins_with_what_the_developer_of_the_company_made(as_user, developer):
    made = done(by_developer=True, developer=developer.developer)
    PredictionFactory(prediction_name="Of another company")

    home = as_user.get("/user/").content.decode()

    assert "40 of 150 customers are named, from a probability of 0.50 on; about 27 of them" in home
    assert reverse("predictions:result", args=("user", made.uuid)) in home
    assert str(developer) in home and "Of another company" not in home


def test_a_user_of_a_gym_is_shown_neither_bases_without_a_model_nor_telecom(as_user, company):
    base = PopulationFactory(company=company, name="Trial members", snapshot=True)

    home = as_user.get("/user/").content.decode()
    history = as_user.get("/user/predictions/").content.decode()

    assert "Trial members" not in home
    assert "No model serves them yet. The developer of" in home
    assert "Sample file" not in home and "Sample file" not in history

    version = ModelVersionFactory(company=company, population=base)
    deploy_version(version=version, company=company, by=None, reason="The first.", at=NOON)

    assert f"{version} serves" in as_user.get("/user/").content.decode()

    # What nobody can do anything with yet stands behind it, however early it was made.
    PopulationFactory(company=company, name="A shop", kind=Population.Kind.LOG)
    home = as_user.get("/user/").content.decode()
    assert 0 < home.index("Trial members") < home.index("A shop")


def test_who_has_nothing_of_its_own_may_try_the_sample(as_user):
    assert "Sample file with 200 customers" in as_user.get("/user/").content.decode()


def test_a_shop_reads_what_changed_on_its_list(as_user, user):
    log = PredictionFactory(user=user.user, job__state=Job.State.SUCCEEDED, upload_dataset_path="")
    changes = {"kinds": KINDS, "since": "2024-09-15T00:00:00", "first_seen": 0, "outcome": None}
    tiers = {"Low": 500, "Medium": 100, "High": 700, "Critical": 54}
    log.result = {"rows": 1894, "churners": 1354, "threshold": 0.31, "expected_named": 757.2}
    log.result |= {"policy": "segments_v2", "tiers": tiers, "changes": changes}
    log.input_data |= {"source": "log", "analysis": "00000000-0000-4000-8000-000000000000"}
    log.save()

    home = as_user.get("/user/").content.decode()

    assert "1,354 of 1,894 customers are named, from a probability of 0.31 on; about 757 of them" in home
    assert "1,153 new on the list since 15 September 2024, 820 no longer on it" in home
    assert f"/user/predictions/{log.uuid}/#changes" in home


def test_an_old_log_that_is_scored_later_is_not_the_list_of_today(as_user, user):
    base = PopulationFactory(company=user.user.company)
    for day, customer in (("2011-12-09", "14646"), ("1998-07-01", "cd-7"), ("2010-12-09", "12347")):
        run = done(user=user.user, population=base)
        run.result |= {"as_of": f"{day}T00:00:00", "urgent": [{"customer": customer, "probability": 0.97}]}
        run.input_data = {"source": "log", "accepted": 150}
        run.save()

    home = as_user.get("/user/").content.decode()

    assert "Most urgent" in home and "<bdi>14646</bdi>" in home
    assert "cd-7" not in home and "12347" not in home


@pytest.mark.any_database
@pytest.mark.parametrize(("corrected", "shown"), [(False, "typo"), (True, "right")])
def test_a_mistyped_end_does_not_stand_for_today_once_it_was_corrected(as_user, user, corrected, shown):
    base = PopulationFactory(company=user.user.company)
    ends = [("2025-01-15", True, "typo"), ("2024-12-21", False, "right")]
    for day, in_doubt, customer in ends if corrected else ends[::-1]:
        run = done(user=user.user, population=base)
        run.result |= {"as_of": f"{day}T00:00:00", "ends_in_doubt": in_doubt}
        run.result["urgent"] = [{"customer": customer, "probability": 0.97}]
        run.input_data = {"source": "log", "accepted": 150}
        run.created_at = NOON + timedelta(days=len(customer) if corrected else -len(customer))
        run.save()

    assert f"<bdi>{shown}</bdi>" in as_user.get("/user/").content.decode()


@pytest.mark.any_database
def test_a_file_of_the_past_is_not_the_list_of_today(as_user, user):
    known = {"everybody": {"customers": 149, "left": 30, "expected": 27.0}, "unknown": 1}
    for day, realised, customer in (
        ("2026-03-01", None, "today"),
        ("2026-01-01", None, "older-day"),
        ("2026-04-01", known, "known-already"),
    ):
        run = done(user=user.user)
        run.input_data["spec"]["reference"] = day
        group = {"customers": 1, "left": 1, "expected": 1.0}
        run.result["realised"] = realised and realised | {"named": group, "tiers": [group] * 4}
        run.result["call_first"] = [{"customer": customer, "probability": 0.97}]
        run.save()
    # A few customers to try something do not make a large file one of the past.
    tried = done(user=user.user)
    tried.input_data["spec"]["reference"] = None
    tried.result |= {
        "realised": None,
        "rows": 3,
        "call_first": [{"customer": "tried-first", "probability": 0.97}],
    }
    tried.created_at = NOON - timedelta(days=1)
    tried.save()

    home = as_user.get("/user/").content.decode()

    assert "<bdi>today</bdi>" in home
    assert all(other not in home for other in ("older-day", "tried-first", "known-already"))

    # Of nobody it says that they left, which is no file of the past; invented customers stand behind all.
    for day, customer in (("2026-03-05", "all-are-here"), ("2026-05-01", "DA-000017")):
        run = done(user=user.user)
        run.input_data["spec"]["reference"] = day
        group = {"customers": 149, "left": 0, "expected": 1.0}
        run.result["realised"] = {"everybody": group, "named": group, "tiers": [group] * 4, "unknown": 1}
        run.result["call_first"] = [{"customer": customer, "probability": 0.97}]
        run.save()

    home = as_user.get("/user/").content.decode()
    assert "<bdi>all-are-here</bdi>" in home and "DA-000017" not in home and "today</bdi>" not in home
    assert "did leave" not in home

    # What is older than a month does not hold up a file that says who left.
    Prediction.objects.update(created_at=NOON - timedelta(days=62))
    Prediction.objects.filter(result__call_first__0__customer="known-already").update(created_at=NOON)
    Prediction.objects.filter(pk=tried.pk).update(created_at=NOON - timedelta(days=1))
    assert "<bdi>known-already</bdi>" in as_user.get("/user/").content.decode()


def test_an_older_result_that_knew_who_left_names_nobody_to_call(as_user, user):
    run = done(user=user.user)
    run.result["urgent"] = [{"customer": "perhaps-gone", "probability": 0.97}]
    assert Findings(run).call_first == run.result["urgent"]

    run.result["realised"] = {"unknown": 0}

    assert Findings(run).call_first == []


def test_what_came_true_of_own_customers_stands_before_what_a_model_did_elsewhere(
    company, developer, as_developer
):
    version = ModelMetricsFactory(model=ModelVersionFactory(company=company)).model
    deploy_version(version=version, company=company, by=None, reason="The first.", at=NOON)
    made = done(by_developer=True, developer=developer.developer)
    home = as_developer.get("/dev/").content.decode()
    assert "is suggested to" in home and "your own customers" not in home

    known = {"customers": 150, "left": 30, "expected": 27.0}
    named = {"customers": 40, "left": 22, "expected": 25.0}
    realised = {"everybody": known, "named": named, "tiers": [known] * 4, "unknown": 0}
    made.result |= {"realised": realised}
    made.save(update_fields=("result",))
    home = as_developer.get("/dev/").content.decode()

    assert home.index("22 of 40 named as leaving did leave") < home.index("is suggested to")
    assert "your own customers" in home
