"""Columns that may know who left: how sure that is, and what a person is told or asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml.evaluation.leaks import BLOCKS, WARNS
from tabular.errors import shown

STOP, WARN, ASK = "stop", "warn", "ask"


@dataclass(frozen=True)
class Leak:
    """A column that may have been written down after customers left, or made from the answer.

    Parameters
    ----------
    auc
        How well it alone tells who left, from 0.5 to 1; None where nobody measured it.
    level
        ``stop``: nothing is learned until it is left out, or kept by name. ``warn``: look at it. ``ask``: its
        name speaks of something that is known only of those who left.
    """

    column: str
    auc: float | None
    level: str
    sentence: str


def describe_leaks(aucs: Mapping[str, float], asked: Mapping[str, str]) -> tuple[Leak, ...]:
    """Return the columns to speak of, the surest first.

    Parameters
    ----------
    aucs
        Of each column that would be learned from.
    asked
        Columns with a name that speaks of what comes after leaving, and the question.
    """
    found = [_told(column, auc, asked.get(column, "")) for column, auc in aucs.items()]
    order = (STOP, WARN, ASK)
    leaks = [leak for leak in found if leak]
    return tuple(sorted(leaks, key=lambda leak: (order.index(leak.level), -(leak.auc or 0), leak.column)))


def _told(column: str, auc: float, question: str) -> Leak | None:
    if auc >= BLOCKS:
        return Leak(
            column,
            auc,
            STOP,
            f"{shown(column)} alone tells nearly all who left from those who stayed (AUC {auc:.3f}). It was "
            "probably written down afterwards, or made from the outcome. Leave it out; keep it only "
            "if it is known while a customer can still be kept.",
        )
    if auc >= WARNS:
        return Leak(
            column,
            auc,
            WARN,
            f"{shown(column)} alone tells very well who left (AUC {auc:.3f}). Is it known before customers "
            "leave? If not, leave it out.",
        )
    return Leak(column, auc, ASK, question) if question else None
