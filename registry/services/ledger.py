"""The ledger of deployments: every change of what serves a company, as one line that stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from companies.models import Account, Company
from registry.models import DeploymentEvent, Gate, LedgerErasure, ModelDeployment, ModelVersion

GATE = "defaults"
MOST_REASON = DeploymentEvent._meta.get_field("reason").max_length


def name_of(actor: Account | None) -> str:
    """Return the name under which `actor` stands in the ledger, whatever becomes of the account."""
    if actor is None:
        return "the installation"
    return f"{actor.name} ({actor.email})" if actor.name else actor.email


def next_moment(company: Company, at: datetime) -> datetime:
    """Return the instant of a change that was asked for at `at`, under the lock of `company`.

    Of two people who ask at once, the later one may be served first. In the ledger time never runs backwards,
    or what served at an instant between the two would depend on how the lines are read.
    """
    latest = company.deployment_events.first()
    return max(at, latest.at) if latest else at


def write_line(
    *, deployment: ModelDeployment, action: str, reason: str, by: Account | None, at: datetime
) -> DeploymentEvent:
    """Add a line about `deployment`, within the transaction that changes it and under its company's lock."""
    latest = deployment.company.deployment_events.first()
    return DeploymentEvent.objects.create(
        company=deployment.company,
        population_id=deployment.population_id,
        sequence=latest.sequence + 1 if latest else 1,
        action=action,
        version_id=deployment.model_id,
        deployment=deployment,
        role=deployment.role,
        reason=reason[:MOST_REASON],
        actor=by,
        actor_name=name_of(by)[:255],
        at=max(at, latest.at) if latest else at,
    )


def pass_gate_of_defaults() -> None:
    """Hold the gate that every change passes by which a default begins to serve, or goes out of service.

    A default serves many companies, and whoever takes it out of service needs the locks of all of them before
    that of the default. Without the gate one more company could begin to be served in between, and the two
    would wait for each other. The order is always: gate, companies, versions.
    """
    Gate.objects.select_for_update().get(pk=GATE)


def put_up_gate(gates) -> None:
    """Make the gate, where it is not there yet: two who find it missing and make it wait for each other."""
    gates.get_or_create(pk=GATE)


def lock_companies_of(version: ModelVersion) -> None:
    """Hold every company that `version` serves. Call it before the version itself is locked or changed."""
    if version.company_id is None:
        pass_gate_of_defaults()
    served = version.deployments.active().order_by("company_id").values_list("company_id", flat=True)
    # One by one: a single statement would lock them in the order in which the database finds them.
    for company_id in list(served):
        Company.objects.select_for_update().filter(pk=company_id).first()


def write_for_all(
    *, version: ModelVersion, action: str, reason: str, by: Account | None, at: datetime
) -> None:
    """Add a line to the ledger of every company that `version` serves."""
    for deployment in version.deployments.active().select_related("company").order_by("company_id"):
        write_line(deployment=deployment, action=action, reason=reason, by=by, at=at)


@contextmanager
def let_lines_go(company_id: str) -> Iterator[None]:
    """Let the lines of a company go within, in one transaction: the triggers look here before they refuse."""
    LedgerErasure.objects.get_or_create(pk=company_id)
    yield
    # Without `finally`: whatever goes wrong within rolls back the row as well.
    LedgerErasure.objects.filter(pk=company_id).delete()
