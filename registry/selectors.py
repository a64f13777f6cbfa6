"""Which model versions a member may choose, what served when, and what a change would offer."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from companies.identity import Member
from companies.models import Company
from core.days import in_utc
from core.memory import once_per_page
from registry.models import Dataset, DeploymentEvent, ModelDeployment, ModelVersion, Population
from registry.models.populations import INSTALLATION

# Two accuracies nearer than this are a tie: one customer in a thousand decides nothing.
TIE = 0.001


# --- Customer bases --------------------------------------------------------------------------------------


@once_per_page
def telecom_base() -> Population:
    """Return the base that the installation ships, with its defaults.

    It is meant where an address or a request names none. Only doors know that: below them a base is named.
    """
    return Population.objects.get(installation_slot=INSTALLATION)


def populations_of(company: Company) -> QuerySet[Population]:
    """Return the bases that `company` works with: that of the installation and its own, but for archived
    ones.
    """
    return Population.objects.open().filter(Q(company__isnull=True) | Q(company=company))


def snapshot_bases(company: Company) -> QuerySet[Population]:
    """Return the bases of `company` that have one row per customer, that of the installation first."""
    bases = populations_of(company).filter(kind=Population.Kind.SNAPSHOT)
    return bases.order_by(F("company").asc(nulls_first=True), "name")


@once_per_page
def has_several_bases(company: Company) -> bool:
    """Return whether pages must say of which customers they speak: the company has some of its own."""
    return company.populations.exists()


def log_bases(company: Company) -> QuerySet[Population]:
    """Return the bases of `company` that have one row per purchase, the oldest first."""
    return company.populations.open().filter(kind=Population.Kind.LOG).order_by("pk")


def purchases_base(company: Company) -> Population | None:
    """Return the base that the purchase logs of `company` are of where nobody says which; None before the
    first log.
    """
    return log_bases(company).first()


def population_for(company: Company, uuid: UUID | str) -> Population:
    """Return a base of `company` by its UUID. Raises `Population.DoesNotExist`, also for those of others."""
    try:
        return Population.objects.filter(Q(company__isnull=True) | Q(company=company)).get(uuid=uuid)
    except (ValidationError, Population.DoesNotExist) as error:
        raise Population.DoesNotExist(f"{company} has no customer base {uuid}.") from error


def population_named(company: Company, name: str) -> Population:
    """Return a base of `company` by the name or UUID that somebody typed; for no name that of the
    installation.
    """
    if not name:
        return telecom_base()
    found = populations_of(company).filter(name=name).first()
    return found or population_for(company, name)


# --- Versions --------------------------------------------------------------------------------------------


def offered_versions(member: Member) -> QuerySet[ModelVersion]:
    """Return what may be chosen in the member's company: the defaults, and what was deployed for that.

    A challenger is not: it scores in the shadow until somebody promotes it.
    """
    return (
        ModelVersion.objects.ready()
        .filter(
            Q(company__isnull=True, is_default=True)
            | Q(company=member.company, pk__in=_offered(member.company))
        )
        .select_related("model_type", "company", "population", "training_dataset")
        .order_by(F("company").asc(nulls_first=True), "population", "model_type", "number")
    )


def versions_for(member: Member, population: Population) -> QuerySet[ModelVersion]:
    """Return what `member` may predict the customers of `population` with."""
    return offered_versions(member).filter(population=population)


def list_versions(member: Member) -> QuerySet[ModelVersion]:
    """Return the versions on the models page of `member`, with `serving_since` in the company.

    A user sees what can be chosen. The developer answers for the rest as well: own versions that are not
    deployed, and those that are damaged or in quarantine.
    """
    versions = offered_versions(member)
    if member.is_developer:
        versions = visible_versions(member.company).exclude(company__isnull=True, is_default=False)
    since = ModelDeployment.objects.offered().filter(company=member.company, model=OuterRef("pk"))
    return (
        versions.annotate(serving_since=Subquery(since.values("deployed_at")[:1]))
        .with_figures()
        .select_related("model_type", "metrics", "company", "training_dataset__population", "population")
        .order_by(F("company").asc(nulls_first=True), "population", "model_type", "number")
    )


def visible_versions(company: Company) -> QuerySet[ModelVersion]:
    """Return every version that exists for `company`: its own ones, the defaults, and what the defaults
    replaced.
    """
    return ModelVersion.objects.of_installation_or(company)


def find_version(*, company: Company, model_type: str, number: int, population: Population) -> ModelVersion:
    """Return the version by the number that people call it by; the company's own before a default."""
    found = visible_versions(company).filter(
        model_type__slug=model_type, number=number, population=population
    )
    version = (
        found.select_related("model_type", "company", "population")
        .order_by(F("company").desc(nulls_last=True))
        .first()
    )
    if version is None:
        raise ModelVersion.DoesNotExist(
            f"{company} has no version v{number} of the type {model_type} for {population}."
        )
    return version


def _offered(company):
    return company.deployments.offered().values("model_id")


def best_default(population: Population) -> ModelVersion | None:
    """Return the READY default with the highest accuracy; a tie goes to the type that is retrained.

    A base of a company has no defaults.
    """
    defaults = ModelVersion.objects.defaults().ready().filter(population=population)
    rated = defaults.filter(metrics__accuracy__isnull=False).values_list(
        "pk", "metrics__accuracy", "model_type__slug"
    )
    rated = sorted(rated, key=lambda each: -each[1])
    tied = [each for each in rated if rated[0][1] - each[1] < TIE]
    pinned = [each for each in tied if each[2] == settings.RETRAIN_MODEL_TYPE]
    for pk, *_ in (pinned or tied)[:1]:
        version = defaults.with_figures().select_related("model_type", "training_dataset").get(pk=pk)
        version.population = population
        return version
    return None


@once_per_page
def champion_of(company: Company, population: Population) -> ModelDeployment | None:
    """Return the deployment of the champion of a base, also while its version is out of service."""
    return _serving(company, population, ModelDeployment.Role.CHAMPION)


@once_per_page
def challenger_of(company: Company, population: Population) -> ModelDeployment | None:
    """Return the deployment of the challenger of a base, also while its version is out of service."""
    return _serving(company, population, ModelDeployment.Role.CHALLENGER)


def _serving(company, population, role):
    # Most companies deployed nothing in that role: one narrow query says so for all roles and bases.
    for row in serving_rows(company).values():
        if row.population_id == population.pk and row.role == role:
            related = ("company", "population", "model__model_type", "model__training_dataset")
            return company.deployments.select_related(*related).filter(pk=row.pk).first()
    return None


def challenger_beside(version: ModelVersion, company: Company) -> ModelDeployment | None:
    """Return the challenger that scores what is predicted with `version`: another, for the same base."""
    found = challenger_of(company, version.population)
    return None if found is None or found.model_id == version.pk else found


def champion_to_return_to(champion: ModelDeployment) -> ModelDeployment | None:
    """Return the latest champion before `champion` that is still offered, or None: then it is the best
    default.

    What was withdrawn since or made a challenger, or is out of service, was not trusted to the end and is
    passed over.
    """
    serving = set(
        champion.company.deployments.offered()
        .filter(model__state=ModelVersion.State.READY, population=champion.population_id)
        .exclude(model=champion.model_id)
        .values_list("model", flat=True)
    )
    earlier = champion.replaces
    while earlier is not None and earlier.model_id not in serving:
        earlier = earlier.replaces
    return earlier


@once_per_page
def champion_for(member: Member, population: Population) -> ModelVersion | None:
    """Return the version that a form suggests to `member` for the customers of a base.

    The company's champion; where it is out of service the one before it; else the best default.
    """
    return (
        champion_that_serves(member.company, population)
        or best_default(population)
        or versions_for(member, population).first()
    )


def champion_that_serves(company: Company, population: Population) -> ModelVersion | None:
    """Return the champion of a base; where it is out of service the one before it."""
    champion = champion_of(company, population)
    if champion and not champion.model.is_ready:
        champion = champion_to_return_to(champion)
    return champion.model if champion else None


def deployment_of(version: ModelVersion, company: Company) -> ModelDeployment | None:
    """Return by which deployment `version` is offered in `company` now; None for a default that nobody
    deployed.
    """
    return company.deployments.offered().filter(model=version).first()


@once_per_page
def serving_rows(company: Company) -> dict[int, ModelDeployment]:
    """Return the active deployments of `company` by the id of their version."""
    return {row.model_id: row for row in company.deployments.active()}


def may_be_deployed(version: ModelVersion, serving: ModelDeployment | None) -> bool:
    """Say whether `version`, which serves by `serving`, may take over as the champion."""
    is_champion = serving is not None and serving.is_champion
    return version.is_ready and version.is_deployable and not is_champion


def may_be_withdrawn(version: ModelVersion, serving: ModelDeployment | None) -> bool:
    """Say whether ending `serving` changes anything: a default is offered all the same."""
    return serving is not None and (serving.is_challenger or not version.is_default)


def lineage_of(dataset: Dataset | None, company: Company | None = None) -> list[Dataset]:
    """Return `dataset` and what it was made from, nearest first, each table once.

    A company's original is a row of its own for the file of the installation: the same bytes are told once.
    What belongs to another company than `company` is left out.
    """
    chain, told = [], set()

    def add(found):
        mine = found.company_id is None or company is None or found.company_id == company.pk
        if mine and (found.sha256 or found.pk) not in told:
            told.add(found.sha256 or found.pk)
            chain.append(found)

    while dataset is not None:
        add(dataset)
        if dataset.added_dataset is not None:
            add(dataset.added_dataset)
        dataset = dataset.parent_dataset
    return chain


# --- The ledger ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Serving:
    """A version that was deployed in a company at an instant, by the ledger."""

    version: ModelVersion
    population: Population
    role: str
    since: datetime
    event: DeploymentEvent
    out_of_service: DeploymentEvent | None = None

    @property
    def is_champion(self) -> bool:
        return self.role == ModelDeployment.Role.CHAMPION

    @property
    def is_challenger(self) -> bool:
        return self.role == ModelDeployment.Role.CHALLENGER

    @property
    def role_label(self) -> str:
        return ModelDeployment.Role(self.role).label.partition(":")[0]


def ledger_of(company: Company) -> QuerySet[DeploymentEvent]:
    """Return the lines of the ledger of `company`, latest first."""
    return company.deployment_events.select_related("version__population", "population", "actor").order_by(
        "-sequence"
    )


def serving_at(company: Company, at: datetime) -> list[Serving]:
    """Return what was deployed in `company` at the instant `at`, the champion first.

    Read from the ledger alone, line by line: it answers also for what was withdrawn long ago. A default that
    nobody deployed is not in it, although it is offered to everybody.
    """
    actions = DeploymentEvent.Action
    serving = {}
    for event in ledger_of(company).filter(at__lte=in_utc(at)).order_by("sequence"):
        before = serving.get(event.version_id)
        if event.action in (actions.WITHDRAWN, actions.ROLLED_BACK):
            serving.pop(event.version_id, None)
        elif event.action in (actions.SUSPENDED, actions.RESUMED):
            if before:
                pause = event if event.action == actions.SUSPENDED else None
                serving[event.version_id] = replace(before, out_of_service=pause)
        else:
            pause = before.out_of_service if before else None
            serving[event.version_id] = Serving(
                event.version, event.population, event.role, event.at, event, pause
            )
    return sorted(serving.values(), key=lambda found: (not found.is_champion, found.since, found.version.pk))


def who_served(version: ModelVersion, company: Company) -> QuerySet[DeploymentEvent]:
    """Return what the ledger of `company` says about `version`, latest first."""
    return ledger_of(company).filter(version=version)


# --- Before something is changed -------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """What the people of a company can choose from, now or after a change."""

    name: str
    suggested: ModelVersion | None
    offered: list[ModelVersion]

    @property
    def defaults(self) -> int:
        return sum(version.company_id is None for version in self.offered)

    @property
    def own(self) -> list[ModelVersion]:
        return [version for version in self.offered if version.company_id is not None]


def users_of(company: Company) -> int:
    """Return how many people are offered what serves `company`, besides its developer."""
    return company.users.filter(
        approved_at__isnull=False, account__is_active=True, account__developer__company=None
    ).count()


def offer_now(member: Member, population: Population) -> Offer:
    return Offer("Now", champion_for(member, population), list(versions_for(member, population)))


def offer_after_deploying(member: Member, version: ModelVersion, role: str) -> Offer:
    now = offer_now(member, version.population)
    offered = now.offered if version in now.offered else [*now.offered, version]
    if role == ModelDeployment.Role.CHALLENGER:
        offered = [found for found in now.offered if found != version or found.is_default]
    champion = champion_of(member.company, version.population)
    if role == ModelDeployment.Role.CHAMPION:
        suggested = version
    elif champion and champion.model_id == version.pk:
        suggested = best_default(version.population)
    else:
        suggested = now.suggested
    return Offer(ModelDeployment.Role(role).label.partition(":")[0], suggested, offered)


def offer_after_withdrawing(member: Member, version: ModelVersion) -> Offer:
    now = offer_now(member, version.population)
    champion = champion_of(member.company, version.population)
    suggested = (
        best_default(version.population) if champion and champion.model_id == version.pk else now.suggested
    )
    return Offer("After", suggested, [found for found in now.offered if found != version or found.is_default])


def offer_after_rolling_back(member: Member, champion: ModelDeployment) -> Offer:
    earlier = champion_to_return_to(champion)
    without = offer_after_withdrawing(member, champion.model)
    return replace(without, suggested=earlier.model) if earlier else without
