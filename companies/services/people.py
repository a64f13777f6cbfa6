"""What happens to people who are in: renamed, deactivated, let in again, made the developer."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from companies import mail
from companies.models import Account, Company, Developer, User, normalise_email
from companies.selectors import developer_of, member_row, possible_developers
from companies.services.api_keys import revoke_keys_of
from companies.services.approval import tell_of_developer
from companies.services.audit import record_event
from companies.services.conditions import refuse_other_name
from companies.services.locking import lock_company
from core.errors import Conflict, Forbidden


class MayNotManage(Forbidden):
    code = "may-not-manage"


class AlreadySo(Conflict):
    code = "already-so"


class NoSuchHeir(Conflict):
    code = "not-a-user"


def rename_account(*, account: Account, name: str, at: datetime) -> None:
    before, account.name = account.name, name
    account.save(update_fields=["name"])
    record_event(
        action="account-renamed",
        company=_company(account),
        actor=account,
        subject=account.email,
        at=at,
        before=before,
    )


@transaction.atomic
def deactivate_account(*, account: Account, by: Account, typed: str | None = None, at: datetime) -> None:
    """Close `account`: no login, and every open session ends. What it did stays.

    A developer who leaves frees the place, so that the company can have another one.

    Parameters
    ----------
    typed
        The e-mail address of the account, typed to confirm; None where nobody is asked to type.

    Raises
    ------
    MayNotManage
        `by` is neither the person, nor the developer of the person's company, nor an operator.
    NameDiffers
        `typed` is another address.
    AlreadySo
        The account is closed.
    """
    _require_manager(account, by)
    if typed is not None:
        refuse_other_name(normalise_email(typed), account.email)
    company = _company(account)
    if company:
        # In step with a hand-over in the same moment, which must not choose somebody who is leaving.
        lock_company(company.pk)
    if not Account.objects.filter(pk=account.pk, is_active=True).update(is_active=False):
        raise AlreadySo(f"{account} is deactivated already. Reload the page to see how it stands.")
    account.refresh_from_db()
    end_sessions(account)
    developer = Developer.objects.filter(account=account, company__isnull=False).first()
    if developer:
        _step_down(developer, by=by, at=at)
        mail.send_after_commit("developer_left", company.email, company=company, person=account)
    record_event(action="account-deactivated", company=company, actor=by, subject=account.email, at=at)
    if by != account:
        mail.send_after_commit("deactivated", account.email, company=company, person=account)


@transaction.atomic
def reactivate_account(*, account: Account, by: Account, at: datetime) -> None:
    """Open a deactivated account again, in the role it left; a former developer comes back as a user.

    Raises
    ------
    MayNotManage
        `by` is neither the developer of the person's company nor an operator.
    AlreadySo
        The account is open.
    """
    _require_manager(account, by)
    if not Account.objects.filter(pk=account.pk, is_active=False).update(is_active=True):
        raise AlreadySo(f"{account} is active already. Reload the page to see how it stands.")
    account.is_active = True
    record_event(
        action="account-reactivated", company=_company(account), actor=by, subject=account.email, at=at
    )


@transaction.atomic
def hand_over_developer(*, company: Company, to: Account, by: Account, typed: str, at: datetime) -> None:
    """Make `to`, a user of the company, its developer, and the former developer a user. Both log in anew.

    Parameters
    ----------
    by
        The developer of the company, or an operator.
    typed
        The e-mail address of `to`, typed to confirm.

    Raises
    ------
    MayNotManage
        `by` is somebody else.
    NoSuchHeir
        `to` is not an approved, active user of the company.
    NameDiffers
        `typed` is another address.
    """
    # Two hand-overs in one moment: the second sees that the role is no longer its own.
    company = lock_company(company.pk)
    current = developer_of(company)
    if not by.is_staff and (current is None or current.account_id != by.pk):
        raise MayNotManage(
            "Only the developer can hand the role over. Ask them, or the operator of this installation."
        )
    if not possible_developers(company).filter(account=to).exists():
        raise NoSuchHeir(
            f"{to} is not an approved, active user of {company}. "
            "Choose somebody who is, or approve them first."
        )
    refuse_other_name(normalise_email(typed), to.email, field="typed")

    former = Developer.objects.filter(company=company).first()
    if former:
        _step_down(former, by=by, at=at)
        end_sessions(former.account)
    # The row as a user stays beside the new one: predictions made as a user still say so.
    developer, _ = Developer.objects.update_or_create(
        account=to, defaults={"company": company, "joined_at": at, "approved_at": at}
    )
    tell_of_developer(developer, at=at)
    end_sessions(to)
    record_event(
        action="developer-handed-over",
        company=company,
        actor=by,
        subject=to.email,
        at=at,
        former=former.account.email if former else None,
    )
    told = {"company": company, "heir": to, "former": former.account if former else None}
    mail.send_after_commit("became_developer", to.email, **told)
    if former:
        mail.send_after_commit("handed_over", former.account.email, **told)


def choose_joining(*, company: Company, joining: str, by: Account, at: datetime) -> None:
    """Let users join freely (OPEN) or after approval (APPROVAL).

    Raises
    ------
    MayNotManage
        `by` is neither the developer of the company nor an operator.
    """
    developer = developer_of(company)
    if not by.is_staff and (developer is None or developer.account_id != by.pk):
        raise MayNotManage("Only the developer changes the settings of the company. Ask them.")
    before, company.user_joining = company.user_joining, joining
    company.save(update_fields=["user_joining"])
    record_event(action="joining-chosen", company=company, actor=by, subject=joining, at=at, before=before)


def end_sessions(account: Account) -> None:
    """End every session of `account`, wherever it was opened."""
    Account.objects.filter(pk=account.pk).update(session_round=F("session_round") + 1)
    account.refresh_from_db(fields=["session_round"])


def _step_down(developer, *, by, at):
    """Take the company off the developer's row and make the person a user; the row stays for what it made."""
    revoke_keys_of(account=developer.account, company=developer.company, by=by, at=at)
    User.objects.get_or_create(
        account=developer.account,
        defaults={
            "company": developer.company,
            "joined_at": developer.joined_at,
            "approved_at": developer.approved_at and at,
        },
    )
    developer.company = None
    developer.save(update_fields=["company"])


def _require_manager(account, by):
    if by.is_staff or (by == account and account.is_active):
        return
    row = member_row(account)
    developer = developer_of(row.company) if row else None
    if developer is None or developer.account_id != by.pk:
        raise MayNotManage("Only the developer of the company manages its people. Ask them.")


def _company(account):
    row = member_row(account)
    return row.company if row else None
