"""What the operator's home says of versions: which are out of service, and which serves whom since when."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.http import urlencode

from companies.models import Company
from core.figures import counted
from core.standing import Standing
from registry.models import ModelDeployment, ModelVersion, Population
from registry.presenting.cards import interval_of
from registry.selectors import best_default, telecom_base

# As many as a person reads; the link leads to all.
MOST = 20
DAMAGED, QUARANTINED = ModelVersion.State.DAMAGED, ModelVersion.State.QUARANTINED


def versions_page(**query) -> str:
    """Return the address of the operator's list of versions, filtered."""
    return f"{reverse('admin:registry_modelversion_changelist')}?{urlencode(query)}"


def versions(at: datetime) -> Standing:
    """Say which versions are damaged, which somebody has to mend, and which somebody took out of service."""
    damaged, quarantined = (
        ModelVersion.objects.filter(state=state).count() for state in (DAMAGED, QUARANTINED)
    )
    if damaged:
        others = f" {counted(quarantined, 'other is', 'others are')} in quarantine." if quarantined else ""
        return Standing(
            "Versions",
            f"{counted(damaged, 'version is', 'versions are')} damaged and out of service.{others}",
            "Put the files back from a backup, then verify and release them; or train them once more.",
            url=versions_page(state__exact=DAMAGED),
            link="Damaged versions",
        )
    if quarantined:
        return Standing(
            "Versions",
            f"No version is damaged. {counted(quarantined, 'version is', 'versions are')} in quarantine.",
            url=versions_page(state__exact=QUARANTINED),
            link="Versions in quarantine",
        )
    return Standing("Versions", "No version is damaged or in quarantine.")


@dataclass(frozen=True)
class Served:
    """Who is served by which version; without a `deployment` it is the best default."""

    company: Company
    population: Population
    version: ModelVersion | None
    deployment: ModelDeployment | None = None

    @property
    def auc(self) -> str:
        metrics = getattr(self.version, "metrics", None)
        return with_interval(metrics.auc_roc, self.version.figures, "AUC") if metrics else ""


def serving_section(at: datetime) -> dict | None:
    """Return what serves each company, the latest deployment first; None where there is no company."""
    champions = ModelDeployment.objects.champions().order_by("-deployed_at", "-pk")
    base = telecom_base()
    without = Company.objects.exclude(pk__in=champions.filter(population=base).values("company"))
    count = champions.count() + without.count()
    if not count:
        return None
    versions = ModelVersion.objects.with_figures().select_related("training_dataset")
    shown = champions.select_related("company", "population").prefetch_related(Prefetch("model", versions))
    rows = [Served(row.company, row.population, row.model, row) for row in shown[:MOST]]
    default = best_default(base)
    rows += [Served(company, base, default) for company in without.order_by("name")[: MOST - len(rows)]]
    deployments = reverse("admin:registry_modeldeployment_changelist")
    return {
        "rows": rows,
        "more": count - len(rows),
        "url": f"{deployments}?is_active__exact=1&role__exact={ModelDeployment.Role.CHAMPION}",
    }


def with_interval(value: float | None, found: dict, name: str) -> str:
    """Write a figure with three digits and its 95 % interval, where there is one: 0.846 (0.832 to 0.859).

    Parameters
    ----------
    found
        The stored figures of the version, and `name` what the figure is called among them.
    """
    if value is None:
        return ""
    interval = interval_of(found, name)
    return f"{value:.3f}" + (f" ({interval['low']:.3f} to {interval['high']:.3f})" if interval else "")
