"""Somebody decides whether a person who asked may come in."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from companies import mail, tokens
from companies.events import DEVELOPER_APPROVED
from companies.models import Account, Developer, User
from companies.selectors import approver_of, developer_of, done_by
from companies.services.audit import record_event
from core.errors import Conflict, Forbidden
from core.events import publish

ROWS = {"developer": Developer, "user": User}


class NotWaiting(Conflict):
    code = "not-waiting"


class MayNotDecide(Forbidden):
    code = "may-not-decide"


def role_of(row: Developer | User) -> str:
    return "developer" if isinstance(row, Developer) else "user"


def ask_for_approval(*, row: Developer | User, approver: Account | None, at: datetime) -> None:
    """Mail whoever decides about `row`: `approver`, or the company's address with a link that decides."""
    if approver:
        url = mail.absolute(reverse("companies:people"))
        mail.send_after_commit(
            "approve_user", approver.email, company=row.company, person=row.account, url=url
        )
        return
    subject = {"role": role_of(row), "row": row.pk, "account": row.account_id}
    key = tokens.make_key(purpose=tokens.DECIDE, subject=subject, at=at)
    mail.send_after_commit(
        "decide",
        row.company.email,
        company=row.company,
        person=row.account,
        role=role_of(row),
        url=mail.absolute(reverse("companies:decide", kwargs={"key": key})),
    )


def remind_approver(*, row: Developer | User, at: datetime) -> None:
    """Mail whoever decides about `row` again, because mails get lost and links get old.

    Raises
    ------
    NotWaiting
        It was decided meanwhile.
    """
    if row.approved_at is not None or not row.account.email_verified:
        raise NotWaiting(f"{row} does not wait for approval. Look under People for how it stands.")
    ask_for_approval(row=row, approver=approver_of(row), at=at)
    record_event(
        action="approval-reminded", company=row.company, actor=row.account, subject=row.account.email, at=at
    )


def person_of_link(*, key: str, at: datetime) -> Developer | User:
    """Return the waiting person that the link `key` is about.

    Raises
    ------
    tokens.LinkRefused, tokens.LinkExpired
        The link is not ours or too old.
    NotWaiting
        It was decided before.
    """
    subject = tokens.read_key(key, purpose=tokens.DECIDE, at=at)
    row = (
        ROWS[subject["role"]]
        .objects.select_related("company", "account")
        .filter(pk=subject["row"], account=subject["account"], approved_at=None, company__isnull=False)
        .first()
    )
    if row is None:
        raise NotWaiting(
            "This was decided already, and whoever it was about was told. Look under People for who is in."
        )
    return row


@transaction.atomic
def approve_person(*, row: Developer | User, by: Account | None, at: datetime) -> None:
    """Let a waiting person in, and mail them.

    Parameters
    ----------
    by
        The company's developer (for a user), an operator, or None for the link in the company's mailbox.

    Raises
    ------
    MayNotDecide
        `by` is somebody else.
    NotWaiting
        The person is in already, or never confirmed the address.
    """
    _require_decider(row, by)
    admit(row=row, at=at)
    record_event(
        action=f"{role_of(row)}-approved", company=row.company, actor=by, subject=row.account.email, at=at
    )
    url = mail.absolute(reverse("companies:login", kwargs={"portal": portal_of(row)}))
    mail.send_after_commit("approved", row.account.email, company=row.company, person=row.account, url=url)


def admit(*, row: Developer | User, at: datetime) -> None:
    """Set the approval, once.

    Raises
    ------
    NotWaiting
        The person is in already, or never confirmed the address.
    """
    changed = (
        type(row)
        .objects.filter(pk=row.pk, approved_at=None, account__email_verified=True)
        .update(approved_at=at)
    )
    if not changed:
        raise NotWaiting(f"{row} does not wait for approval. Look under People for how it stands.")
    row.approved_at = at
    if isinstance(row, Developer):
        tell_of_developer(row, at=at)


def tell_of_developer(developer: Developer, *, at: datetime) -> None:
    """Let the floors above set up what a developer finds, once the change is stored."""
    publish(DEVELOPER_APPROVED, about=developer.company_id, at=at, developer_id=developer.pk)


@transaction.atomic
def decline_person(*, row: Developer | User, by: Account | None, at: datetime) -> None:
    """Turn a waiting person away, and mail them. The account goes: address and place are free again.

    Raises
    ------
    MayNotDecide, NotWaiting
        As `approve_person`.
    """
    _require_decider(row, by)
    locked = type(row).objects.select_for_update().filter(pk=row.pk, approved_at=None).first()
    if locked is None:
        raise NotWaiting(f"{row} does not wait for approval. Look under People for how it stands.")
    account, company, role = row.account, row.company, role_of(row)
    record_event(
        action=f"{role}-declined", company=company, actor=by, subject=account.email, at=at, number=row.pk
    )
    mail.send_after_commit("declined", account.email, company=company, person=account)
    # Nothing hangs on an account that was never let in.
    account.delete()


def refuse_declined(number: int, *, by: Account) -> None:
    """Refuse a user whom `by` declined before: the row is gone, and its number is never given again.

    Raises
    ------
    NotWaiting
    """
    if done := done_by(by, "user-declined", number=number):
        raise NotWaiting(f"{done.subject} was declined and told so. Look at who else waits.")


def portal_of(row: Developer | User) -> str:
    return "dev" if isinstance(row, Developer) else "user"


def _require_decider(row, by):
    if by is None or by.is_staff:
        return
    developer = developer_of(row.company)
    if isinstance(row, Developer) or developer is None or developer.account_id != by.pk:
        raise MayNotDecide("Only the developer of the company decides who joins as a user. Ask them.")
