"""Which version serves which company: who decided it, why, from when, until when."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from companies.models import Account, Company
from companies.selectors import developer_of
from companies.services.conditions import checked_reason
from companies.services.locking import lock_company
from core.errors import Conflict, Forbidden, NotFound, Unprocessable
from registry.artefacts import compare_artefacts
from registry.engines.files import FileMismatch
from registry.models import DeploymentEvent, ModelDeployment, ModelVersion, Population
from registry.selectors import (
    challenger_of,
    champion_of,
    champion_to_return_to,
    may_be_withdrawn,
)
from registry.services.ledger import (
    MOST_REASON,
    name_of,
    next_moment,
    pass_gate_of_defaults,
    write_line,
)
from registry.services.opening import report_damage
from registry.services.states import refuse_unless_ready

Action, Role = DeploymentEvent.Action, ModelDeployment.Role


class ForeignVersion(NotFound):
    code = "version-not-found"


class AlreadyDeployed(Conflict):
    code = "already-deployed"


class NotDeployed(Conflict):
    code = "not-deployed"


class ReplacedDefault(Conflict):
    code = "replaced-default"


class DefaultStays(Conflict):
    code = "default-stays"


class NothingToRollBack(Conflict):
    code = "nothing-to-roll-back"


class ChampionChanged(Conflict):
    code = "champion-changed"


class MayNotDeploy(Forbidden):
    code = "may-not-deploy"


class UnknownRole(Unprocessable):
    code = "unknown-role"


@dataclass(frozen=True)
class RolledBack:
    """The version that was withdrawn, and the champion now; None where the best default is suggested."""

    withdrawn: ModelVersion
    champion: ModelVersion | None

    @property
    def now_serves(self) -> str:
        """Say who is suggested now: a base of a company has no defaults."""
        if self.champion:
            return f"{self.champion} is the champion again"
        is_own = self.withdrawn.population.company_id is not None
        return "no version is suggested" if is_own else "the best default is suggested"


def deploy_version(
    *,
    version: ModelVersion,
    company: Company,
    role: str = Role.CHAMPION,
    by: Account | None,
    reason: str,
    at: datetime,
) -> ModelDeployment:
    """Let `version` serve the people of `company`, beside whatever serves them already.

    It serves the customer base that it learned from; what serves other bases stays as it is.

    Parameters
    ----------
    version
        A default, or one of the company's own; READY, with the files that were registered. One that serves
        in another role changes its role.
    role
        CHAMPION, which is chosen unless somebody chooses another; the champion before stays as an
        alternative. ALTERNATIVE, which is offered beside it. Or CHALLENGER, which scores in the shadow and is
        not offered; the challenger before is withdrawn.
    by
        The company's developer, or an operator; None when the installation itself does it.
    reason
        Why, for whoever reads the ledger later.
    at
        Aware UTC instant from which it serves.

    Raises
    ------
    MayNotDeploy
        `by` is somebody else.
    ReasonMissing, UnknownRole
        Nothing says why, or as what.
    ForeignVersion
        It belongs to another company. Said as if it did not exist, because for this company it does not.
    VersionNotServing
        It is damaged or quarantined.
    DamagedArtefact
        Its files are not those that were registered. It is marked so, and the operators are told.
    ReplacedDefault
        Another default of its type took over.
    AlreadyDeployed
        It serves this company in this role now.
    """
    try:
        return _deploy(version, company, role, by, reason, at)
    except FileMismatch as mismatch:
        # Here, because the transaction of the deployment was rolled back and would have taken the mark along.
        raise report_damage(version, mismatch, at=at) from mismatch


@transaction.atomic
def _deploy(version, company, role, by, reason, at):
    if version.company_id is None:
        pass_gate_of_defaults()
    company, reason = _enter(company, by, reason)
    if role not in Role.values:
        raise UnknownRole(
            f"A version serves as {' or '.join(Role.values)}, not as “{role}”. Choose one of these.",
            field="role",
        )
    if version.company_id not in (None, company.pk):
        raise ForeignVersion(f"{company} has no such model version. Choose one of its own, or a default.")
    # Held, so that a version that is taken out of service in the same moment is refused, or is told in the
    # ledger.
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    refuse_unless_ready(version)
    if version.company_id is None and not version.is_default:
        raise ReplacedDefault(f"{version} was replaced by a later default. Deploy that one.")

    serving = company.deployments.active().filter(model=version).first()
    if serving and serving.role == role:
        raise already_deployed(serving)
    compare_artefacts(version)
    at = next_moment(company, at)
    champion = champion_of(company, version.population)
    challenger = challenger_of(company, version.population)
    took_over = f"{version} took over. {reason}"
    if role == Role.CHAMPION and champion:
        _change_role(champion, Role.ALTERNATIVE, by=by, reason=took_over, at=at)
    if role == Role.CHALLENGER and challenger:
        _end(challenger, Action.WITHDRAWN, by, took_over, at)
    if serving:
        return _change_role(serving, role, by=by, reason=reason, at=at, replaces=champion)
    return _begin(company, version, role, Action.DEPLOYED, by, reason, at, champion)


@transaction.atomic
def withdraw_version(
    *, version: ModelVersion, company: Company, by: Account | None, reason: str, at: datetime
) -> ModelDeployment:
    """Stop `version` from serving `company`; return its row, which stays and says until when it served.

    A challenger stops scoring in the shadow. Where it was the champion, the company has none until somebody
    deploys one, and the best default is suggested.

    Raises
    ------
    MayNotDeploy, ReasonMissing
        As for `deploy_version`.
    DefaultStays
        It is a default, and those are always offered; only as a challenger it may be withdrawn.
    NotDeployed
        It does not serve this company.
    """
    company, reason = _enter(company, by, reason)
    serving = deployment_to_withdraw(version, company)
    _end(serving, Action.WITHDRAWN, by, reason, next_moment(company, at))
    return serving


def deployment_to_withdraw(version: ModelVersion, company: Company) -> ModelDeployment:
    """Return by what `version` serves `company`. Raises `DefaultStays` or `NotDeployed`."""
    serving = company.deployments.active().filter(model=version).first()
    _refuse_default(version, serving)
    if serving is None:
        raise NotDeployed(
            f"{version} does not serve {company}: nothing was changed. Choose a version that does."
        )
    return serving


@transaction.atomic
def withdraw_deployment(
    *, deployment: ModelDeployment, by: Account | None, reason: str, at: datetime
) -> ModelDeployment:
    """End this very `deployment`, for who names it by its row.

    Raises
    ------
    MayNotDeploy, ReasonMissing
        As for `deploy_version`.
    DefaultStays
        Its version is a default, and those are always offered; only as a challenger it may be withdrawn.
    NotDeployed
        It ended before, also where its version serves again by another one.
    """
    company, reason = _enter(deployment.company, by, reason)
    serving = company.deployments.active().filter(pk=deployment.pk).select_related("model").first()
    if serving is None:
        raise NotDeployed(
            f"This deployment of {deployment.model} ended before. Reload the page to see what serves now."
        )
    _refuse_default(serving.model, serving)
    _end(serving, Action.WITHDRAWN, by, reason, next_moment(company, at))
    return serving


@transaction.atomic
def roll_back(
    *,
    company: Company,
    population: Population,
    by: Account | None,
    reason: str,
    at: datetime,
    champion: int | None = None,
) -> RolledBack:
    """Withdraw the champion of a customer base of `company` and let the champion before it take over.

    What took its place before counts only where it is still offered and READY; otherwise the one before
    that. Where none is left, the company has no champion, and the best default is suggested. The challenger
    goes on.

    Parameters
    ----------
    champion
        The id of the deployment that is meant, where somebody was shown it: whatever took over since then is
        not rolled back.

    Raises
    ------
    MayNotDeploy, ReasonMissing
        As for `deploy_version`.
    NothingToRollBack
        The base has no champion.
    ChampionChanged
        `champion` is none any more.
    """
    company, reason = _enter(company, by, reason)
    now = champion_of(company, population)
    if champion is not None and (now is None or now.pk != champion):
        raise ChampionChanged(
            f"{now.model if now else 'No version'} is the champion of {population}, and no longer the one "
            "that was shown: nothing was rolled back. Read the Models page first."
        )
    if now is None:
        raise nothing_to_roll_back(company, population)
    at = next_moment(company, at)
    earlier = champion_to_return_to(now)
    _end(now, Action.ROLLED_BACK, by, reason, at)
    if earlier is None:
        return RolledBack(withdrawn=now.model, champion=None)
    serving = company.deployments.active().get(model_id=earlier.model_id)
    # Rolling back once more goes further back, and not forward to what was just withdrawn.
    _change_role(
        serving,
        Role.CHAMPION,
        by=by,
        reason=f"{now.model} was rolled back. {reason}",
        at=at,
        replaces=earlier.replaces,
    )
    return RolledBack(withdrawn=now.model, champion=earlier.model)


def already_deployed(serving: ModelDeployment) -> AlreadyDeployed:
    """Return the refusal where a version serves already as what it is to serve."""
    words = {Role.CHAMPION: "its champion", Role.CHALLENGER: "its challenger"}
    return AlreadyDeployed(
        f"{serving.model} already serves {serving.company} as {words.get(serving.role, 'an alternative')}: "
        "nothing was changed. Choose another version, or another role, to change something."
    )


def nothing_to_roll_back(company: Company, population: Population) -> NothingToRollBack:
    """Return the refusal where a base has no champion."""
    if population.company_id is None:
        return NothingToRollBack(
            f"No version is deployed as the champion of {company}: the best default is suggested already. "
            "Deploy a version first."
        )
    return NothingToRollBack(
        f"No version is deployed as the champion of {population}. Deploy a version first."
    )


def move_deployments(*, replaced: ModelVersion, by: Account | None, to: ModelVersion, at: datetime) -> None:
    """Let a new default serve wherever the one that it replaced did, in the same role.

    Call it under the locks of `registry.services.ledger.lock_companies_of`.
    """
    reason = f"{to} took over as the default of its type."
    for row in (
        replaced.deployments.active().select_related("company", "model__population").order_by("company_id")
    ):
        moment = next_moment(row.company, at)
        _end(row, Action.WITHDRAWN, by, reason, moment)
        begun = _begin(row.company, to, row.role, Action.DEPLOYED, by, reason, moment, row.replaces)
        # Whoever deployed the default goes on answering for it.
        begun.deployed_by_id = row.deployed_by_id
        begun.save(update_fields=("deployed_by",))


def _refuse_default(version, serving):
    if version.is_default and not may_be_withdrawn(version, serving):
        raise DefaultStays(
            f"{version} is a default, and the defaults are always offered. "
            "Deploy another version as the champion if this one should not be suggested."
        )


def _enter(company, by, reason):
    """Let one change after the other into `company`, by who may, with a reason."""
    company = lock_company(company.pk)
    developer = developer_of(company)
    if by is not None and not by.is_staff and (developer is None or developer.account_id != by.pk):
        raise MayNotDeploy(
            f"Only the developer of {company} or an operator decides what serves it. Ask them."
        )
    missing = "Say why: those who read the ledger later will want to know."
    return company, checked_reason(reason, missing=missing)


def _change_role(row, role, *, by, reason, at, replaces=None):
    _close(row, at)
    return _begin(row.company, row.model, role, Action.ROLE_CHANGED, by, reason, at, replaces)


def _begin(company, version, role, action, by, reason, at, replaces):
    developer = developer_of(company)
    deployment = ModelDeployment.objects.create(
        company=company,
        population=version.population,
        model=version,
        deployed_by=developer if developer and by and developer.account_id == by.pk else None,
        is_active=True,
        active_slot=True,
        deployed_at=at,
        role=role,
        champion_slot=True if role == Role.CHAMPION else None,
        challenger_slot=True if role == Role.CHALLENGER else None,
        reason=reason[:MOST_REASON],
        actor=by,
        actor_name=name_of(by)[:255] if by else "",
        replaces=replaces if role == Role.CHAMPION else None,
    )
    write_line(deployment=deployment, action=action, reason=reason, by=by, at=at)
    return deployment


def _end(row, action, by, reason, at):
    _close(row, at)
    write_line(deployment=row, action=action, reason=reason, by=by, at=at)


def _close(row, at):
    row.is_active, row.deactivated_at = False, at
    row.active_slot = row.champion_slot = row.challenger_slot = None
    row.save(update_fields=("is_active", "deactivated_at", "active_slot", "champion_slot", "challenger_slot"))
