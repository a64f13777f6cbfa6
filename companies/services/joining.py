"""A person comes in by company ID: asks, confirms the address, and waits until somebody approves."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from companies import mail
from companies.models import Account, Company, Developer, User, normalise_email
from companies.selectors import approver_of, member_row
from companies.services.approval import admit, ask_for_approval
from companies.services.audit import record_event
from core.errors import Conflict, Unprocessable

# How long the developer's place is kept for somebody who has not confirmed the address yet.
PLACE_HELD = timedelta(hours=1)
# After this, an account whose address was never confirmed gives way to a new attempt: its link is dead too.
ABANDONED = timedelta(days=settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS)


class UnknownCompany(Unprocessable):
    code = "unknown-company"


class DeveloperExists(Conflict):
    code = "developer-exists"


def tidy_company_id(text: str) -> str:
    """Return the company ID that was meant: people type small letters, spaces and dashes."""
    return "".join(text.split()).replace("-", "").upper()


@transaction.atomic
def join_company(
    *, role: str, company_id: str, name: str, email: str, password: str, at: datetime
) -> Account | None:
    """Make an account that waits for its address to be confirmed, and then for approval.

    Parameters
    ----------
    role
        ``"developer"`` or ``"user"``.

    Returns
    -------
    Account or None
        None where the address has an account: the caller answers as if it had none, and mails it a hint.

    Raises
    ------
    UnknownCompany
        No verified company has this ID.
    DeveloperExists
        The developer's place of this company is taken. Decided before the address is looked at, so the
        refusal tells nothing about it.
    """
    # The lock makes two developers who register in one moment come one after the other.
    company = (
        Company.objects.select_for_update()
        .filter(pk=tidy_company_id(company_id), email_verified=True)
        .first()
    )
    if company is None:
        raise UnknownCompany(
            "No company has this ID. Check the ten characters in the mail to your company.",
            field="company_id",
        )
    if role == "developer":
        _require_free_place(company, at=at)

    email = normalise_email(email)
    _drop_abandoned(Account.objects.filter(email=email), older_than=ABANDONED, at=at)
    # Hashing is the slow part, so it happens whether or not the account is made.
    hashed = make_password(password)
    account = _create_account(email=email, hashed=hashed, name=name, at=at)
    if account is None:
        if role == "developer":
            company.developer_held_until = at + PLACE_HELD
            company.save(update_fields=["developer_held_until"])
        return None

    if role == "developer":
        try:
            with transaction.atomic():
                Developer.objects.create(company=company, account=account, joined_at=at)
        except IntegrityError as error:
            # The one-to-one column has the last word; rolling back takes the account along.
            raise _place_taken(company) from error
    else:
        User.objects.create(company=company, account=account, joined_at=at)
    record_event(action=f"{role}-registered", company=company, actor=account, subject=email, at=at)
    return account


def _create_account(*, email, hashed, name, at):
    if Account.objects.filter(email=email).exists():
        return None
    try:
        with transaction.atomic():
            account = Account.objects.create(email=email, password=hashed, name=name, registration_date=at)
    except IntegrityError:
        return None
    EmailAddress.objects.create(user=account, email=email, primary=True, verified=False)
    return account


def _require_free_place(company, *, at):
    if company.developer_held_until and company.developer_held_until > at:
        raise _place_taken(company)
    _drop_abandoned(Account.objects.filter(developer__company=company), older_than=PLACE_HELD, at=at)
    if Developer.objects.filter(company=company).exists():
        raise _place_taken(company)


def _place_taken(company):
    return DeveloperExists(
        f"{company} has a developer already, and a company has one. Join as a user, or ask the developer to "
        "hand the role over."
    )


def _drop_abandoned(accounts, *, older_than, at):
    accounts.filter(
        email_verified=False, is_staff=False, last_login=None, registration_date__lt=at - older_than
    ).delete()


@transaction.atomic
def confirm_address(*, account: Account, at: datetime) -> None:
    """Note that the address of `account` is its own, and ask whoever decides to let the person in.

    In a company that is open to users, nobody is asked and the company is told.
    """
    # Counting the rows changed lets one of two clicks through, so whoever decides gets one mail.
    if not Account.objects.filter(pk=account.pk, email_verified=False).update(email_verified=True):
        return
    row = member_row(account)
    if row is None:
        return
    record_event(action="address-confirmed", company=row.company, actor=account, subject=account.email, at=at)
    if row.approved_at is not None:
        return
    if isinstance(row, User) and row.company.user_joining == Company.Joining.OPEN:
        admit(row=row, at=at)
        record_event(
            action="user-joined-open", company=row.company, actor=account, subject=account.email, at=at
        )
        mail.send_after_commit("joined_open", row.company.email, company=row.company, person=account)
        return
    ask_for_approval(row=row, approver=approver_of(row), at=at)
