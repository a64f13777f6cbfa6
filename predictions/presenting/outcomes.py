"""What a result says where the file knew who left: how right the prediction was, bad news first."""

from dataclasses import dataclass

from ml.evaluation.proportions import wilson_interval
from ml.evaluation.realised import differs_from_promise
from ml.serving.risk import POLICIES

# Of fewer customers a share says little, and two of them next to nothing about each other.
FEWEST = 100


@dataclass(frozen=True)
class Share:
    """A share that was counted, with its 95 % interval, in percent; None where nobody is in it."""

    hits: int
    of: int

    @property
    def percent(self) -> float | None:
        return 100 * self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return tuple(100 * bound for bound in wilson_interval(self.hits, self.of)) if self.of else None


@dataclass(frozen=True)
class Row:
    """One line of the table: some customers, what they were promised to do and what they did."""

    name: str
    tone: str
    customers: int
    promised: float | None
    left: Share

    @property
    def is_empty(self) -> bool:
        return not self.customers


@dataclass(frozen=True)
class Outcomes:
    """What came true of a finished run; `counts` is its stored summary, which has ``realised``."""

    counts: dict

    @property
    def known(self) -> int:
        return self._everybody["customers"]

    @property
    def unknown(self) -> int:
        return self.counts["realised"]["unknown"]

    @property
    def precision(self) -> Share:
        """Of those named as leaving, who left."""
        return Share(self._named["left"], self._named["customers"])

    @property
    def recall(self) -> Share:
        """Of those who left, who had been named."""
        return Share(self._named["left"], self._everybody["left"])

    @property
    def headline(self) -> str:
        left, named = self.recall.of, self.precision
        if not left:
            return f"None of the {self.known:,} customers whose outcome is known left"
        if not named.of:
            return f"{left:,} of {self.known:,} left, and none of them was named"
        missed = left - named.hits
        return f"{named.hits:,} of {named.of:,} named as leaving did leave; {missed:,} more left unnamed"

    @property
    def verdict(self) -> str:
        """Whether the promises held on average; where they did, it says otherwise once in twenty times."""
        everybody = self._everybody
        promised = f"{everybody['expected']:,.0f} were expected to leave and {everybody['left']:,} did"
        direction = differs_from_promise(everybody)
        if direction > 0:
            return f"The probabilities were too low: {promised}, more than chance explains."
        if direction < 0:
            return f"The probabilities were too high: {promised}, fewer than chance explains."
        if self.known < FEWEST:
            return f"Fewer than {FEWEST} customers do not tell whether the probabilities hold: {promised}."
        return f"On average the probabilities held: {promised}, a difference that chance explains."

    @property
    def rows(self) -> list[Row]:
        realised, policy = self.counts["realised"], POLICIES[self.counts["policy"]]
        tiers = zip(policy.tiers, realised["tiers"], strict=True)
        return [
            _row("Everybody", "", self._everybody),
            _row("Named as leaving", "", self._named),
            *(_row(name, name.lower(), group) for name, group in reversed(list(tiers))),
        ]

    @property
    def _everybody(self):
        return self.counts["realised"]["everybody"]

    @property
    def _named(self):
        return self.counts["realised"]["named"]


def _row(name, tone, group):
    customers = group["customers"]
    promised = 100 * group["expected"] / customers if customers else None
    return Row(name, tone, customers, promised, Share(group["left"], customers))
