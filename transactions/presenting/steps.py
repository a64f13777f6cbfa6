"""The way of a log from its columns to a model: what is done, and what comes next."""

from dataclasses import dataclass

from django.urls import reverse

from companies.identity import Member
from core.memory import once_per_page
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.presenting import sections


@dataclass(frozen=True)
class ShownStep:
    """One tab of a log: `name` is what its page calls itself; one step at most `is_next`."""

    name: str
    label: str
    url: str
    is_done: bool
    is_next: bool


@once_per_page
def steps_of(member: Member, analysis: AnalysisSession) -> list[ShownStep]:
    """Return the tabs of a log in the order in which they are gone through."""
    steps = {"columns": _step(member, analysis, "columns", "Columns", False)}
    if analysis.is_ready:
        steps = _own_steps(member, analysis) | dict(sections.log_tabs.of(member, analysis))
    following = next((name for name, step in steps.items() if not step.is_done and step.is_needed), None)
    return [
        ShownStep(name, step.label, step.url, step.is_done, name == following) for name, step in steps.items()
    ]


def _own_steps(member, analysis):
    has_features = analysis.matrices.filter(state=FeatureMatrix.State.READY).exists()
    is_defined = analysis.configured_at is not None
    return {
        "read": _step(member, analysis, "analysis", "What was read", True),
        "profile": _step(
            member, analysis, "profile", "Profile", analysis.profile is not None, is_needed=False
        ),
        "churn": _step(member, analysis, "churn", "When is a customer lost?", is_defined),
        # A training computes its own: whoever opens this wants the table for themselves.
        "features": _step(member, analysis, "features", "Features", has_features, is_needed=False),
    }


def _step(member, analysis, page, label, is_done, *, is_needed=True):
    url = reverse(f"transactions:{page}", args=(member.portal, analysis.pk))
    return sections.LogTab(label, url, is_done=is_done, is_needed=is_needed)
