"""How often the challenger of a company disagrees with what its people used, over its latest runs."""

from dataclasses import dataclass
from datetime import datetime

from companies.models import Company
from core.figures import counted, percent
from ml.evaluation.proportions import share_interval
from ml.serving.risk import POLICIES, RiskPolicy
from registry.models import ModelDeployment, ModelVersion, Population, ShadowRun
from registry.selectors import best_default, challenger_of, champion_of

MOST_RUNS = 20


@dataclass(frozen=True)
class Share:
    """Of `tried` customers `hits` are on another side, as a share with its 95 % interval."""

    hits: int
    tried: int

    @property
    def value(self) -> float:
        return self.hits / self.tried

    @property
    def interval(self) -> tuple[float, float]:
        return share_interval(self.hits, self.tried)


@dataclass(frozen=True)
class Disagreement:
    """What the latest runs say about the challenger beside the version that is suggested.

    Customers are counted per run: who is in three runs counts three times. `runs` are all of its latest ones,
    `counted` those that were scored and in which the suggested version was used.
    """

    challenger: ModelDeployment
    compared_with: ModelVersion | None
    runs: list[ShadowRun]

    @property
    def counted(self) -> list[ShadowRun]:
        return [
            run
            for run in self.runs
            if run.customers and self.compared_with and run.compared_with_id == self.compared_with.pk
        ]

    @property
    def customers(self) -> int:
        return sum(run.customers for run in self.counted)

    @property
    def newly_leaving(self) -> int:
        return sum(run.newly_leaving for run in self.counted)

    @property
    def newly_staying(self) -> int:
        return sum(run.newly_staying for run in self.counted)

    @property
    def leaving_share(self) -> float:
        return self.newly_leaving / self.customers

    @property
    def staying_share(self) -> float:
        return self.newly_staying / self.customers

    @property
    def leaving_in_words(self) -> str:
        return f"{self.newly_leaving:,} of {counted(self.customers, 'customer')}"

    @property
    def staying_in_words(self) -> str:
        return f"{self.newly_staying:,} of {counted(self.customers, 'customer')}"

    @property
    def share(self) -> Share | None:
        return Share(self.newly_leaving + self.newly_staying, self.customers) if self.customers else None

    @property
    def mean_difference(self) -> float | None:
        if not self.customers:
            return None
        return sum(run.mean_difference * run.customers for run in self.counted) / self.customers

    @property
    def shape(self) -> str:
        """Say which way the probabilities of the challenger point, for the title of the pictures."""
        used, challenger = (_mean(self._counts(side)) for side in ("used", "challenger"))
        version = self.challenger.model
        if abs(challenger - used) < 0.005:
            return f"{version} gives the same chances on average"
        return f"{version} gives {'higher' if challenger > used else 'lower'} chances on average"

    @property
    def in_words(self) -> str:
        """Return one sentence, also where there is nothing to compare yet."""
        version = self.challenger.model
        if not self.share:
            return f"Nobody has predicted with {self.compared_with} since {version} is the challenger."
        low, high = self.share.interval
        return (
            f"{version} disagrees with {self.compared_with} on {percent(self.share.value)} of "
            f"{counted(self.customers, 'customer')} in {counted(len(self.counted), 'run')} "
            f"(95 % interval {percent(low)} to {percent(high)})."
        )

    @property
    def histograms(self) -> dict[str, list[dict]]:
        """Return the customers of the counted runs by probability, for ``used`` and ``challenger``."""
        used, challenger = self._counts("used"), self._counts("challenger")
        tiers = POLICIES[self.challenger.population.policies["risk_tiers"]]
        return {"used": _bins(used, challenger, tiers), "challenger": _bins(challenger, used, tiers)}

    def _counts(self, side):
        return [sum(bins) for bins in zip(*(run.distribution[side] for run in self.counted), strict=True)]


def disagreement_of(
    company: Company, *, population: Population, until: datetime | None = None
) -> Disagreement | None:
    """Return how the challenger of a base did, in what was scored before `until`; None without one."""
    challenger = challenger_of(company, population)
    if challenger is None:
        return None
    runs = company.shadow_runs.filter(version=challenger.model).select_related("compared_with", "version")
    if until:
        runs = runs.filter(at__lte=until)
    runs = list(runs[:MOST_RUNS])
    for run in runs:
        run.share = Share(run.disagree, run.customers) if run.customers else None
    champion = champion_of(company, population)
    return Disagreement(
        challenger=challenger,
        compared_with=champion.model if champion else best_default(population),
        runs=runs,
    )


def _mean(counts):
    """Return the mean of what was counted in bins of equal width between 0 and 1."""
    return sum((at + 0.5) * count for at, count in enumerate(counts)) / len(counts) / sum(counts)


def _bins(counts, beside, tiers: RiskPolicy):
    edges = [round(at / len(counts), 4) for at in range(len(counts) + 1)]
    return [
        {
            "start": start,
            "end": end,
            "count": count,
            "beside": other,
            "tone": tiers.tier((start + end) / 2).lower(),
        }
        for start, end, count, other in zip(edges, edges[1:], counts, beside, strict=False)
    ]
