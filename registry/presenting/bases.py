"""What pages say of a customer base: what leaving means, where it stands, and what to do next.

The floors above know what can be done with one; they say it through `base_steps` and `base_facts`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from companies.beginnings import has_begun
from companies.identity import Member
from companies.models import Company
from core.sections import Sections
from ml.serving.risk import POLICIES
from registry.models import Dataset, ModelVersion, Population
from registry.presenting.quality import quality_of
from registry.selectors import (
    champion_for,
    has_several_bases,
    list_versions,
    populations_of,
    telecom_base,
)

# Customers stand in these tables; features are made from one of them and are counted there.
OF_CUSTOMERS = {
    Population.Kind.SNAPSHOT: Q(dataset_type=Dataset.Type.SNAPSHOT),
    Population.Kind.LOG: Q(dataset_type=Dataset.Type.RAW),
}


@dataclass(frozen=True)
class Step:
    """Something that can be done next with a base.

    Parameters
    ----------
    order
        Where several can be done, the smallest comes first.
    sentence
        How things stand, so that it is next.
    label, url
        Verb and address.
    """

    order: int
    sentence: str
    label: str
    url: str


@dataclass(frozen=True)
class Fact:
    """Something that happened to a base last, and where to read of it."""

    name: str
    at: datetime
    url: str = ""


@dataclass(frozen=True)
class BaseCard:
    """A customer base in the eyes of one member."""

    base: Population
    leaving: str
    champion: ModelVersion | None
    latest_data: Dataset | None
    steps: list[Step]
    facts: list[Fact]

    @property
    def next_step(self) -> Step | None:
        return self.steps[0] if self.steps else None

    @property
    def is_used(self) -> bool:
        """Whether the company brought anything: the original data of the installation came by themselves."""
        brought = self.latest_data and not self.latest_data.is_original
        return bool(self.base.company_id or self.facts or brought)

    @property
    def customers(self) -> int | None:
        """How many customers the latest table has; a log counts purchases instead."""
        known = self.latest_data and not self.base.is_log
        return self.latest_data.row_count if known else None


# For the floors above, each asked with a member and a base: what can be done next, and what happened last.
base_steps = Sections()
base_facts = Sections()


def cards_of(member: Member) -> list[BaseCard]:
    """Return the customer bases of the member's company, the own ones first."""
    bases = sorted(populations_of(member.company), key=lambda base: base.company_id is None)
    return [card_of(member, base) for base in bases]


def card_of(member: Member, base: Population) -> BaseCard:
    champion = champion_for(member, base)
    return BaseCard(
        base=base,
        leaving=what_leaving_means(base, champion),
        champion=champion,
        latest_data=data_of(member, base).first(),
        steps=sorted(base_steps.all_of(member, base), key=lambda step: step.order),
        facts=base_facts.all_of(member, base),
    )


def data_of(member: Member, base: Population):
    """Return the tables of customers that a company has of a base, latest first."""
    tables = member.company.datasets.select_related("population")
    return tables.filter(OF_CUSTOMERS[base.kind], population=base).order_by("-pk")


def versions_of(member: Member, base: Population):
    """Return the versions of a base that `member` may see, as the models page lists them."""
    return list_versions(member).filter(population=base)


def home_section(member: Member) -> dict | None:
    """Return the bases of a company, each with its next step; nothing where there are none of its own.

    Until then everything on the page is about the base of the installation anyway; afterwards that one is
    told of only where the company has used it. A user is told of those that a model serves, and of those of
    which there is something to do or to wait for.
    """
    if not has_several_bases(member.company):
        return None
    cards = cards_of(member)
    if not any(card.base.company_id for card in cards):
        return None
    used = [card for card in cards if card.is_used]
    if not member.is_developer:
        # A user can do nothing with what waits for a model, so it comes last.
        used = sorted(
            (card for card in used if card.champion or card.steps), key=lambda card: card.champion is None
        )
    return {"cards": used}


def suggested_section(member: Member) -> dict | None:
    """Return what the home of a developer says of the version that is suggested, and how good it is.

    Of several bases it is that of which a version was deployed last. Who has brought nothing yet reads
    nothing of customers that are not theirs.
    """
    base = _deployed_last(member.company)
    version = base and champion_for(member, base)
    quality = version and quality_of(version)
    return {"version": version, "quality": quality} if quality else None


def _deployed_last(company: Company) -> Population | None:
    bases = populations_of(company)
    latest = company.deployments.champions().filter(population__in=bases).order_by("-deployed_at").first()
    if latest:
        return latest.population
    return telecom_base() if has_begun(company) and not has_several_bases(company) else None


def what_leaving_means(base: Population, model: ModelVersion | None) -> str:
    """Return in one sentence when a customer of this base counts as one who left.

    Whether its logs are of purchases or of visits, the `model` knows that learned from one.
    """
    if not base.is_log:
        return f"{base.label_of(base.roles['outcome'])} says “{base.roles['left']}”"
    what = "purchase or visit" if model is None else "visit" if model.is_of_visits else "purchase"
    days = base.definition.get("horizon_days")
    return f"No {what} for {f'{days} days' if days else 'the number of days that is confirmed for its log'}"


def tiers_in_words(name: str) -> str:
    """Return the tiers of a policy with their bounds: Low, Medium from 0.3, …"""
    policy = POLICIES[name]
    word = "from" if policy.bound_belongs == "above" else "above"
    above = [f"{tier} {word} {bound:g}" for tier, bound in zip(policy.tiers[1:], policy.bounds, strict=True)]
    return ", ".join([policy.tiers[0], *above])


def deploy_step(member: Member, base: Population) -> list[Step]:
    """Say that a version waits, where nothing serves yet."""
    if not member.is_developer or base.company_id is None or champion_for(member, base):
        return []
    waiting = versions_of(member, base).filter(state=ModelVersion.State.READY, company=member.company)
    version = waiting.order_by("-number").first()
    if version is None or not version.is_deployable:
        return []
    sentence = f"{version} is ready. Nobody can predict before you deploy it."
    return [Step(10, sentence, f"Deploy {version} …", reverse("registry:deploy", args=(version.pk,)))]
