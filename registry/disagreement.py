"""How often the challenger of a company disagrees with what its people used, over its latest runs."""

from dataclasses import dataclass
from datetime import datetime

from companies.models import Company
from ml.proportions import wilson_interval
from registry.models import ModelDeployment, ModelVersion, ShadowRun
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
        return wilson_interval(self.hits, self.tried)


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
    def share(self) -> Share | None:
        return Share(self.newly_leaving + self.newly_staying, self.customers) if self.customers else None

    @property
    def mean_difference(self) -> float | None:
        if not self.customers:
            return None
        return sum(run.mean_difference * run.customers for run in self.counted) / self.customers

    @property
    def in_words(self) -> str:
        """Return one sentence, also where there is nothing to compare yet."""
        version = self.challenger.model
        if not self.share:
            return f"Nobody has predicted with {self.compared_with} since {version} is the challenger."
        low, high = self.share.interval
        runs = len(self.counted)
        return (
            f"{version} disagrees with {self.compared_with} on {_percent(self.share.value)} of "
            f"{self.customers:,} customer{_s(self.customers)} in {runs} run{_s(runs)} "
            f"(95 % interval {_percent(low)} to {_percent(high)})."
        )

    @property
    def histograms(self) -> dict[str, list[dict]]:
        """Return the customers of the counted runs by probability, for ``used`` and ``challenger``."""
        return {side: self._histogram(side) for side in ("used", "challenger")}

    def _histogram(self, side):
        counts = [sum(bins) for bins in zip(*(run.distribution[side] for run in self.counted), strict=True)]
        return [
            {"start": round(at / len(counts), 4), "end": round((at + 1) / len(counts), 4), "count": count}
            for at, count in enumerate(counts)
        ]


def disagreement_of(company: Company, *, until: datetime | None = None) -> Disagreement | None:
    """Return how the challenger of `company` did, in what was scored before `until`; None without one."""
    challenger = challenger_of(company)
    if challenger is None:
        return None
    runs = company.shadow_runs.filter(version=challenger.model).select_related("compared_with", "version")
    if until:
        runs = runs.filter(at__lte=until)
    runs = list(runs[:MOST_RUNS])
    for run in runs:
        run.share = Share(run.disagree, run.customers) if run.customers else None
    champion = champion_of(company)
    return Disagreement(
        challenger=challenger, compared_with=champion.model if champion else best_default(), runs=runs
    )


def _percent(share):
    return f"{100 * share:.1f} %"


def _s(count):
    return "" if count == 1 else "s"
