"""What predictions add to pages of the floors below: to the homes of the portals, to the page of a log."""

from companies.identity import Member
from companies.selectors import developer_of
from predictions.presenting.summary import Findings
from predictions.selectors import (
    earlier_run,
    has_predicted,
    predictions_for,
    runs_of_log,
    that_looks_furthest,
    version_for_log,
)
from registry.selectors import has_several_bases
from transactions.models import AnalysisSession

MOST_SHOWN = 5


def outcomes_section(member: Member) -> dict | None:
    """Return how right the latest prediction was whose outcome the company knows; None before the first.

    It stands before what a model did elsewhere: these are the customers of the company itself.
    """
    if not has_predicted(member.company):
        return None
    # Where nobody has left yet, nothing is known yet.
    known = member.company.predictions.finished().filter(result__realised__everybody__left__gt=0)
    # Few files say who left: a narrow query finds out before the wide one.
    pk = known.values_list("pk", flat=True).first()
    newest = predictions_for(member).get(pk=pk) if pk else None
    graded = newest and Findings(newest).graded
    return {"prediction": newest, "graded": graded} if graded and graded.shown.tells else None


def home_section(member: Member, *, count: int = 5) -> dict | None:
    """Return what the home page shows: the latest predictions of the company, whoever made them.

    ``findings`` are those of the result that looks furthest, whom to call today; None before the first. A
    developer is shown nothing before that, nor is anybody whose company has customers of its own: the page
    says already what is to be done with them first.
    """
    found = predictions_for(member)
    if not has_predicted(member.company):
        return None if member.is_developer or has_several_bases(member.company) else {"latest": []}
    latest = list(found[:count])
    newest = next((each for each in latest if each.is_done), None) or found.finished().first()
    best = newest and that_looks_furthest(newest)
    return {"latest": latest, "findings": Findings(best, earlier_run(best)) if best else None}


def analysis_section(member: Member, analysis: AnalysisSession) -> dict | None:
    """Return what the page of a log says of its customers: what scores them, and what was scored; nothing
    where they were put away.
    """
    if analysis.population.is_archived:
        return None
    return {
        "analysis": analysis,
        "version": version_for_log(analysis),
        "developer": developer_of(member.company),
        "runs": list(runs_of_log(analysis)[:MOST_SHOWN]),
    }
