"""What the homes of the portals say of purchase logs."""

from companies.identity import Member
from transactions.selectors import analyses_for, has_logs


def home_section(member: Member, *, count: int = 3) -> dict | None:
    """Return the latest logs for the home pages; nothing where the company never sent one."""
    if not has_logs(member.company):
        return None
    return {"analyses": analyses_for(member).defer("profile", "preview", "parse_spec")[:count]}
