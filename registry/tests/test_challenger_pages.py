"""What the developer sees of the challenger: how often it disagrees, run by run; one click promotes it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from registry.models import ModelDeployment
from registry.models.populations import usual_policies
from registry.presenting.disagreement import disagreement_of
from registry.selectors import challenger_of, champion_of, telecom_base
from registry.services.deployments import deploy_version
from registry.services.states import quarantine_version
from registry.tests.factories import (
    NOON,
    ModelMetricsFactory,
    ModelVersionFactory,
    PopulationFactory,
    ShadowRunFactory,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MODELS = "/dev/models/"
CHALLENGER = ModelDeployment.Role.CHALLENGER


@pytest.fixture
def champion(company, developer):
    version = ModelMetricsFactory(model=ModelVersionFactory(company=company, number=2)).model
    deploy_version(version=version, company=company, by=developer, reason="Finds more.", at=NOON)
    return version


@pytest.fixture
def challenger(champion, company, developer):
    version = ModelVersionFactory(company=company, number=3)
    return deploy_version(
        version=version, company=company, role=CHALLENGER, by=developer, reason="To compare.", at=NOON
    )


def text(answer):
    return " ".join(answer.content.decode().split()).replace("\u202f", " ")


# --- What is counted -------------------------------------------------------------------------------------


def test_counts_the_runs_beside_the_champion(challenger, champion, company):
    other = ModelVersionFactory(company=company, number=9)
    for compared_with in (champion, champion, other):
        ShadowRunFactory(challenger=challenger, compared_with=compared_with)
    ShadowRunFactory(challenger=challenger, compared_with=champion, failed=True)

    found = disagreement_of(company, population=telecom_base())

    assert (len(found.runs), len(found.counted)) == (4, 2)
    assert (found.customers, found.share.hits) == (2000, 100)
    assert found.share.interval == pytest.approx((0.0413, 0.0604), abs=1e-3)
    assert found.mean_difference == pytest.approx(0.041)


def test_leaves_the_runs_of_others_out(challenger, champion, company, other_company, stranger):
    foreign = ModelVersionFactory(company=other_company)
    theirs = deploy_version(
        version=foreign, company=other_company, role=CHALLENGER, by=stranger, reason="To compare.", at=NOON
    )
    ShadowRunFactory(challenger=theirs, compared_with=foreign)

    assert disagreement_of(company, population=telecom_base()).runs == []


def test_tells_how_it_was_at_an_instant(challenger, champion, company):
    ShadowRunFactory(challenger=challenger, compared_with=champion, at=NOON + HOUR)

    assert disagreement_of(company, population=telecom_base(), until=NOON).share is None
    assert disagreement_of(company, population=telecom_base(), until=NOON + HOUR).share.tried == 1000


def test_colours_by_the_tiers_of_the_customer_base(champion, company, developer):
    base = PopulationFactory(company=company, policies=usual_policies() | {"risk_tiers": "tiers_advisor"})
    served, compared = (
        ModelVersionFactory(company=company, number=number, population=base) for number in (1, 2)
    )
    deploy_version(version=served, company=company, by=developer, reason="First.", at=NOON)
    beside = deploy_version(
        version=compared, company=company, role=CHALLENGER, by=developer, reason="To compare.", at=NOON
    )
    ShadowRunFactory(challenger=beside, compared_with=served)

    bars = disagreement_of(company, population=base).histograms["used"]

    assert [bar["tone"] for bar in bars] == ["low"] * 8 + ["medium"] * 6 + ["high"] * 6


def test_the_command_tells_it_of_the_challenger_of_each_base(
    champion, challenger, company, developer, capsys
):
    base = PopulationFactory(company=company)
    served, compared = (
        ModelVersionFactory(company=company, number=number, population=base) for number in (5, 6)
    )
    for version, role in ((served, "CHAMPION"), (compared, CHALLENGER)):
        deploy_version(
            version=version, company=company, role=role, by=developer, reason="To compare.", at=NOON
        )
    ShadowRunFactory(challenger=company.deployments.get(model=compared), compared_with=served)

    call_command("serving", company=company.pk, at=(NOON + HOUR).isoformat())

    told = capsys.readouterr().out
    assert f"{compared} disagrees with {served} on 5.0\u202f% of 1,000 customers" in told
    assert f"Nobody has predicted with {champion} since {challenger.model} is the challenger." in told


# --- The page --------------------------------------------------------------------------------------------


def test_shows_how_often_they_disagree(challenger, champion, as_developer):
    ShadowRunFactory(challenger=challenger, compared_with=champion)

    page = text(as_developer.get(MODELS))

    assert f"{challenger.model} disagrees with {champion} on 5.0 % of 1,000 customers in 1 run" in page
    assert "95 % interval 3.8 % to 6.5 %" in page


def test_says_why_a_run_was_not_scored(challenger, champion, as_developer):
    ShadowRunFactory(challenger=challenger, compared_with=champion, failed=True)

    page = text(as_developer.get(MODELS))

    assert "It could not score these customers." in page
    assert f"Nobody has predicted with {champion}" in page


def test_teaches_before_the_first_run(challenger, as_developer):
    assert "stands here when the next prediction is done" in text(as_developer.get(MODELS))


def test_says_that_it_is_out_of_service(challenger, operator, as_developer):
    quarantine_version(version=challenger.model, reason="Under suspicion.", by=operator, at=NOON)

    page = text(as_developer.get(MODELS))

    assert "is quarantined and scores nobody" in page
    assert "Promote" not in page


def test_users_see_nothing_of_it(challenger, as_user):
    page = text(as_user.get("/user/models/"))

    assert str(challenger.model) not in page
    assert "hallenger" not in page


def test_one_click_promotes_it(challenger, champion, company, as_developer):
    ShadowRunFactory(challenger=challenger, compared_with=champion)
    page = as_developer.get(MODELS)
    suggested = page.context["groups"][0]["challenge"]["promotion"].initial["reason"]

    answer = as_developer.post(
        reverse("registry:deploy", args=[challenger.model_id]),
        {"role": "CHAMPION", "reason": suggested},
        follow=True,
    )

    assert "is the champion of" in text(answer)
    assert champion_of(company, telecom_base()).model == challenger.model
    assert "disagrees with" in company.deployment_events.first().reason


def test_deploys_one_from_the_page_and_withdraws_it(champion, company, as_developer):
    third = ModelVersionFactory(company=company, number=3)
    deploy, withdraw = (reverse(f"registry:{name}", args=[third.pk]) for name in ("deploy", "withdraw"))

    assert "As challenger" in text(as_developer.get(deploy))
    answer = as_developer.post(deploy, {"role": "CHALLENGER", "reason": "To compare."}, follow=True)
    assert f"{third} is the challenger of {third.population} from now on." in text(answer)

    assert "Users notice nothing" in text(as_developer.get(withdraw))
    answer = as_developer.post(withdraw, {"reason": "Seen enough."}, follow=True)
    assert "is no longer the challenger of" in text(answer)
    assert challenger_of(company, telecom_base()) is None


# --- Other doors -----------------------------------------------------------------------------------------


def test_the_command_deploys_one_and_tells_of_it(champion, company, capsys):
    ModelVersionFactory(company=company, number=3)

    call_command(
        "deploy", "--company", company.pk, "--number", "3", "--as", "challenger", "--reason", "To compare."
    )
    ShadowRunFactory(challenger=challenger_of(company, telecom_base()), compared_with=champion)
    call_command("serving", "--company", company.pk)

    told = capsys.readouterr().out
    assert "serves" in told and "as challenger" in told
    assert "disagrees with" in told and "5.0\u202f% of 1,000 customers" in told


def test_an_operator_deploys_one_in_the_admin(champion, company, as_operator):
    third = ModelVersionFactory(company=company, number=3)

    as_operator.post(
        reverse("admin:registry_modelversion_changelist"),
        {
            "action": "deploy",
            "role": "CHALLENGER",
            "reason": "To compare.",
            "confirmed": "yes",
            "_selected_action": [third.pk],
        },
    )

    assert challenger_of(company, telecom_base()).model == third
