from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from companies.models import Account, AuditErasure, AuditEvent, Company


def record_event(
    *,
    action: str,
    at: datetime,
    company: Company | None = None,
    actor: Account | None = None,
    subject: str = "",
    **details,
) -> AuditEvent:
    """Write down that `action` was done.

    Parameters
    ----------
    action
        A stable word, noun first: ``"account-deactivated"``.
    actor
        Who did it; None where a link that was mailed to the company did.
    subject
        What it was done to, in words that stay true when the row is gone.
    details
        Anything JSON-able that a later reader needs.
    """
    return AuditEvent.objects.create(
        company=company, actor=actor, action=action, subject=subject[:255], details=details, at=at
    )


@contextmanager
def let_audit_rows_go(company_id: str) -> Iterator[None]:
    """Let the audit rows of a company go within, in one transaction: the triggers look here first."""
    AuditErasure.objects.get_or_create(pk=company_id)
    yield
    # Without `finally`: whatever goes wrong within rolls back the row as well.
    AuditErasure.objects.filter(pk=company_id).delete()
