"""Customer bases: made, described anew, archived. What was learned from one stays with it."""

from datetime import datetime

from django.db import transaction

from companies.models import Account, Company
from companies.services.audit import record_event
from companies.services.conditions import one_line
from companies.services.locking import lock_company
from core.errors import Conflict, Forbidden, Unprocessable
from ml.matrix.schemas import FeatureSchema
from ml.serving.risk import POLICIES
from registry.models import ModelVersion, Population
from registry.models.populations import INSTALLATION, usual_policies
from registry.selectors import purchases_base
from registry.telecom import TELECOM

ROLES = ("id", "outcome", "left", "value", "time")
POLICY_NAMES = ("risk_tiers", "threshold", "promotion")
DESCRIBED = ("wording", "currency", "slices", "policies")
FROZEN = ("schema", "reading", "roles")
LONGEST_NAME = Population._meta.get_field("name").max_length
LONGEST_CURRENCY = Population._meta.get_field("currency").max_length
# What the first base of a company with logs is called, until somebody gives it a name.
PURCHASES, VISITS = "Purchases", "Visits"


class NameTaken(Conflict):
    code = "name-taken"


class PopulationRefused(Unprocessable):
    code = "population-refused"


class SchemaIsFrozen(Conflict):
    code = "schema-is-frozen"


class AlreadyArchived(Conflict):
    code = "already-archived"


class BaseIsArchived(Conflict):
    code = "base-is-archived"


class BaseStays(Conflict):
    code = "base-stays"


class MayNotChangeBase(Forbidden):
    code = "may-not-change-base"


class VersionsOfOtherBase(Conflict):
    code = "versions-of-other-base"


@transaction.atomic
def create_population(
    *,
    company: Company,
    name: str,
    kind: str,
    schema: dict | None = None,
    reading: dict | None = None,
    roles: dict | None = None,
    definition: dict | None = None,
    wording: dict | None = None,
    currency: str = "",
    slices: list | None = None,
    policies: dict | None = None,
    by: Account | None,
    at: datetime,
) -> Population:
    """Give `company` one more customer base.

    Parameters
    ----------
    name
        What people find it by; once in a company.
    kind
        SNAPSHOT or LOG.
    schema
        `FeatureSchema.to_dict` of a snapshot; it is frozen with the first version. A log has none.
    reading
        `SnapshotPlan.to_dict`: how the files of a snapshot are written; frozen as the schema is. Without it
        they are written as the schema says.
    roles
        Columns by their role: ``id``, ``outcome``, ``value``, ``time``; and under ``left`` the value of the
        outcome that means that a customer left.
    policies
        What differs from the usual ones; a log deploys after each training unless it says otherwise.
    by
        A developer of the company or an operator; None when the installation itself does it.

    Raises
    ------
    NameTaken
        The company has a base of that name.
    PopulationRefused
        Something about it contradicts itself; the sentence says what.
    """
    refuse_others(company, by)
    # Held, so that of two who make the same base at once the second finds the first.
    company = lock_company(company.pk)
    base = Population(
        company=company,
        name=_checked_name(name, company),
        kind=_checked_kind(kind),
        schema=schema or {},
        reading=reading,
        roles=roles or {},
        definition=definition or {},
        wording=wording or {},
        currency=currency.strip(),
        slices=slices or [],
        policies=_usual_policies(kind) | (policies or {}),
        created_at=at,
    )
    check_population(base)
    base.save(force_insert=True)
    _record("population-created", base, by, at, name=base.name, kind=base.kind)
    return base


@transaction.atomic
def change_population(
    *, population: Population, by: Account | None, at: datetime, **changes: object
) -> Population:
    """Describe a base anew: name, wording, currency, slices and policies, before its first version also
    schema, roles and definition.

    Raises
    ------
    SchemaIsFrozen
        Versions read it by the schema that it has.
    NameTaken, PopulationRefused
        As for `create_population`.
    """
    refuse_others(population.company, by)
    base = Population.objects.select_for_update().get(pk=population.pk)
    unknown = set(changes) - {"name", "definition", *DESCRIBED, *FROZEN}
    if unknown:
        raise PopulationRefused(
            f"A customer base has no {', '.join(sorted(unknown))} to change. Leave it out."
        )
    if any(changes.get(name, getattr(base, name)) != getattr(base, name) for name in FROZEN):
        refuse_frozen(base)
    if "name" in changes and changes["name"] != base.name:
        changes["name"] = _checked_name(changes["name"], base.company)
    before = {name: getattr(base, name) for name in changes}
    for name, value in changes.items():
        setattr(base, name, value)
    check_population(base)
    base.save(update_fields=tuple(changes))
    changed = {name: value for name, value in before.items() if value != getattr(base, name)}
    if changed:
        after = {name: getattr(base, name) for name in changed}
        _record("population-changed", base, by, at, before=changed, after=after)
    return base


@transaction.atomic
def archive_population(
    *, population: Population, by: Account | None, reason: str = "", at: datetime
) -> Population:
    """Put a base away: nothing of it goes, and no form offers it any more.

    Raises
    ------
    BaseStays
        It is that of the installation, which every company shares.
    AlreadyArchived
        It was put away before.
    """
    refuse_others(population.company, by)
    base = Population.objects.select_for_update().get(pk=population.pk)
    if base.company_id is None:
        raise BaseStays(
            f"{base} belongs to the installation, and every company shares it: it stays. "
            "Choose a base of your own."
        )
    if base.is_archived:
        raise AlreadyArchived(f"{base} was archived before. Look for it among the archived ones.")
    base.archived_at = at
    base.save(update_fields=("archived_at",))
    _record("population-archived", base, by, at, reason=reason)
    return base


@transaction.atomic
def purchases_of(*, company: Company, called: str = PURCHASES, at: datetime) -> Population:
    """Return the base of the purchase logs of `company`, made with the first of them and then `called` so."""
    if found := purchases_base(company):
        return found
    # Of two first logs at once the second finds the base of the first.
    lock_company(company.pk)
    return purchases_base(company) or create_population(
        company=company, name=free_name(company, called), kind=Population.Kind.LOG, by=None, at=at
    )


def remove_if_unused(*, population: Population, by: Account | None, at: datetime) -> None:
    """Delete a base of which there is nothing: no data, no version, no work that was begun."""
    base = Population.objects.select_for_update().get(pk=population.pk)
    related = (relation.get_accessor_name() for relation in base._meta.related_objects)
    if base.company_id is None or any(getattr(base, name).exists() for name in related):
        return
    _record("population-removed", base, by, at, name=base.name)
    base.delete()


def put_up_telecom_base(populations) -> None:
    """Make the base of the installation where it is not there: it comes with the product, as its rooms do."""
    populations.get_or_create(installation_slot=INSTALLATION, defaults=TELECOM)


# --- Checks ----------------------------------------------------------------------------------------------


def refuse_other_bases(*versions: ModelVersion) -> None:
    """Refuse to compare versions of different customers: their figures say nothing about each other.

    Raises
    ------
    VersionsOfOtherBase
        They are not all of one base.
    """
    bases = {version.population_id for version in versions}
    if len(bases) > 1:
        told = " and ".join(f"{version} ({version.population})" for version in versions)
        raise VersionsOfOtherBase(
            f"{told} learned from different customer bases and cannot be compared. Choose two of one base."
        )


def refuse_archived(population: Population) -> None:
    """Raise `BaseIsArchived` before anything new is done with a base that was put away."""
    if population.is_archived:
        raise BaseIsArchived(
            f"{population} was archived: nothing new is done with it. "
            "Choose another customer base, or make a new one."
        )


def refuse_frozen(population: Population) -> None:
    """Raise `SchemaIsFrozen` once versions read the base by its schema."""
    if population.versions.exists():
        raise SchemaIsFrozen(
            f"Models of {population} read its columns as they are. "
            "Make a new customer base for other columns."
        )


def refuse_others(company: Company | None, by: Account | None) -> None:
    """Raise `MayNotChangeBase` unless `by` is an operator, the company's developer, or nobody."""
    developer = getattr(by, "developer", None)
    is_theirs = developer and company and developer.company_id == company.pk and developer.approved_at
    if by is not None and not by.is_staff and not is_theirs:
        raise MayNotChangeBase(
            "Only the developer of the company or an operator changes a customer base. Ask them."
        )


def check_population(population: Population) -> None:
    """Refuse a base that contradicts itself.

    Raises
    ------
    PopulationRefused
        With the field at fault.
    """
    if len(population.currency) > LONGEST_CURRENCY:
        raise _refused("currency", f"Name the currency in at most {LONGEST_CURRENCY} characters, as in EUR.")
    _check_shapes(population)
    _check_policies(population.policies)
    if population.is_log:
        if population.policies.get("threshold") is not None:
            raise _refused("policies", "A model of purchases chooses its threshold itself. Leave it out.")
        if population.schema:
            raise _refused(
                "schema",
                "A purchase log has no fixed columns: its features differ by version. Leave the schema out.",
            )
        return
    _check_columns(population, _read_schema(population.schema))


def _check_shapes(population):
    for name, kind in (("roles", dict), ("definition", dict), ("wording", dict), ("slices", list)):
        if not isinstance(getattr(population, name), kind):
            raise _refused(
                name, f"The {name} cannot be read. Send a {'list' if kind is list else 'mapping of names'}."
            )
    if not all(isinstance(told, dict) for told in population.wording.values()):
        raise _refused("wording", 'Give each column its words as {"label": "Monthly fee", "unit": "EUR"}.')
    unknown = set(population.roles) - set(ROLES)
    if unknown:
        raise _refused(
            "roles", f"There is no role {', '.join(sorted(unknown))}. Choose from: {', '.join(ROLES)}."
        )


def _check_policies(policies):
    if not isinstance(policies, dict) or set(policies) - set(POLICY_NAMES):
        raise _refused("policies", f"There are other policies. Give {', '.join(POLICY_NAMES)}.")
    if policies.get("risk_tiers") not in POLICIES:
        raise _refused("policies", f"There are no such risk tiers. Choose one of: {', '.join(POLICIES)}.")
    threshold = policies.get("threshold")
    is_number = isinstance(threshold, (int, float)) and not isinstance(threshold, bool)
    if threshold is not None and not (is_number and 0 < threshold < 1):
        raise _refused(
            "policies", "The threshold lies between 0 and 1. Give such a number, or null for the usual one."
        )
    if policies.get("promotion") not in Population.Promotion.values:
        raise _refused(
            "policies",
            f"There is no such promotion. Choose one of: {', '.join(Population.Promotion.values)}.",
        )


def _read_schema(schema):
    try:
        return FeatureSchema.from_dict(schema)
    except (ValueError, TypeError, AttributeError) as error:
        raise _refused("schema", f"The columns cannot be read: {error} Correct them.") from error


def _check_columns(population, schema):
    roles = population.roles
    if roles.get("outcome") != schema.label.name:
        raise _refused("roles", f"The outcome of these columns is {schema.label.name}. Name that one.")
    if roles.get("id") != schema.id_column or schema.id_column == schema.label.name:
        raise _refused("roles", "The ID needs a column of its own. Choose one that is not the outcome.")
    # What scores counts the later of the two values as leaving.
    if roles.get("left") != schema.label.values[-1]:
        raise _refused("roles", f"Of the outcome, {schema.label.values[-1]} means “left”. Send that value.")
    numbers = [column.name for column in schema.numeric]
    if roles.get("value") and roles["value"] not in numbers:
        raise _refused(
            "roles", f"The value of a customer must be a number. Choose one of: {', '.join(numbers)}."
        )
    unknown = [name for name in population.slices if name not in schema.features]
    if unknown:
        raise _refused("slices", f"No model reads {', '.join(map(str, unknown))}. Choose other columns.")


def _checked_kind(kind):
    if kind not in Population.Kind.values:
        raise _refused("kind", f"There is no such kind. Choose one of: {', '.join(Population.Kind.values)}.")
    return kind


def _checked_name(name, company):
    name = one_line(name)
    if not name or len(name) > LONGEST_NAME:
        raise _refused("name", f"Give the customer base a name of at most {LONGEST_NAME} characters.")
    # As MariaDB compares.
    if Population.objects.filter(company=company, name__iexact=name).exists():
        raise NameTaken(f"There is a customer base called {name}. Choose another name.", field="name")
    return name


def free_name(company: Company, wanted: str) -> str:
    """Return `wanted`, or with a number behind it where the company has a base of that name."""
    wanted = wanted[: LONGEST_NAME - 6]
    taken = {
        name.lower() for name in Population.objects.filter(company=company).values_list("name", flat=True)
    }
    names = (wanted, *(f"{wanted} {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name.lower() not in taken)


def _usual_policies(kind):
    if kind == Population.Kind.LOG:
        return usual_policies() | {"promotion": Population.Promotion.AFTER_TRAINING.value}
    return usual_policies()


def _refused(field, sentence):
    return PopulationRefused(sentence, field=field)


def _record(action, population, by, at, **details):
    record_event(
        action=action, company=population.company, actor=by, subject=str(population), at=at, **details
    )
