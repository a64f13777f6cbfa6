"""Who is calling: answered in one place, whatever carried the call.

A request of a page, a call of the API and the scope of a WebSocket become `Credentials` first, and `identify`
makes a `Caller` of them. One more way of proving who one is would be one more field there and one more branch
here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import SimpleNamespace

from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import models
from django.http import HttpRequest

from companies.call_limits import count_wrong_key, refuse_guessing
from companies.models import Account, ApiKey, Company, Developer, User
from companies.portals import DEVELOPERS, USERS
from companies.selectors import find_active_key, member_row
from core.errors import DomainError

KEY_SCHEME = "Api-Key"


class Role(models.TextChoices):
    """What a member is in its company: equal to the plain words "developer" and "user"."""

    DEVELOPER = "developer", "Developer"
    USER = "user", "User"


class KeyOpensNothing(DomainError):
    # One answer for unknown, revoked, expired and orphaned: a finder of old keys learns nothing from it.
    code = "wrong-api-key"
    http_status = 401


@dataclass(frozen=True)
class Member:
    """An account and what it may do in its company: `row` is its Developer or User."""

    account: Account
    company: Company
    row: Developer | User
    # What an API key may do at most. None: the person in a browser, whom the role alone limits.
    scopes: frozenset[str] | None = None

    @property
    def portal(self) -> str:
        return DEVELOPERS if self.is_developer else USERS

    @property
    def role(self) -> Role:
        return Role.DEVELOPER if self.is_developer else Role.USER

    @property
    def is_developer(self) -> bool:
        return isinstance(self.row, Developer)

    @property
    def approved_at(self) -> datetime | None:
        return self.row.approved_at

    @property
    def approved(self) -> bool:
        return self.row.approved_at is not None

    def may(self, *scopes: str) -> bool:
        """Tell whether one of `scopes` is open to it."""
        return self.scopes is None or not self.scopes.isdisjoint(scopes)


@dataclass(frozen=True)
class Credentials:
    """What a call brings to be recognised by.

    Parameters
    ----------
    find_account
        Returns who is logged in in this session; asked only where no key decides.
    session
        What the server keeps for this browser; None where there is nothing such.
    authorization
        The header of that name, or "".
    address
        From where it comes, for who guesses at keys.
    """

    find_account: Callable[[], Account | AnonymousUser]
    session: SessionBase | None
    authorization: str
    address: str

    @classmethod
    def of_request(cls, request: HttpRequest) -> "Credentials":
        """Read a request of Django's own, the one inside where REST framework wraps it."""
        return cls(
            find_account=lambda: getattr(request, "user", AnonymousUser()),
            session=getattr(request, "session", None),
            authorization=request.META.get("HTTP_AUTHORIZATION", ""),
            address=request.META.get("REMOTE_ADDR", ""),
        )

    @classmethod
    def of_scope(cls, scope: dict) -> "Credentials":
        """Read the scope of an ASGI connection, in which a middleware put the session."""
        session = scope.get("session")
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        return cls(
            find_account=partial(_account_of, session),
            session=session,
            authorization=",".join(sent),
            address=(scope.get("client") or ("",))[0],
        )

    @property
    def api_key(self) -> str | None:
        """The secret that was sent; None where the header is missing or says something else."""
        scheme, is_separated, secret = self.authorization.partition(" ")
        return secret.strip() if is_separated and scheme.lower() == KEY_SCHEME.lower() else None


@dataclass(frozen=True)
class Caller:
    """Who is calling.

    Parameters
    ----------
    account
        Who is logged in, or who made the key; None for nobody.
    standing
        What the account is in its company, also while it waits for approval; None where it is no member, or
        the session was opened for another role.
    key
        The API key that was sent, which limits the member to its scopes.
    has_changed_role
        Whether the session was opened for a role that this person no longer has.
    """

    account: Account | None
    standing: Member | None
    key: ApiKey | None = None
    has_changed_role: bool = False

    @property
    def member(self) -> Member | None:
        """The member, once it is approved: nobody else may do anything."""
        return self.standing if self.standing and self.standing.approved else None


NOBODY = Caller(account=None, standing=None)


def identify(credentials: Credentials, *, at: datetime) -> Caller:
    """Return who calls. A key decides alone, whatever a session beside it stands for.

    Raises
    ------
    KeyOpensNothing
        A key was sent that is unknown, revoked, expired, or of somebody who is no longer the developer.
    companies.call_limits.TooManyWrongKeys
        Too many such keys came from this address.
    """
    if credentials.api_key is None:
        return identify_person(credentials)
    return _identify_program(credentials.api_key, address=credentials.address, at=at)


def identify_person(credentials: Credentials) -> Caller:
    """Return whose session it is, for pages: a key opens none."""
    account = credentials.find_account()
    if not account.is_authenticated:
        return NOBODY
    member = membership(account)
    if member and (credentials.session or {}).get("portal") != member.portal:
        return Caller(account=account, standing=None, has_changed_role=True)
    return Caller(account=account, standing=member)


def membership(account: Account | AnonymousUser) -> Member | None:
    """Return what `account` is in its company, also while it waits; None where it is nobody's member."""
    if not account.is_authenticated or not account.is_active:
        return None
    row = member_row(account)
    return Member(account=account, company=row.company, row=row) if row else None


def _account_of(session):
    # Django asks for a request and reads nothing of it but the session.
    return AnonymousUser() if session is None else get_user(SimpleNamespace(session=session))


def _identify_program(secret, *, address, at):
    prefix = secret.partition(".")[0]
    refuse_guessing(address=address, prefix=prefix)
    key = find_active_key(secret, at=at)
    member = _member_of_key(key) if key else None
    if member is None:
        count_wrong_key(address=address, prefix=prefix)
        raise KeyOpensNothing(
            "This API key opens nothing: it is unknown, revoked or expired. "
            "Check that all of it was copied, or ask the developer of your company for a new one."
        )
    return Caller(account=member.account, standing=member, key=key)


def _member_of_key(key):
    """Return the developer who made `key`, limited to its scopes; None if the role is somebody else's now."""
    member = membership(key.created_by)
    if member is None or not member.approved or not member.is_developer or member.company != key.company:
        return None
    return replace(member, scopes=frozenset(key.scopes))
