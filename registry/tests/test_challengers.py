"""A challenger scores in the shadow: nobody is offered it, a company has one, and the ledger tells of it."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from companies.identity import membership
from companies.models import Company
from core.tests.races import at_once
from registry.artefacts import path_of
from registry.models import ModelDeployment, ModelVersion
from registry.selectors import (
    challenger_beside,
    challenger_of,
    champion_for,
    champion_of,
    deployment_of,
    offer_after_deploying,
    serving_at,
    telecom_base,
    versions_for,
)
from registry.services.deployments import (
    AlreadyDeployed,
    DefaultStays,
    deploy_version,
    roll_back,
    withdraw_version,
)
from registry.services.initialisation import initialize_default_models
from registry.services.opening import DamagedArtefact
from registry.tests.factories import (
    NOON,
    ModelDeploymentFactory,
    ModelMetricsFactory,
    ModelTypeFactory,
    ModelVersionFactory,
    PopulationFactory,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
CHALLENGER = ModelDeployment.Role.CHALLENGER


@pytest.fixture
def default():
    return ModelMetricsFactory(model=ModelVersionFactory(default=True)).model


@pytest.fixture
def make(company):
    return lambda number: ModelVersionFactory(company=company, number=number)


@pytest.fixture
def deploy(company, developer):
    def run(version, *, at=NOON, **options):
        return deploy_version(
            version=version, company=company, by=developer, reason="To compare.", at=at, **options
        )

    return run


def lines(company):
    events = company.deployment_events.order_by("sequence")
    return [(event.action, event.version.version, event.role) for event in events]


# --- What it is ------------------------------------------------------------------------------------------


def test_is_offered_to_nobody(default, make, deploy, user, developer):
    champion, challenger = make(2), make(3)
    deploy(champion)

    deploy(challenger, role=CHALLENGER)

    for account in (user, developer):
        assert set(versions_for(membership(account), telecom_base())) == {default, champion}
        assert champion_for(membership(account), telecom_base()) == champion


def test_scores_beside_other_versions_of_its_base(make, deploy, company, other_company):
    challenger, used = make(3), make(2)
    deployment = deploy(challenger, role=CHALLENGER)

    assert challenger_beside(used, company) == deployment
    assert challenger_beside(challenger, company) is None
    of_other_customers = PopulationFactory(company=company, snapshot=True)
    other = ModelVersionFactory(company=company, population=of_other_customers)
    assert challenger_beside(other, company) is None
    assert challenger_beside(used, other_company) is None


def test_a_default_may_be_one_and_stays_on_offer(default, deploy, user, company):
    deploy(default, role=CHALLENGER)

    assert list(versions_for(membership(user), telecom_base())) == [default]
    # Whoever chooses it chooses a default, and not by this deployment.
    assert deployment_of(default, company) is None


def test_the_ledger_tells_of_it(make, deploy, company):
    challenger = make(2)

    deploy(challenger, role=CHALLENGER)

    assert lines(company) == [("DEPLOYED", "v2", "CHALLENGER")]
    assert [(found.version, found.is_challenger) for found in serving_at(company, NOON)] == [
        (challenger, True)
    ]


# --- One at a time ---------------------------------------------------------------------------------------


def test_another_one_takes_over(make, deploy, company):
    deploy(make(2), role=CHALLENGER)

    deploy(make(3), role=CHALLENGER, at=NOON + HOUR)

    assert challenger_of(company, telecom_base()).model.version == "v3"
    assert lines(company)[1:] == [("WITHDRAWN", "v2", "CHALLENGER"), ("DEPLOYED", "v3", "CHALLENGER")]


def test_refuses_to_deploy_it_twice(make, deploy):
    challenger = make(2)
    deploy(challenger, role=CHALLENGER)

    with pytest.raises(AlreadyDeployed, match="as its challenger"):
        deploy(challenger, role=CHALLENGER)


@pytest.mark.parametrize(
    "slots",
    [
        {"role": "CHALLENGER", "challenger_slot": True},  # a second one
        {"role": "CHALLENGER", "challenger_slot": None},  # active without its slot
        {"role": "ALTERNATIVE", "challenger_slot": True},  # the slot of another role
        {"role": "CHALLENGER", "challenger_slot": True, "champion_slot": True},
        {"role": "CHALLENGER", "challenger_slot": True, "active_slot": None, "is_active": False},
    ],
)
def test_the_database_holds_the_slot(slots, make, deploy, company):
    deploy(make(2), role=CHALLENGER)

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelDeploymentFactory(model=make(3), **slots)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_leave_one(company, developer):
    versions = [ModelVersionFactory(company=company, number=number) for number in range(2, 22)]
    owner = Company.objects.get(pk=company.pk)

    at_once(
        *(
            partial(
                deploy_version,
                version=version,
                company=owner,
                role=CHALLENGER,
                by=developer,
                reason="Race.",
                at=NOON,
            )
            for version in versions
        )
    )

    assert company.deployments.active().get() == challenger_of(company, telecom_base())
    assert [found.version for found in serving_at(company, NOON)] == [
        challenger_of(company, telecom_base()).model
    ]


# --- Promote, withdraw, roll back ------------------------------------------------------------------------


def test_promoted_it_is_the_champion_and_the_one_before_goes_on_beside_it(make, deploy, company, user):
    champion, challenger = make(2), make(3)
    deploy(champion)
    deploy(challenger, role=CHALLENGER)

    deploy(challenger, at=NOON + HOUR)

    assert champion_of(company, telecom_base()).model == challenger
    assert challenger_of(company, telecom_base()) is None
    assert champion in versions_for(membership(user), telecom_base())
    assert lines(company)[2:] == [("ROLE_CHANGED", "v2", "ALTERNATIVE"), ("ROLE_CHANGED", "v3", "CHAMPION")]


def test_rolling_back_what_was_promoted_returns_to_the_one_before(make, deploy, company, developer):
    champion, challenger = make(2), make(3)
    deploy(champion)
    deploy(challenger, role=CHALLENGER)
    deploy(challenger)

    done = roll_back(
        company=company, population=telecom_base(), by=developer, reason="Too many calls.", at=NOON
    )

    assert (done.withdrawn, done.champion) == (challenger, champion)


def test_rolling_back_leaves_the_challenger_alone_and_never_returns_to_it(make, deploy, company, developer):
    first, second = make(2), make(3)
    deploy(first)
    deploy(second)
    deploy(first, role=CHALLENGER)

    done = roll_back(
        company=company, population=telecom_base(), by=developer, reason="Too many calls.", at=NOON
    )

    assert done.champion is None
    assert challenger_of(company, telecom_base()).model == first


def test_is_withdrawn_also_where_it_is_a_default(default, deploy, company, developer):
    deploy(default, role=CHALLENGER)
    change = {"version": default, "company": company, "by": developer, "reason": "Seen enough.", "at": NOON}

    withdraw_version(**change)

    assert challenger_of(company, telecom_base()) is None
    with pytest.raises(DefaultStays):
        withdraw_version(**change)


def test_the_offer_before_deploying_says_who_is_no_longer_offered(make, deploy, user):
    alternative, champion = make(2), make(3)
    deploy(alternative, role=ModelDeployment.Role.ALTERNATIVE)
    deploy(champion)

    offer = offer_after_deploying(membership(user), alternative, CHALLENGER)

    assert (offer.name, offer.suggested, offer.offered) == ("Challenger", champion, [champion])


# --- Only what is whole is deployed ----------------------------------------------------------------------


def damage(version, how):
    manifest, signature = path_of(version, ".json"), path_of(version, ".sig")
    if how == "changed":
        manifest.write_bytes(manifest.read_bytes() + b" ")
    elif how == "gone":
        manifest.unlink()
    elif how == "signature file":
        signature.write_text("0" * 64)
    else:
        ModelVersion.objects.filter(pk=version.pk).update(signature="0" * 64)
        version.refresh_from_db()


@pytest.mark.parametrize("how", ["changed", "gone", "signature file", "signature"])
def test_refuses_a_version_whose_files_were_changed_and_marks_it(
    how, make, deploy, company, operator, mailoutbox
):
    serving, version = make(2), make(3)
    deploy(serving)
    damage(version, how)

    with pytest.raises(DamagedArtefact, match="not those that were registered"):
        deploy(version)

    version.refresh_from_db()
    assert version.state == ModelVersion.State.DAMAGED
    assert champion_of(company, telecom_base()).model == serving
    assert lines(company) == [("DEPLOYED", "v2", "CHAMPION")]


def test_a_damaged_default_does_not_keep_the_others_from_a_new_developer(company):
    whole = ModelVersionFactory(default=True, model_type=ModelTypeFactory(slug="decision_tree"))
    damage(ModelVersionFactory(default=True), "changed")

    begun = initialize_default_models(company=company, developer=None, at=NOON)

    assert [row.model for row in begun] == [whole]
    assert ModelVersion.objects.filter(state=ModelVersion.State.DAMAGED).count() == 1


# --- Back and forth --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_going_back_ends_challengers_and_keeps_the_ledger(make, deploy, company):
    deploy(make(2))
    deploy(make(3), role=CHALLENGER)
    before = lines(company)

    def migrate(name):
        executor = MigrationExecutor(connection)
        executor.migrate([("registry", name)])

    try:
        migrate("0007_datasets_of_purchase_logs")
        with connection.cursor() as cursor:
            cursor.execute("SELECT role, is_active FROM modeldeployments ORDER BY id")
            assert [tuple(map(str, row)) for row in cursor.fetchall()] in (
                [("CHAMPION", "1"), ("ALTERNATIVE", "0")],
                [("CHAMPION", "True"), ("ALTERNATIVE", "False")],
            )
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "registry"])

    assert lines(company) == before
    assert company.deployments.get(model__number=3).is_active is False
