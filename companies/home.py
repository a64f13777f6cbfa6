"""What the floors above put on the home pages of the portals. Nothing here knows what a section shows."""

from collections.abc import Callable

from companies.identity import Member
from core.sections import Sections

# Each is asked with the member whose home it is.
home_sections = Sections()


def for_developers(provide: Callable[[Member], dict | None]) -> Callable[[Member], dict | None]:
    """Let a section stand on the home of developers alone."""
    return lambda member: provide(member) if member.is_developer else None
