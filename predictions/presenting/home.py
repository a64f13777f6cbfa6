"""What the homes of the portals say of predictions."""

from companies.identity import Member
from predictions.presenting.summary import Findings
from predictions.selectors import earlier_run, predictions_for
from registry.selectors import has_several_bases


def home_section(member: Member, *, count: int = 5) -> dict | None:
    """Return what the home page shows: the latest predictions of the company, whoever made them.

    ``findings`` are those of the newest result, whom to call today; None before the first. A developer is
    shown nothing before that, nor is anybody whose company has customers of its own: the page says already
    what is to be done with them first.
    """
    found = predictions_for(member)
    if not found.exists() and (member.is_developer or has_several_bases(member.company)):
        return None
    newest = found.finished().first()
    return {
        "latest": list(found[:count]),
        "findings": Findings(newest, earlier_run(newest)) if newest else None,
    }
