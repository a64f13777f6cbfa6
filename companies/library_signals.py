"""What the libraries tell us: somebody logged in, confirmed an address, changed a password, was locked out.

Signals are their way of saying so, whichever door it was. Between our own apps there are none: see
`core.events`.
"""

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, password_changed, password_reset
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.utils import timezone

from companies.identity import membership
from companies.models import Account, AuditEvent
from companies.services.audit import record_event
from companies.services.joining import confirm_address

LOCKED = "login-locked"


def bind_session_to_portal(sender, request, user, **kwargs):
    """Open the session for one role: a session that was opened for another one is none."""
    if not user.email_verified and EmailAddress.objects.filter(user=user, verified=True).exists():
        # The address was confirmed and something broke before anybody was asked; nobody would ever be.
        confirm_address(account=user, at=timezone.now())
    member = membership(user)
    if member:
        request.session["portal"] = member.portal


def take_confirmed_address(sender, request, email_address, **kwargs):
    confirm_address(account=email_address.user, at=timezone.now())


def record_password(action):
    def record(sender, request, user, **kwargs):
        member = membership(user)
        company = member.company if member else None
        record_event(action=action, company=company, actor=user, subject=user.email, at=timezone.now())

    return record


record_password_changed = record_password("password-changed")
record_password_reset = record_password("password-reset")


@transaction.atomic
def record_lockout(sender, request, username, ip_address, **kwargs):
    """Write down that an account is locked from now on; tries at one that is locked already leave no row."""
    # Set by the failure that locks, and by no try afterwards.
    if request.axes_failures_since_start is None:
        return
    # Of two failures at the same moment each locks it: the second one waits, and finds the row of the first.
    list(AccessAttempt.objects.select_for_update().filter(username=username).order_by("pk"))
    if AuditEvent.objects.filter(
        action=LOCKED, subject=(username or "")[:255], at__gte=request.axes_attempt_time
    ).exists():
        return
    account = Account.objects.filter(email=username).first()
    member = membership(account) if account else None
    record_event(
        action=LOCKED,
        company=member.company if member else None,
        subject=username or "",
        at=timezone.now(),
        ip_address=ip_address,
    )


def connect():
    user_logged_in.connect(bind_session_to_portal, dispatch_uid="companies.bind_session_to_portal")
    email_confirmed.connect(take_confirmed_address, dispatch_uid="companies.take_confirmed_address")
    password_changed.connect(record_password_changed, dispatch_uid="companies.record_password_changed")
    password_reset.connect(record_password_reset, dispatch_uid="companies.record_password_reset")
    user_locked_out.connect(record_lockout, dispatch_uid="companies.record_lockout")
