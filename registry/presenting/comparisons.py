"""Two versions judged on the same customers, where a floor above did that.

Figures that were made on different customers say nothing about which version is better: a page that has
nothing else shows them side by side and judges nothing.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
        From how many draws the intervals come; None where that was not kept.
    url
        Where the whole comparison stands.
    at
        When they were compared: the customers of the newest comparison are the nearest to those of today.
    """

    verdict: str
    sentence: str
    rows: list[dict]
    resamples: int | None
    url: str
    at: datetime


# Each is asked with the member and the two versions, the one that is judged first.
comparisons = Sections()


def comparison_of(member: Member, version: ModelVersion, other: ModelVersion) -> Comparison | None:
    """Return how `version` did beside `other` on the newest customers that judged both, or None."""
    found = comparisons.contents(member, version, other)
    return max(found, key=lambda comparison: comparison.at, default=None)


# --- Side by side on one page -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """What came of comparing a version with the champion, in a word, and where to read of it."""

    verdict: str
    at: datetime
    url: str

    @property
    def in_words(self) -> str:
        return {"better": "better", "worse": "worse"}.get(self.verdict, "no real difference")

    @property
    def is_better(self) -> bool | None:
        return {"better": True, "worse": False}.get(self.verdict)


@dataclass(frozen=True)
class Basis:
    """By which outcome, and of customers of which day, the figures of a version are.

    Parameters
    ----------
    key
        Equal for versions whose figures may stand in one table.
    sentence
        What leaving means there, and as of when.
    """

    key: Hashable
    sentence: str


@dataclass(frozen=True)
class Table:
    """Versions whose figures stand side by side."""

    sentence: str
    versions: list[ModelVersion]


# Each is asked with the member, the champion and the versions of its base, and returns `Beside` by their ids.
verdicts = Sections()
# Each is asked with the member and the versions of a base, and returns `Basis` by their ids.
bases_of_figures = Sections()


def beside_champion(
    member: Member, champion: ModelVersion | None, versions: Sequence[ModelVersion]
) -> dict[int, Beside]:
    """Return how each of `versions` did beside the champion, where both were judged on the same customers."""
    newest = {}
    for told in verdicts.contents(member, champion, versions) if champion else ():
        for pk, found in told.items():
            if pk not in newest or newest[pk].at < found.at:
                newest[pk] = found
    return newest


def tables_of(member: Member, versions: Sequence[ModelVersion], *, usual: str) -> list[Table]:
    """Return the versions of a base in tables: another definition or another day makes another table.

    Parameters
    ----------
    usual
        What leaving means for those of whom nothing else is known.
    """
    known = {pk: basis for told in bases_of_figures.contents(member, versions) for pk, basis in told.items()}
    tables = {}
    for version in versions:
        basis = known.get(version.pk, Basis(None, usual))
        tables.setdefault(basis.key, Table(basis.sentence, [])).versions.append(version)
    return list(tables.values())
