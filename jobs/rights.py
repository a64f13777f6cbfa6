"""Who may start which work, and therefore see it and cancel it. Each app says it of its own in `apps.py`."""

from collections.abc import Iterable
from dataclasses import dataclass

from companies.identity import Member, Role
from companies.models import Scope
from jobs.models import Job


@dataclass(frozen=True)
class Starters:
    """Who starts a kind of work: people of these roles, and programs whose key has one of these scopes."""

    roles: frozenset[Role]
    scopes: frozenset[Scope]


# Work that nobody is named for is the operator's.
_NOBODY = Starters(frozenset(), frozenset())
_starters: dict[str, Starters] = {}


def let_start(task: str, *, roles: Iterable[Role], scopes: Iterable[Scope]) -> None:
    """Say who may start `task`; the doors that start it ask for the same."""
    _starters[task] = Starters(frozenset(roles), frozenset(scopes))


def tasks_of(member: Member) -> list[str]:
    """Return the work that people of this role start."""
    return sorted(task for task, starters in _starters.items() if member.role in starters.roles)


def scopes_of(task: str) -> list[Scope]:
    """Return the scopes of which a key needs one to start `task`."""
    found = _starters.get(task, _NOBODY).scopes
    return [scope for scope in Scope if scope in found]


def may_cancel(job: Job, member: Member | None) -> bool:
    """Tell whether `member` started `job`, or leads the company, and may start such work today."""
    if member is None or not member.approved or job.company_id not in (None, member.company.pk):
        return False
    is_own = job.account_id == member.account.pk
    leads = member.is_developer and job.company_id is not None
    starters = _starters.get(job.task, _NOBODY)
    return (is_own or leads) and member.role in starters.roles and member.may(*starters.scopes)
