"""Deploying, withdrawing and rolling back: who may, what it leaves behind, and what users are offered."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companies.identity import membership
from companies.models import Company
from companies.services.conditions import ReasonMissing
from core.tests.races import at_once
from registry.models import DeploymentEvent, ModelDeployment, ModelVersion
from registry.selectors import champion_for, champion_of, serving_at, telecom_base, versions_for
from registry.services.deployments import (
    AlreadyDeployed,
    DefaultStays,
    ForeignVersion,
    MayNotDeploy,
    NotDeployed,
    NothingToRollBack,
    ReplacedDefault,
    UnknownRole,
    deploy_version,
    roll_back,
    withdraw_deployment,
    withdraw_version,
)
from registry.services.states import VersionNotServing, quarantine_version
from registry.tests.factories import NOON, ModelMetricsFactory, ModelVersionFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ALTERNATIVE = ModelDeployment.Role.ALTERNATIVE


@pytest.fixture
def default():
    return ModelMetricsFactory(model=ModelVersionFactory(default=True)).model


@pytest.fixture
def make(company):
    return lambda number: ModelVersionFactory(company=company, number=number)


@pytest.fixture
def deploy(company, developer):
    def run(version, *, at=NOON, by=developer, reason="Finds more leavers.", **options):
        return deploy_version(version=version, company=company, by=by, reason=reason, at=at, **options)

    return run


def suggested(account):
    return champion_for(membership(account), telecom_base())


def lines(company):
    events = company.deployment_events.order_by("sequence")
    return [(event.action, event.version.version, event.role) for event in events]


# --- Deploying -------------------------------------------------------------------------------------------


def test_a_deployed_version_is_suggested_at_once_beside_the_defaults(default, make, deploy, user):
    second = make(2)

    deployment = deploy(second)

    assert suggested(user) == second
    assert list(versions_for(membership(user), telecom_base())) == [default, second]
    assert (deployment.role, deployment.reason, deployment.deployed_at) == (
        "CHAMPION", "Finds more leavers.", NOON,
    )  # fmt: skip


def test_it_says_who_deployed_it(make, deploy, developer, operator):
    by_developer, by_operator = deploy(make(2)), deploy(make(3), by=operator)

    assert (by_developer.deployed_by, by_developer.actor) == (developer.developer, developer)
    assert (by_operator.deployed_by, by_operator.actor) == (None, operator)
    assert by_operator.who == "Olga Operator (olga@example.com)"


def test_the_champion_before_goes_on_as_an_alternative(make, deploy, company, user):
    second, third = make(2), make(3)
    deploy(second)

    deploy(third, at=NOON + HOUR)

    assert champion_of(company, telecom_base()).model == third
    assert set(versions_for(membership(user), telecom_base())) == {second, third}
    assert lines(company) == [
        ("DEPLOYED", "v2", "CHAMPION"),
        ("ROLE_CHANGED", "v2", "ALTERNATIVE"),
        ("DEPLOYED", "v3", "CHAMPION"),
    ]


def test_an_alternative_is_offered_and_not_suggested(default, make, deploy, user):
    second = make(2)

    deploy(second, role=ALTERNATIVE)

    assert suggested(user) == default
    assert second in versions_for(membership(user), telecom_base())


def test_a_default_may_be_the_champion(default, make, deploy, user):
    deploy(make(2))

    deploy(default)

    assert suggested(user) == default


def test_an_alternative_becomes_the_champion(make, deploy, company):
    second = make(2)
    deploy(second, role=ALTERNATIVE)

    deploy(second, at=NOON + HOUR)

    assert champion_of(company, telecom_base()).model == second
    assert company.deployments.active().count() == 1


def refusals():
    return [
        ("user", {}, MayNotDeploy, "Only the developer"),
        ("stranger", {}, MayNotDeploy, "Only the developer"),
        ("developer", {"reason": "  \n "}, ReasonMissing, "Say why"),
        ("developer", {"reason": "w" * 501}, ReasonMissing, "at most 500"),
        ("developer", {"role": "KING"}, UnknownRole, "KING"),
    ]


@pytest.mark.parametrize(("who", "options", "error", "sentence"), refusals())
def test_refuses_what_nobody_answers_for(who, options, error, sentence, make, deploy, company, request):
    with pytest.raises(error, match=sentence):
        deploy(make(2), by=request.getfixturevalue(who), **options)

    assert not company.deployments.exists()
    assert not company.deployment_events.exists()


@pytest.mark.parametrize("state", [ModelVersion.State.DAMAGED, ModelVersion.State.QUARANTINED])
def test_refuses_a_version_that_is_out_of_service(state, company, deploy):
    with pytest.raises(VersionNotServing, match="serves nobody"):
        deploy(ModelVersionFactory(company=company, state=state))


def test_refuses_the_version_of_another_company(deploy, other_company):
    with pytest.raises(ForeignVersion, match="no such model version"):
        deploy(ModelVersionFactory(company=other_company))


def test_refuses_a_default_that_was_replaced(deploy):
    old = ModelVersionFactory(company=None, is_default=False, number=7, default_slot="neural_network:7")

    with pytest.raises(ReplacedDefault, match="replaced by a later default"):
        deploy(old)


def test_refuses_to_deploy_twice_in_one_role(make, deploy):
    second = make(2)
    deploy(second)

    with pytest.raises(AlreadyDeployed, match="as its champion"):
        deploy(second)


# --- Withdrawing -----------------------------------------------------------------------------------------


def test_a_withdrawn_champion_leaves_the_best_default(default, make, deploy, company, developer, user):
    second = make(2)
    deploy(second)

    withdraw_version(version=second, company=company, by=developer, reason="Too many calls.", at=NOON + HOUR)

    assert suggested(user) == default
    assert list(versions_for(membership(user), telecom_base())) == [default]
    assert lines(company)[-1] == ("WITHDRAWN", "v2", "CHAMPION")


def test_refuses_to_withdraw_what_does_not_serve(make, company, developer):
    with pytest.raises(NotDeployed, match="does not serve"):
        withdraw_version(version=make(2), company=company, by=developer, reason="Too many calls.", at=NOON)


def test_refuses_to_withdraw_a_default(default, deploy, company, developer):
    serving = deploy(default)
    change = {"by": developer, "reason": "Too many calls.", "at": NOON + HOUR}

    with pytest.raises(DefaultStays, match="always offered"):
        withdraw_version(version=default, company=company, **change)
    with pytest.raises(DefaultStays):
        withdraw_deployment(deployment=serving, **change)

    assert lines(company) == [("DEPLOYED", "v1", "CHAMPION")]


def test_refuses_to_withdraw_for_a_user(make, deploy, company, user):
    second = make(2)
    deploy(second)

    with pytest.raises(MayNotDeploy):
        withdraw_version(version=second, company=company, by=user, reason="Too many calls.", at=NOON)


# --- Rolling back ----------------------------------------------------------------------------------------


@pytest.fixture
def back(company, developer):
    return lambda **options: roll_back(
        **{
            "company": company,
            "population": telecom_base(),
            "by": developer,
            "reason": "It calls too many.",
            "at": NOON + HOUR,
        }
        | options
    )


def test_rolling_back_withdraws_the_champion_and_restores_the_one_before(make, deploy, back, company, user):
    second, third = make(2), make(3)
    deploy(second)
    deploy(third)

    result = back()

    assert (result.withdrawn, result.champion) == (third, second)
    assert suggested(user) == second
    assert third not in versions_for(membership(user), telecom_base())
    assert lines(company)[-2:] == [("ROLLED_BACK", "v3", "CHAMPION"), ("ROLE_CHANGED", "v2", "CHAMPION")]


def test_rolling_back_again_goes_further_back_until_the_default(default, make, deploy, back, user):
    versions = [make(number) for number in (2, 3, 4)]
    for version in versions:
        deploy(version)

    champions = [back().champion for _ in versions]

    assert champions == [versions[1], versions[0], None]
    assert suggested(user) == default


def test_rolling_back_passes_over_what_was_withdrawn_or_is_out_of_service(
    make, deploy, back, company, developer, operator
):
    second, third, fourth, fifth = (make(number) for number in (2, 3, 4, 5))
    for version in (second, third, fourth, fifth):
        deploy(version)
    withdraw_version(version=fourth, company=company, by=developer, reason="Too many calls.", at=NOON)
    quarantine_version(version=third, reason="Under suspicion.", by=operator, at=NOON)

    assert back().champion == second


def test_refuses_to_roll_back_where_nothing_was_deployed(back):
    with pytest.raises(NothingToRollBack, match="best default"):
        back()


@pytest.mark.parametrize(
    ("options", "error"), [({"reason": ""}, ReasonMissing), ({"by": "user"}, MayNotDeploy)]
)
def test_refuses_to_roll_back_without_reason_or_right(options, error, make, deploy, back, company, user):
    second = make(2)
    deploy(second)

    with pytest.raises(error):
        back(**options | ({"by": user} if "by" in options else {}))

    assert champion_of(company, telecom_base()).model == second


# --- Out of service --------------------------------------------------------------------------------------


def test_a_champion_in_quarantine_gives_way_to_the_one_before(make, deploy, company, user, operator):
    second, third = make(2), make(3)
    deploy(second)
    deploy(third)

    quarantine_version(version=third, reason="Under suspicion.", by=operator, at=NOON + HOUR)

    assert suggested(user) == second
    assert lines(company)[-1] == ("SUSPENDED", "v3", "CHAMPION")
    assert company.deployment_events.first().actor == operator


# --- At once ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_twenty_deploys_at_once_leave_one_champion(company, developer):
    versions = [ModelVersionFactory(company=company, number=number) for number in range(2, 22)]
    owner = Company.objects.get(pk=company.pk)

    at_once(
        *(
            partial(deploy_version, version=version, company=owner, by=developer, reason="Race.", at=NOON)
            for version in versions
        )
    )

    assert company.deployments.champions().count() == 1
    assert company.deployments.active().count() == 20
    events = list(company.deployment_events.order_by("sequence"))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert sum(event.action == DeploymentEvent.Action.DEPLOYED for event in events) == 20
    told = serving_at(company, NOON)
    assert [found.version for found in told if found.is_champion] == [
        champion_of(company, telecom_base()).model
    ]


# --- Cheaply ---------------------------------------------------------------------------------------------


def test_asks_the_database_as_often_after_many_deployments_as_after_few(make, deploy, back, company):
    def queries_to_roll_back():
        with CaptureQueriesContext(connection) as queries:
            back()
        return len(queries)

    for number in range(2, 6):
        deploy(make(number), at=NOON)
    after_few = queries_to_roll_back()
    for number in range(6, 66):
        deploy(make(number), at=NOON)

    assert queries_to_roll_back() == after_few
    assert champion_of(company, telecom_base()).model.version == "v64"
