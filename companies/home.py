"""What the floors above put on the home pages of the portals.

An app calls `add_section` in its ``apps.py``. Nothing here knows what the section shows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from companies.identity import Member
from companies.portals import DEVELOPERS, USERS


@dataclass(frozen=True)
class Section:
    order: int
    template: str
    provide: Callable[[Member], dict | None]
    portals: tuple[str, ...]


_sections: dict[str, Section] = {}


def add_section(
    *,
    template: str,
    provide: Callable[[Member], dict | None],
    order: int = 50,
    portals: tuple[str, ...] = (DEVELOPERS, USERS),
) -> None:
    """Show `template` on the homes of `portals`, the smallest `order` first.

    Parameters
    ----------
    provide
        Called with the member at each view; returns what the template finds as ``section``, or None to show
        nothing today.
    """
    _sections[template] = Section(order=order, template=template, provide=provide, portals=portals)


def sections_for(member: Member) -> list[dict]:
    """Return ``{"template", "content"}`` of every section that has something to say to `member`."""
    chosen = sorted((s for s in _sections.values() if member.portal in s.portals), key=lambda s: s.order)
    filled = [{"template": section.template, "content": section.provide(member)} for section in chosen]
    return [section for section in filled if section["content"] is not None]
