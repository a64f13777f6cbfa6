"""What the floors above put on the page of a purchase log.

An app calls `add_section` in its ``apps.py``. Nothing here knows what the section shows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from companies.identity import Member
from transactions.models import AnalysisSession


@dataclass(frozen=True)
class Section:
    order: int
    template: str
    provide: Callable[[Member, AnalysisSession], dict | None]


_sections: dict[str, Section] = {}


def add_section(
    *, template: str, provide: Callable[[Member, AnalysisSession], dict | None], order: int = 50
) -> None:
    """Show `template` on the page of a log that was read, the smallest `order` first.

    Parameters
    ----------
    provide
        Called with the member and the log; returns what the template finds as ``section``, or None.
    """
    _sections[template] = Section(order, template, provide)


def sections_for(member: Member, analysis: AnalysisSession) -> list[dict]:
    """Return ``{"template", "content"}`` of every section that has something to say about `analysis`."""
    chosen = sorted(_sections.values(), key=lambda section: section.order)
    filled = [
        {"template": section.template, "content": section.provide(member, analysis)} for section in chosen
    ]
    return [section for section in filled if section["content"] is not None]
