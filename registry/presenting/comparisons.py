"""Two versions judged on the same customers, where a floor above did that.

Figures that were made on different customers say nothing about which version is better: a page that has
nothing else shows them side by side and judges nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from companies.identity import Member
from registry.models import ModelVersion


@dataclass(frozen=True)
class Comparison:
    """What came of judging one version beside another.

    Parameters
    ----------
    verdict
        ``better``, ``worse`` or ``no_real_difference``.
    sentence
        The verdict, with the figures that it rests on.
    rows
        ``name`` and ``explanation`` of a figure; ``new``, ``serving`` and ``difference``, each with an
        interval; ``verdict``, and ``better``, which is None where the interval leaves it open.
    resamples
        From how many draws the intervals come.
    url
        Where the whole comparison stands.
    """

    verdict: str
    sentence: str
    rows: list[dict]
    resamples: int
    url: str


_providers: list[Callable[[Member, ModelVersion, ModelVersion], Comparison | None]] = []


def add_comparisons(provide: Callable[[Member, ModelVersion, ModelVersion], Comparison | None]) -> None:
    """Let `provide` say how a version did beside another on the same customers, or None."""
    if provide not in _providers:
        _providers.append(provide)


def comparison_of(member: Member, version: ModelVersion, other: ModelVersion) -> Comparison | None:
    """Return how `version` did beside `other` on the same customers, or None."""
    told = (provide(member, version, other) for provide in _providers)
    return next(filter(None, told), None)
