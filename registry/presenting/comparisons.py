"""Two versions judged on the same customers, where a floor above did that.

Figures that were made on different customers say nothing about which version is better: a page that has
nothing else shows them side by side and judges nothing.
"""

from dataclasses import dataclass

from companies.identity import Member
from core.sections import Sections
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
        interval; of the one figure that decides ``verdict``, empty for the others, and ``better``, which is
        None where the interval leaves it open.
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


# Each is asked with the member and the two versions, the one that is judged first.
comparisons = Sections()


def comparison_of(member: Member, version: ModelVersion, other: ModelVersion) -> Comparison | None:
    """Return how `version` did beside `other` on the same customers, or None."""
    return comparisons.first_of(member, version, other)
