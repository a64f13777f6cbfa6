"""What a company may begin with: the answers to the question "What do you have?".

An app calls `add_beginning` in its ``apps.py``. Nothing here knows what is begun.
"""

from collections.abc import Callable
from dataclasses import dataclass

from companies.identity import Member
from companies.models import Company


@dataclass(frozen=True)
class Beginning:
    """One answer.

    Parameters
    ----------
    title
        What somebody has, in their words.
    text
        What comes of it.
    needs
        Which file that takes.
    url, action
        Where it begins, and the verb on the button.
    sample_url, sample
        A file to try it with, and what is in it.
    """

    title: str
    text: str
    needs: str
    url: str
    action: str
    sample_url: str
    sample: str


@dataclass(frozen=True)
class _Answer:
    order: int
    provide: Callable[[Member], Beginning]
    has_begun: Callable[[Company], bool]


_answers: dict[str, _Answer] = {}


def add_beginning(
    name: str,
    *,
    order: int,
    provide: Callable[[Member], Beginning],
    has_begun: Callable[[Company], bool],
) -> None:
    """Offer a developer one more answer, the smallest `order` first.

    Parameters
    ----------
    name
        One answer each: registered again, it takes the place of the earlier one.
    has_begun
        Tells whether a company has already brought what this answer is about.
    """
    _answers[name] = _Answer(order, provide, has_begun)


def beginnings_for(member: Member) -> list[Beginning]:
    """Return what `member` may begin with."""
    return [answer.provide(member) for answer in sorted(_answers.values(), key=lambda each: each.order)]


def has_begun(company: Company) -> bool:
    """Tell whether `company` has brought anything yet."""
    return any(answer.has_begun(company) for answer in _answers.values())
