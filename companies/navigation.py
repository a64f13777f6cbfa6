"""The pages that the navigation of the portals leads to. An app adds its own in its ``apps.py``."""

from dataclasses import dataclass

from companies.identity import Member
from companies.portals import DEVELOPERS, USERS
from core.sections import Sections

_pages = Sections()


@dataclass(frozen=True)
class Page:
    """One entry: its name, the name of its URL, and the heading that it stands under, if any."""

    label: str
    view: str
    group: str


def add_page(
    label: str, view: str, *, order: int, portals: tuple[str, ...] = (DEVELOPERS, USERS), group: str = ""
) -> None:
    """Let the navigation of `portals` lead to `view`, the smallest `order` first.

    Parameters
    ----------
    view
        Name of a URL that takes the portal as its argument.
    group
        Heading above all that name it; they stand beside each other in their order.
    """
    page = Page(label, view, group)
    _pages.add(view, lambda member: page if member.portal in portals else None, order=order)


def pages_for(member: Member) -> list[Page]:
    """Return what the navigation of `member` leads to."""
    return _pages.contents(member)
