"""What came of earlier lists of a log once their time is over: what was promised beside what happened."""

from dataclasses import dataclass

from core.figures import counted, of_100, percent
from transactions.presenting.days import write_day

LAST_TIME = "last time"


@dataclass(frozen=True)
class FinishedList:
    """A list whose time is over; `outcome` is what the engine counted.

    Parameters
    ----------
    when
        Which list it was, as a phrase.
    """

    outcome: dict
    when: str = LAST_TIME

    @property
    def of_whom(self) -> tuple[str, int, float | None, int]:
        """Of all who were scored, or of earlier days of those named alone: the word for them, their number,
        how many were expected to leave (None where nobody added that up) and how many did.
        """
        found = self.outcome
        if found.get("expected") is None:
            return "named", found["named"], found.get("promised"), found["named_without_purchase"]
        return "scored", found["scored"], found["expected"], found["scored_without_purchase"]

    @property
    def in_words(self) -> str:
        """How many were expected to leave and did; empty where nobody was asked about."""
        whom, customers, promised, left = self.of_whom
        if not customers or promised is None:
            return ""
        told = compare(promised / customers, left / customers)
        return f"of {counted(customers, 'customer')} {whom} {self.when}, {told}."

    @property
    def of_those_named(self) -> str:
        """The same of those named, as a sentence; empty where nobody was, or nobody added it up."""
        named, promised = self.outcome["named"], self.outcome.get("promised")
        if not named or promised is None:
            return ""
        left = of_100(self.outcome["named_without_purchase"] / named)
        promised = of_100(promised / named)
        return f"Of {named:,} named {self.when}, {promised} in 100 were promised and {left} left"


@dataclass(frozen=True)
class Line:
    """An earlier list in the table of those whose time is over."""

    day: str
    model: str
    customers: int
    promised: str
    left: str
    difference: str


def finished_lists(changes: dict) -> list[dict]:
    """Return the outcomes of all lists whose time is over, the latest first, with the day of each."""
    earlier, last = changes.get("finished", []), changes["outcome"]
    if not last or not last["is_over"]:
        return earlier
    return [last | {"as_of": changes["since"], "model": changes.get("model")}, *earlier]


def newest_of(changes: dict, *, model: int) -> FinishedList | None:
    """Return what came of the latest list of the version `model` whose time is over; None before the first.

    Results of earlier days do not say which version made the list.
    """
    for outcome in finished_lists(changes):
        if outcome["model"] in (None, model):
            is_last = outcome["as_of"] == changes["since"]
            return FinishedList(outcome) if is_last else FinishedList(outcome, _as_of(outcome))
    return None


def lines_of(changes: dict) -> list[Line]:
    """Return the lists before the last one whose time is over, as lines of a table, the latest first."""
    return [line for outcome in changes.get("finished", []) if (line := _line(outcome))]


def _line(outcome):
    _, customers, promised, left = FinishedList(outcome).of_whom
    if not customers or promised is None:
        return None
    shares = promised / customers, left / customers
    return Line(
        day=write_day(outcome["as_of"]),
        model=outcome["by"],
        customers=customers,
        promised=percent(shares[0]),
        left=percent(shares[1]),
        difference=points_off(shares[0] - shares[1]),
    )


def _as_of(outcome):
    return f"as of {write_day(outcome['as_of'])}"


def compare(promised: float, happened: float) -> str:
    """Say which share was expected to leave and which left."""
    off = points_off(promised - happened)
    return f"{percent(promised)} were expected and {percent(happened)} left, {off}"


def points_off(difference: float) -> str:
    """Say by how many points a promise was off, and to which side."""
    off = of_100(abs(difference), 1)
    if abs(difference) < 0.0005:
        return "less than 0.1 points off"
    points = "point" if off == "1.0" else "points"
    return f"{off} {points} too {'many' if difference > 0 else 'few'}"
