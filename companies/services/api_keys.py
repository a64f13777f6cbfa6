"""Keys with which programs act for a company: made, used, revoked."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from companies.models import Account, ApiKey, Company, Scope
from companies.selectors import developer_of
from companies.services.audit import record_event
from companies.services.conditions import refuse_other_name
from companies.services.locking import lock_company
from core.errors import Conflict, Forbidden, Unprocessable

# A program may call many times a second; the page says on which day, not in which second, a key was used.
USE_IS_WRITTEN_EVERY = timedelta(minutes=5)


class MayNotManageKeys(Forbidden):
    code = "may-not-manage-keys"


class NoDeveloper(Conflict):
    code = "no-developer"


class KeyNameTaken(Conflict):
    code = "key-name-taken"


class WrongScopes(Unprocessable):
    code = "wrong-scopes"


class ExpiresInThePast(Unprocessable):
    code = "expires-in-the-past"


class AlreadyRevoked(Conflict):
    code = "already-revoked"


@transaction.atomic
def create_api_key(
    *,
    company: Company,
    name: str,
    scopes: list[str],
    expires_at: datetime | None = None,
    by: Account | None,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Make a key that acts as the developer of `company`; return its row and the key, which is not kept.

    Parameters
    ----------
    name
        What the key is for. Unique among the active keys of the company, so that a form that is sent twice
        makes one key.
    expires_at
        Instant from which the key opens nothing; None for never.
    by
        The developer of the company; None for a command on the machine itself.

    Raises
    ------
    MayNotManageKeys
        `by` is somebody else.
    NoDeveloper
        The company has no approved developer for whom the key could act.
    WrongScopes, ExpiresInThePast
        The key would open nothing, or what nobody knows.
    KeyNameTaken
        An active key of the company has this name.
    """
    # In step with a hand-over in the same moment, which revokes the keys of who steps down.
    company = lock_company(company.pk)
    developer = developer_of(company)
    if by is not None and (developer is None or developer.account_id != by.pk):
        raise MayNotManageKeys("Only the developer of the company makes API keys. Ask them for one.")
    if developer is None:
        raise NoDeveloper(
            f"{company} has no approved developer, and a key acts as the developer. Approve one first."
        )
    _require_scopes(scopes)
    if expires_at is not None and expires_at <= at:
        raise ExpiresInThePast("The key would have expired already. Choose a later time.", field="expires")
    if company.api_keys.active(at=at).filter(name=name).exists():
        raise KeyNameTaken(
            f"There is an active key “{name}” already. Revoke it first, or choose another name.", field="name"
        )

    key, secret = ApiKey.objects.create_key(
        company=company,
        created_by=developer.account,
        name=name,
        # In the order in which people read them, each once.
        scopes=[scope for scope in Scope.values if scope in scopes],
        created_at=at,
        expiry_date=expires_at,
    )
    record_event(
        action="api-key-created",
        company=company,
        actor=by,
        subject=_subject(key),
        at=at,
        scopes=key.scopes,
        expires_at=expires_at.isoformat() if expires_at else None,
    )
    return key, secret


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: Account, typed: str | None = None, at: datetime) -> None:
    """Make `key` open nothing from now on, for good.

    Parameters
    ----------
    typed
        The name of the key, typed to confirm; None where nobody is asked to type.

    Raises
    ------
    MayNotManageKeys
        `by` is neither the developer of the key's company nor an operator.
    NameDiffers
        `typed` is another name.
    AlreadyRevoked
        It was revoked before.
    """
    developer = developer_of(key.company)
    if not by.is_staff and (developer is None or developer.account_id != by.pk):
        raise MayNotManageKeys("Only the developer of the company revokes its API keys. Ask them.")
    if typed is not None:
        refuse_other_name(typed, key.name)
    if not _revoke(key, by=by, at=at):
        raise AlreadyRevoked(f"The key “{key.name}” was revoked before. Make a new key where one is needed.")


def revoke_keys_of(*, account: Account, company: Company, by: Account | None, at: datetime) -> None:
    """Revoke what `account` made for `company`: who is no longer its developer leaves no way in behind.

    Without this a key would come back to life if the person became the developer once more.
    """
    for key in company.api_keys.filter(created_by=account, revoked=False):
        _revoke(key, by=by, at=at)


def record_use(*, key: ApiKey, at: datetime) -> None:
    """Remember that `key` was used, in steps of minutes: reading must not become a write per request."""
    before = at - USE_IS_WRITTEN_EVERY
    if key.latest_use_at is None or key.latest_use_at <= before:
        ApiKey.objects.filter(Q(latest_use_at=None) | Q(latest_use_at__lte=before), pk=key.pk).update(
            latest_use_at=at
        )


def _require_scopes(scopes):
    unknown = [scope for scope in scopes if scope not in Scope.values]
    if unknown or not scopes:
        wrong = f"There is no scope “{unknown[0]}”." if unknown else "The key has no scope."
        raise WrongScopes(f"{wrong} Choose one or more of: {', '.join(Scope.values)}.", field="scopes")


def _revoke(key, *, by, at):
    if not ApiKey.objects.filter(pk=key.pk, revoked=False).update(revoked=True, revoked_at=at):
        return False
    key.refresh_from_db()
    record_event(action="api-key-revoked", company=key.company, actor=by, subject=_subject(key), at=at)
    return True


def _subject(key):
    return f"{key.name} ({key.prefix})"
