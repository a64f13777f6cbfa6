"""A company to try everything with."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from allauth.account.models import EmailAddress
from django.db import transaction

from companies.models import Account, Company, Developer, User
from companies.selectors import member_row
from companies.services.approval import portal_of, role_of, tell_of_developer
from companies.services.audit import record_event
from companies.services.people import end_sessions

COMPANY = ("Demo Telecom", "office@demo.example.com")
DEVELOPER = ("Dora Demo", "developer@demo.example.com")
USERS = (("Ugo Demo", "user@demo.example.com"), ("Una Demo", "user2@demo.example.com"))
OPERATOR = ("Otto Demo", "operator@demo.example.com")


@dataclass(frozen=True)
class Login:
    """How to log in as one person; `password` is None where it was set before and is not known any more."""

    account: Account
    role: str
    portal: str | None
    password: str | None


@transaction.atomic
def create_demo(*, at: datetime, reset_passwords: bool = False) -> tuple[Company, list[Login]]:
    """Make the demo company with a developer, two users and an operator, as far as they are not there yet.

    Passwords are random and stored only as hashes, so they are told once: when an account is made, or when
    `reset_passwords` gives it a new one.
    """
    name, email = COMPANY
    company, made = Company.objects.get_or_create(
        email=email, defaults={"name": name, "email_verified": True, "registration_date": at}
    )
    if made:
        record_event(action="demo-created", company=company, subject=email, at=at)

    make = partial(_account, at=at, reset_password=reset_passwords)
    developer, *users = people = [make(*person) for person in (DEVELOPER, *USERS)]
    operator, operator_password = make(*OPERATOR, is_staff=True, is_superuser=True)
    joined = {"company": company, "joined_at": at, "approved_at": at}
    # Somebody may have handed the role over to try that out; a later call leaves it so.
    if not Developer.objects.filter(company=company).exists():
        row, _ = Developer.objects.update_or_create(account=developer[0], defaults=joined)
        tell_of_developer(row, at=at)
    for account, _ in users:
        User.objects.get_or_create(account=account, defaults=joined)

    logins = [_login(account, password) for account, password in people]
    logins.append(Login(account=operator, role="operator", portal=None, password=operator_password))
    return company, logins


def _login(account, password):
    row = member_row(account)
    return Login(account=account, role=role_of(row), portal=portal_of(row), password=password)


def _account(name, email, *, at, reset_password, **fields):
    account = Account.objects.filter(email=email).first()
    if account and not reset_password:
        return account, None
    # 15 characters of 64 are 90 bits, and still short enough to type.
    password = secrets.token_urlsafe(11)
    if account is None:
        account = Account(email=email, name=name, email_verified=True, registration_date=at, **fields)
    account.set_password(password)
    account.save()
    end_sessions(account)
    EmailAddress.objects.update_or_create(
        user=account, email=email, defaults={"primary": True, "verified": True}
    )
    return account, password
