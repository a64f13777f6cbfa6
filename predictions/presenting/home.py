"""What the homes of the portals say of predictions."""

from companies.identity import Member
from predictions.presenting.summary import Findings
from predictions.selectors import earlier_run, predictions_for


def home_section(member: Member, *, count: int = 5) -> dict | None:
    """Return what the home page shows: for a developer the company's predictions, for a user the own ones.

    ``findings`` are those of the newest result, whom to call today; None before the first. A developer is
    shown nothing before that: the page begins with what else is to be done first.
    """
    found = predictions_for(member)
    if not member.is_developer:
        found = found.made_by(member)
    if member.is_developer and not found.exists():
        return None
    newest = found.finished().first()
    return {
        "latest": list(found[:count]),
        "findings": Findings(newest, earlier_run(newest)) if newest else None,
    }
