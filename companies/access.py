"""Who may see what: the member behind a request, and the guards of every page and every API view.

A view that is guarded finds the member in ``request.member``. The word ``portal`` of the path is checked here
and not passed on: ``request.member.portal`` says the same.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.db import models
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from rest_framework.permissions import SAFE_METHODS, BasePermission

from companies.models import Account, ApiKey, Company, Developer, Scope, User
from companies.portals import DEVELOPERS, USERS
from companies.selectors import member_row
from core.errors import Forbidden, NotFound

_UNKNOWN = object()


class Role(models.TextChoices):
    """What a member is in its company: equal to the plain words "developer" and "user"."""

    DEVELOPER = "developer", "Developer"
    USER = "user", "User"


class WrongPortal(Forbidden):
    code = "wrong-portal"


class MissingScope(Forbidden):
    code = "missing-scope"


class NotForKeys(Forbidden):
    code = "not-for-keys"


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


def membership(account) -> Member | None:
    """Return what `account` is in its company, also while it waits; None where it is nobody's member."""
    if not account.is_authenticated or not account.is_active:
        return None
    row = member_row(account)
    return Member(account=account, company=row.company, row=row) if row else None


def member_of_key(key: ApiKey) -> Member | None:
    """Return the developer who made `key`, limited to its scopes; None if the role is somebody else's now."""
    member = membership(key.created_by)
    if member is None or not member.approved or not member.is_developer or member.company != key.company:
        return None
    return replace(member, scopes=frozenset(key.scopes))


def standing(request) -> Member | None:
    """Return the member behind `request`, approved or not, if the session was opened for that role."""
    cached = getattr(request, "_standing", _UNKNOWN)
    if cached is not _UNKNOWN:
        return cached
    member = membership(request.user)
    if member and request.session.get("portal") != member.portal:
        member = None
    # A DRF request passes unknown names on to Django's own, so both share the answer.
    getattr(request, "_request", request)._standing = member
    return member


def member_of(request) -> Member | None:
    """Return the approved member behind `request`, or None."""
    member = standing(request)
    return member if member and member.approved else None


def company_of(request) -> Company:
    """Return the company of the approved member behind `request`; for anybody else there is nothing here."""
    member = member_of(request)
    if member is None:
        raise NotFound("There is nothing here.")
    return member.company


def developer_required(view):
    """Let in the approved developer of a company."""
    return _guarded(view, (DEVELOPERS,))


def user_required(view):
    """Let in the approved users of a company."""
    return _guarded(view, (USERS,))


def member_required(view):
    """Let in approved developers and users, each under the portal of their own."""
    return _guarded(view, (DEVELOPERS, USERS))


def _guarded(view, portals):
    @wraps(view)
    def guarded(request, *args, portal=None, **kwargs):
        if not request.user.is_authenticated:
            return _to_login(request, portal or (portals[0] if len(portals) == 1 else None))
        member = standing(request)
        if member is None:
            if membership(request.user):
                # The session was opened for a role that this person no longer has.
                logout(request)
                return _to_login(request, None)
            raise Http404
        if member.portal not in portals or (portal and portal != member.portal):
            wanted = "developers" if (portal or portals[0]) == DEVELOPERS else "users"
            raise WrongPortal(
                f"This page is for {wanted}. You are logged in as a {member.role.value} of {member.company}."
            )
        if not member.approved:
            return _go(request, reverse("companies:waiting"))
        request.member = member
        return view(request, *args, **kwargs)

    return guarded


def _to_login(request, portal):
    path = reverse("companies:login", kwargs={"portal": portal}) if portal else reverse("account_login")
    # A form that was posted cannot be posted again from a link.
    query = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return _go(request, path + query)


def _go(request, url):
    # htmx follows a redirect silently and would put a whole page where a fragment belongs.
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)


class IsMember(BasePermission):
    """API: an approved member of a company, found in ``request.member``, in person or by an API key.

    A key reads with the scope ``read``. It changes something only where the view names a scope for that:
    ``permission_classes = [IsMember.with_scope(Scope.PREDICT)]``. A view that forgets to is closed to keys.
    """

    message = "Only an approved member of a company may do this."
    read_scopes = (Scope.READ,)
    write_scopes = ()

    @classmethod
    def with_scope(cls, *scopes: str) -> type["IsMember"]:
        """Return this permission for a view where a key needs one of `scopes` to change something."""
        return type(cls.__name__, (cls,), {"write_scopes": tuple(Scope(scope) for scope in scopes)})

    def has_permission(self, request, view):
        member = member_of(request)
        getattr(request, "_request", request).member = member
        if member is None:
            return False
        self._require_scope(member, self.read_scopes if request.method in SAFE_METHODS else self.write_scopes)
        return True

    @staticmethod
    def _require_scope(member, scopes):
        if member.may(*scopes):
            return
        if not scopes:
            raise NotForKeys("No API key may do this. Log in and do it there.")
        wanted = " or ".join(f"“{scope.value}”" for scope in scopes)
        raise MissingScope(
            f"This API key lacks the scope {wanted}. The developer of {member.company} can make one with it.",
            extra={"scopes": [scope.value for scope in scopes]},
        )


class IsDeveloper(IsMember):
    """API: the approved developer of a company, in person or by an API key."""

    message = "Only the developer of a company may do this."

    def has_permission(self, request, view):
        return super().has_permission(request, view) and request.member.is_developer
