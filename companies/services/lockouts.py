"""Failed logins that an operator lets go of before their time."""

from datetime import datetime

from axes.models import AccessAttempt
from django.db import transaction

from companies.identity import membership
from companies.models import Account
from companies.services.audit import record_event
from companies.services.conditions import refuse_all_but_operators


@transaction.atomic
def lift_lockout(*, attempt: AccessAttempt, by: Account, at: datetime) -> None:
    """Forget the failed logins of one address from one place: whoever they locked out may try again at once.

    Raises
    ------
    OperatorsOnly
    """
    refuse_all_but_operators(by, act="lets somebody try again")
    account = Account.objects.filter(email=attempt.username).first()
    member = membership(account) if account else None
    record_event(
        action="login-unlocked",
        company=member.company if member else None,
        actor=by,
        subject=attempt.username or "",
        at=at,
        failures=attempt.failures_since_start,
        ip_address=attempt.ip_address,
    )
    attempt.delete()
