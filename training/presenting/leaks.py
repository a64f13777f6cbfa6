"""Columns that may know who left: how sure that is, and what a person is told or asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tabular.errors import shown

LEVELS = STOP, WARN, ASK = "stop", "warn", "ask"


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
    """

    column: str
    auc: float
    level: str
    sentence: str


def describe_leaks(alone: Iterable[dict], asked: Mapping[str, str]) -> tuple[Leak, ...]:
    """Return the columns to speak of, the surest first.

    Parameters
    ----------
    alone
        `ml.evaluation.leaks.ColumnAuc.to_dict` of each column that would be learned from.
    asked
        Columns with a name that speaks of what comes after leaving, and the question.
    """
    told = [_told(found, asked.get(found["column"], "")) for found in alone]
    return tuple(sorted(filter(None, told), key=lambda leak: (LEVELS.index(leak.level), -leak.auc)))


def _told(found: dict, question: str) -> Leak | None:
    column, auc = found["column"], found["auc"]
    if found["verdict"] == "blocks":
        return Leak(column, auc, STOP, _stops(column, auc))
    if found["verdict"] == "warns":
        return Leak(column, auc, WARN, _warns(column, auc))
    return Leak(column, auc, ASK, question) if question else None


def _stops(column, auc):
    return (
        f"{shown(column)} alone tells nearly all who left from those who stayed (AUC {auc:.3f}). It was "
        "probably written down afterwards, or made from the outcome. Leave it out; keep it only if it is "
        "known while a customer can still be kept."
    )


def _warns(column, auc):
    return (
        f"{shown(column)} alone tells very well who left (AUC {auc:.3f}). Is it known before customers "
        "leave? If not, leave it out."
    )
