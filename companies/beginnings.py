"""What a company may begin with: the answers to the question "What do you have?".

An app calls `add_beginning` in its ``apps.py``. Nothing here knows what is begun.
"""

from collections.abc import Callable
from dataclasses import dataclass

from companies.identity import Member
from companies.models import Company
from core.memory import once_per_page
from core.sections import Sections


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


_beginnings = Sections()
_begun = Sections()


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
    _beginnings.add(name, provide, order=order)
    _begun.add(name, has_begun)


def beginnings_for(member: Member) -> list[Beginning]:
    """Return what `member` may begin with."""
    return _beginnings.contents(member)


@once_per_page
def has_begun(company: Company) -> bool:
    """Tell whether `company` has brought anything yet."""
    return any(begun for _, begun in _begun.of(company))
