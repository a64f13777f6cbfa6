"""A company to try everything with."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from companies.models import Account, Company, Developer, User
from companies.services.audit import record_event
from companies.services.people import end_sessions

COMPANY = ("Demo Telecom", "office@demo.example.com")
DEVELOPER = ("Dora Demo", "developer@demo.example.com")
USERS = (("Ugo Demo", "user@demo.example.com"), ("Una Demo", "user2@demo.example.com"))
OPERATOR = ("Otto Demo", "operator@demo.example.com")


@dataclass(frozen=True)
class Login:
    """How to log in as one person; `password` is None where it was set before and is not known any more."""

    role: str
    email: str
    password: str | None
    path: str


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

    def login(role, person, path, **fields):
        account, password = _account(*person, at=at, reset_password=reset_passwords, **fields)
        return account, Login(role=role, email=account.email, password=password, path=path)

    joined = {"company": company, "joined_at": at, "approved_at": at}
    developer, developer_login = login("Developer", DEVELOPER, "/dev/login/")
    users = [login("User", person, "/user/login/") for person in USERS]
    _, operator_login = login("Operator", OPERATOR, "/admin/", is_staff=True, is_superuser=True)
    # Somebody may have handed the role over while trying that out; the second call leaves it so.
    if not Developer.objects.filter(company=company).exists():
        Developer.objects.update_or_create(account=developer, defaults=joined)
    for account, _ in users:
        User.objects.get_or_create(account=account, defaults=joined)
    return company, [developer_login, *(user_login for _, user_login in users), operator_login]


def _account(name, email, *, at, reset_password, **fields):
    account = Account.objects.filter(email=email).first()
    if account and not reset_password:
        return account, None
    # 15 signs of 64 are 90 bits, and still short enough to type.
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
