"""The ledger: what it tells, and that nothing in it can be changed or removed."""

import contextlib
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from companies.services.erasure import erase_company
from core.errors import DomainError
from core.tests.races import at_once
from registry.models import DeploymentEvent, LedgerErasure, ModelDeployment, ModelVersion
from registry.selectors import serving_at, telecom_base
from registry.services.deployments import deploy_version, roll_back, withdraw_version
from registry.services.states import change_state, mark_damaged, quarantine_version
from registry.tests.factories import NOON, ModelVersionFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def event(company, developer):
    version = ModelVersionFactory(company=company, number=2)
    deploy_version(version=version, company=company, by=developer, reason="Better.", at=NOON)
    return DeploymentEvent.objects.get()


def told(company, at):
    return [(found.version.version, found.role) for found in serving_at(company, at)]


# --- What it tells ---------------------------------------------------------------------------------------


def test_a_line_says_who_what_why_and_when(event, company, developer):
    assert (event.sequence, event.action, event.reason, event.at) == (1, "DEPLOYED", "Better.", NOON)
    assert event.actor == developer
    assert event.deployment == company.deployments.get()


def test_a_line_keeps_the_name_of_that_time(event, developer):
    developer.name = "Dana Married"
    developer.save()

    assert DeploymentEvent.objects.get().actor_name == "Dana Dev (dana@harbour.example.com)"


def test_tells_what_served_at_any_instant(company, developer):
    second, third = (ModelVersionFactory(company=company, number=number) for number in (2, 3))
    for hours, version in enumerate((second, third)):
        deploy_version(
            version=version, company=company, by=developer, reason="Better.", at=NOON + hours * HOUR
        )
    roll_back(company=company, population=telecom_base(), by=developer, reason="Worse.", at=NOON + 2 * HOUR)
    withdraw_version(version=second, company=company, by=developer, reason="Old.", at=NOON + 3 * HOUR)

    assert told(company, NOON - HOUR) == []
    assert told(company, NOON) == [("v2", "CHAMPION")]
    assert told(company, NOON + 1.5 * HOUR) == [("v3", "CHAMPION"), ("v2", "ALTERNATIVE")]
    assert told(company, NOON + 2 * HOUR) == [("v2", "CHAMPION")]
    assert told(company, NOON + 3 * HOUR) == []


def test_tells_that_a_version_was_out_of_service(event, company, operator):
    quarantine_version(version=event.version, reason="Under suspicion.", by=operator, at=NOON + HOUR)

    before, after = serving_at(company, NOON), serving_at(company, NOON + HOUR)

    assert before[0].out_of_service is None
    assert after[0].out_of_service.reason == "Under suspicion."


def test_damage_stands_in_the_ledger_of_every_company_that_is_served(company, other_company):
    default = ModelVersionFactory(default=True)
    for each in (company, other_company):
        deploy_version(version=default, company=each, by=None, reason="Better.", at=NOON)

    mark_damaged(version=default, reason="A byte differs.", at=NOON + HOUR)

    for each in (company, other_company):
        assert each.deployment_events.first().action == "SUSPENDED"


def test_time_never_runs_backwards(event, company, developer):
    withdraw_version(version=event.version, company=company, by=developer, reason="Late.", at=NOON - HOUR)

    assert [line.at for line in company.deployment_events.order_by("sequence")] == [NOON, NOON]


def test_each_company_has_a_ledger_of_its_own(event, other_company, stranger):
    version = ModelVersionFactory(company=other_company, number=2)

    deploy_version(version=version, company=other_company, by=stranger, reason="Better.", at=NOON)

    assert other_company.deployment_events.get().sequence == 1


# --- What it refuses -------------------------------------------------------------------------------------


def orm_attempts():
    return {
        "save": lambda event: event.save(),
        "delete": lambda event: event.delete(),
        "update": lambda event: DeploymentEvent.objects.update(reason="Nobody did it."),
        "queryset delete": lambda event: DeploymentEvent.objects.all().delete(),
        "bulk update": lambda event: DeploymentEvent.objects.bulk_update([event], ["reason"]),
        "related": lambda event: event.company.deployment_events.all().delete(),
        "update or create": lambda event: DeploymentEvent.objects.update_or_create(
            pk=event.pk, defaults={"reason": "Nobody did it."}
        ),
        "upsert": lambda event: DeploymentEvent.objects.bulk_create(
            [event], update_conflicts=True, update_fields=["reason"], unique_fields=["id"]
        ),
    }


@pytest.mark.parametrize("attempt", orm_attempts())
def test_the_orm_refuses_to_touch_a_line(attempt, event):
    with pytest.raises(TypeError, match="only ever added to"):
        orm_attempts()[attempt](event)

    assert DeploymentEvent.objects.get().reason == "Better."


def around_the_orm():
    plain = DeploymentEvent._base_manager
    return {
        "plain update": lambda event: plain.update(reason="Nobody did it."),
        "letter case": lambda event: plain.update(reason="better."),
        "time": lambda event: plain.update(at=NOON - HOUR),
        "another actor": lambda event: plain.update(actor=event.actor_id),
        "plain delete": lambda event: plain.all().delete(),
        "raw delete": lambda event: plain.all()._raw_delete("default"),
        "cascade of the version": lambda event: event.version.delete(),
        "cascade of the deployment": lambda event: event.deployment.delete(),
        "deployments in bulk": lambda event: ModelDeployment.objects.all().delete(),
    }


@pytest.mark.parametrize("attempt", around_the_orm())
def test_the_database_refuses_to_touch_a_line(attempt, event):
    with pytest.raises(DatabaseError), transaction.atomic():
        around_the_orm()[attempt](event)

    assert DeploymentEvent.objects.get().reason == "Better."


def replacing(number):
    """Write a line in place of the one there, which `number` or its place in the sequence gives away."""
    kept = "company_id, population_id, sequence, action, version_id, deployment_id, role, actor_name, at"
    return (
        f"REPLACE INTO deploymentevents (id, {kept}, reason) "
        f"SELECT {number}, {kept}, 'Nobody did it.' FROM deploymentevents"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deploymentevents SET actor_name = 'x'",
        "DELETE FROM deploymentevents",
        replacing("id"),
        replacing("id + 1000"),
    ],
)
def test_the_database_refuses_a_statement_typed_by_hand(statement, event):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    kept = DeploymentEvent.objects.get()
    assert (kept.pk, kept.reason, kept.actor_name) == (event.pk, "Better.", event.actor_name)


# --- What passes -----------------------------------------------------------------------------------------


def test_an_account_that_goes_leaves_its_name(company, operator):
    version = ModelVersionFactory(company=company, number=2)
    deploy_version(version=version, company=company, by=operator, reason="Better.", at=NOON)

    operator.delete()

    line = DeploymentEvent.objects.get()
    assert (line.actor, line.actor_name) == (None, "Olga Operator (olga@example.com)")


def test_erasing_a_company_takes_its_ledger_and_nobody_elses(
    event, company, operator, other_company, stranger
):
    version = ModelVersionFactory(company=other_company, number=2)
    deploy_version(version=version, company=other_company, by=stranger, reason="Better.", at=NOON)

    erase_company(company=company, typed=company.name, by=operator, at=NOON)

    assert DeploymentEvent.objects.get().company == other_company
    assert not LedgerErasure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_emptying_the_whole_database_takes_the_ledger(event):
    call_command("flush", interactive=False, verbosity=0)

    assert not DeploymentEvent.objects.exists()
    assert not LedgerErasure.objects.exists()


# --- At once ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_agrees_with_the_rows_whoever_acts_at_once(company, other_company, developer, stranger, operator):
    default = ModelVersionFactory(default=True)
    owners = ((company, developer), (other_company, stranger))
    own = {owner.pk: ModelVersionFactory(company=owner, number=2) for owner, _ in owners}

    def insist(act):
        for _ in range(6):
            # What is refused, because somebody else was first, changes nothing.
            with contextlib.suppress(DomainError):
                act()

    def changes(owner, by):
        where = {"company": owner, "by": by, "reason": "Race.", "at": NOON}
        return (
            lambda: deploy_version(version=default, **where),
            lambda: deploy_version(version=own[owner.pk], **where),
            lambda: withdraw_version(version=default, **where),
            lambda: roll_back(population=telecom_base(), **where),
        )

    def quarantine():
        fresh = ModelVersion.objects.get(pk=default.pk)
        quarantine_version(version=fresh, reason="Race.", by=operator, at=NOON)

    @transaction.atomic
    def release():
        # As an operator does, without the look at files that rows made here do not have.
        change_state(
            ModelVersion.objects.get(pk=default.pk), source=("QUARANTINED",), target="READY", reason="",
            action="version-released", by=operator, at=NOON,
        )  # fmt: skip

    acts = [quarantine, release, *(act for owner, by in owners for act in changes(owner, by))]
    at_once(*(partial(insist, act) for act in acts))

    default.refresh_from_db()
    for owner, _ in owners:
        lines = list(owner.deployment_events.order_by("sequence"))
        assert [line.sequence for line in lines] == list(range(1, len(lines) + 1))
        rows = {row.model_id: row.role for row in owner.deployments.active()}
        found = {serving.version.pk: serving for serving in serving_at(owner, NOON)}
        assert {pk: serving.role for pk, serving in found.items()} == rows
        if default.pk in found:
            assert (found[default.pk].out_of_service is None) == default.is_ready
