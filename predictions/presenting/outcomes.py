"""What a result says where the file knew who left: how right the prediction was, bad news first."""

from dataclasses import dataclass

from core.figures import counted
from ml.evaluation.promises import TOO_CAUTIOUS, TOO_LITTLE, TOO_MUCH, TOO_SURE, UNEVEN, judge_realised
from ml.evaluation.proportions import share_interval
from ml.serving.risk import POLICIES

# Of fewer customers a share says little, and two of them next to nothing about each other.
FEWEST = 100
FAULTS = {
    TOO_LITTLE: "The probabilities were too low: {}, more than chance explains.",
    TOO_MUCH: "The probabilities were too high: {}, fewer than chance explains.",
    TOO_SURE: (
        "The probabilities were too sure: high ones were too high and low ones too low, beyond what chance "
        "explains. In all, {}."
    ),
    UNEVEN: "The probabilities did not hold in every risk tier, beyond what chance explains. In all, {}.",
    TOO_CAUTIOUS: (
        "The probabilities were too cautious: high ones were too low and low ones too high, beyond what "
        "chance explains. In all, {}."
    ),
}


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
        return tuple(100 * bound for bound in share_interval(self.hits, self.of)) if self.of else None


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
    def tells(self) -> bool:
        """Whether some left and some stayed, or all did the same by chance: one outcome alone may be a status
        of today, or a matter of who is in the file.
        """
        is_mixed = 0 < self.recall.of < self.known
        return is_mixed or self._fault is None

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
        if not self.tells:
            whom = "all" if self.recall.of else "none of the"
            return f"The file says of {whom} {self.known:,} customers that they left"
        if not left and self.known == 1:
            return "The one customer whose outcome is known stayed"
        if not left:
            return f"None of the {self.known:,} customers whose outcome is known left"
        if not named.of:
            return f"{left:,} of {self.known:,} left, and none of them was named"
        missed = left - named.hits
        if not missed:
            return f"{named.hits:,} of {named.of:,} named as leaving did leave; nobody else left"
        return f"{named.hits:,} of {named.of:,} named as leaving did leave; {missed:,} more left unnamed"

    @property
    def verdict(self) -> str:
        """Whether promises held, on average and by tier; where they did, it doubts it in 5 of 100 at most."""
        everybody = self._everybody
        expected = f"{everybody['expected']:,.0f}"
        verb = "was" if expected == "1" else "were"
        promised = f"{expected} {verb} expected to leave and {everybody['left']:,} did"
        if not self.tells:
            return (
                f"{promised[0].upper()}{promised[1:]}. A file with one outcome alone does not tell how right "
                "the model is: it may be too early, or the others are not in it. Predict again with a file "
                "of those who left and those who stayed."
            )
        if self._fault:
            return FAULTS[self._fault].format(promised)
        if self.known < FEWEST:
            return f"Fewer than {FEWEST} customers do not tell whether the probabilities hold: {promised}."
        return f"The probabilities held, on average and tier by tier: {promised}, which chance explains."

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
    def _fault(self):
        return judge_realised(self.counts["realised"]).fault

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


@dataclass(frozen=True)
class Graded:
    """How right a result was, of those first whom the version had not learned from, where that is known.

    Parameters
    ----------
    counts
        The stored summary, which has ``realised`` and perhaps ``untouched``.
    has_ids
        Whether customers of the base can be found again at all.
    """

    counts: dict
    has_ids: bool

    @property
    def everybody(self) -> Outcomes:
        return Outcomes(self.counts)

    @property
    def learned_from(self) -> int | None:
        """How many of those whose outcome is known the version learned from; None where nobody knows."""
        found = self.counts.get("untouched")
        return found["learned_from"] if found else None

    @property
    def twins(self) -> int:
        """How many others are equal to customers that the version learned from; older results did not ask."""
        return (self.counts.get("untouched") or {}).get("twins") or 0

    @property
    def knows_twins(self) -> bool:
        """Whether it was asked who came under another id, and could be told."""
        return (self.counts.get("untouched") or {}).get("twins") is not None

    @property
    def shown(self) -> Outcomes:
        """Those whom the version had not seen; everybody where there are none, or nobody knows."""
        return Outcomes(self.counts | {"realised": self._others}) if self._others else self.everybody

    @property
    def rest(self) -> Outcomes | None:
        """Everybody once more, where `shown` leaves some out."""
        return self.everybody if (self.learned_from or self.twins) and self._others else None

    @property
    def note(self) -> str:
        """Whether the version had learned from some of these customers."""
        known = self.everybody.known
        if self.learned_from is None:
            why = (
                "Whether the model learned from some of these customers is not known."
                if self.has_ids
                else "These customers have no id, so whether the model learned from some of them cannot be "
                "known."
            )
            return f"{why} If it did, all of this looks better than it is for others."
        if not self.learned_from and not self.twins:
            if self.knows_twins:
                return "The model learned from none of these customers."
            return (
                "By their ids the model learned from none of these customers. Whether some came under "
                "another id is not known."
            )
        if not self._others:
            whom = "this customer" if known == 1 else f"all of these {known:,} customers"
            equals = ", or from others who are equal in all that it reads" if self.twins else ""
            return (
                f"The model learned from {whom}{equals}: how right it is for others cannot be told from this "
                "file."
            )
        return f"{self._knew} What follows is of the other {self.shown.known:,}."

    @property
    def _knew(self):
        known = counted(self.everybody.known, "customer")
        if not self.twins:
            return f"The model learned from {self.learned_from:,} of these {known}."
        learned = f"{self.learned_from:,}, and {self.twins:,} more"
        if not self.learned_from:
            learned = f"none, but {self.twins:,}"
        verb, equals = ("is", "one") if self.twins == 1 else ("are", "some")
        return (
            f"Of {known} the model learned from {learned} {verb} equal to {equals} "
            "that it learned from in all that it reads, perhaps the same people, and left out."
        )

    @property
    def _others(self):
        found = self.counts.get("untouched")
        return found and found["realised"]
