"""Columns that may know who left: how sure that is, and what a person is told or asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.figures import counted
from tabular.errors import shown

LEVELS = STOP, WARN, ASK = "stop", "warn", "ask"
# As `ml.evaluation.leaks` calls them, which a web process does not load.
FILLED, BLANK = "filled", "blank"
SAID_WHOLE = {FILLED: "is filled", BLANK: "is blank"}
RELATIONS = {
    "is": "says {}",
    "other": "says something else than {}",
    "from": "is {} or more",
    "up_to": "is {} or less",
}
_AFTERWARDS = (
    "It was probably written down {}. Leave it out; keep it only if it is known while a customer can "
    "still be kept."
)
_BEFORE = "Is it known before customers leave? If not, leave it out."


@dataclass(frozen=True)
class Leak:
    """A column that may have been written down after customers left, or made from the answer.

    Parameters
    ----------
    auc
        How well it alone tells who left, from 0.5 to 1.
    level
        ``stop``: nothing is learned until it is left out, or kept by name. ``warn``: look at it. ``ask``: its
        name speaks of something that is known only of those who left.
    tells_all
        Whether it ranks all customers nearly as well as can be; else only some have what it says.
    """

    column: str
    auc: float
    level: str
    sentence: str
    tells_all: bool = False


def describe_leaks(
    alone: Iterable[dict], marks: Iterable[dict], asked: Mapping[str, str]
) -> tuple[Leak, ...]:
    """Return the columns to speak of, the surest first.

    Parameters
    ----------
    alone
        `ml.evaluation.leaks.ColumnAuc.to_dict` of each column that would be learned from.
    marks
        `ml.evaluation.leaks.OutcomeMark.to_dict` of those with something that only leavers have, or only
        stayers.
    asked
        Columns with a name that speaks of what comes after leaving, and the question.
    """
    marked = {mark["column"]: mark for mark in marks}
    told = [_told(found, marked.get(found["column"]), asked.get(found["column"], "")) for found in alone]
    return tuple(sorted(filter(None, told), key=lambda leak: (LEVELS.index(leak.level), -leak.auc)))


def _told(found: dict, mark: dict | None, question: str) -> Leak | None:
    column, auc = found["column"], found["auc"]
    if found["verdict"] == "blocks":
        return Leak(column, auc, STOP, _stops(column, auc), tells_all=True)
    if mark and mark["what"] in (FILLED, BLANK):
        when = "when they left" if _of_leavers(mark) else "of those only who had stayed"
        return Leak(column, auc, STOP, f"{_marks(column, mark)} {_AFTERWARDS.format(when)}")
    if mark:
        return Leak(column, auc, WARN, f"{_marks(column, mark)} {_BEFORE}")
    if found["verdict"] == "warns":
        return Leak(column, auc, WARN, _warns(column, auc))
    return Leak(column, auc, ASK, question) if question else None


def _of_leavers(mark):
    # A check that was made before those who stayed were looked at speaks of leavers.
    return mark.get("of_leavers", True)


def _marks(column, mark):
    whom, churned = counted(mark["customers"], "customer"), mark["churned"]
    left = f"{churned:,} left" if churned or _of_leavers(mark) else "nobody left"
    others = "stayed" if _of_leavers(mark) else "left"
    is_so = f"{shown(column)} {_which(mark)} for {whom}, of whom {left}"
    return f"{is_so}: next to nobody who {others} is like that."


def _which(mark):
    what = mark["what"]
    if what in SAID_WHOLE:
        return SAID_WHOLE[what]
    # A check that was made before numbers were looked at does not name a relation.
    return RELATIONS[mark.get("relation", "is")].format(shown(what))


def _stops(column, auc):
    return (
        f"{shown(column)} alone tells nearly all who left from those who stayed (AUC {auc:.3f}). It was "
        "probably written down afterwards, or made from the outcome. Leave it out; keep it only if it is "
        "known while a customer can still be kept."
    )


def _warns(column, auc):
    return f"{shown(column)} alone tells very well who left (AUC {auc:.3f}). {_BEFORE}"
