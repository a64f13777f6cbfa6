"""Who may see what: the member behind a request, and the guards of every page and every API view.

A view that is guarded finds the member in ``request.member``. The word ``portal`` of the path is checked here
and not passed on: ``request.member.portal`` says the same.
"""

from collections.abc import Sequence
from functools import wraps
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import Http404
from django.urls import reverse
from rest_framework.permissions import SAFE_METHODS, BasePermission

from companies.identity import Caller, Credentials, Member, identify_person
from companies.models import Scope
from companies.portals import DEVELOPERS, USERS
from core.errors import Forbidden
from core.redirects import go


class WrongPortal(Forbidden):
    code = "wrong-portal"


class MissingScope(Forbidden):
    code = "missing-scope"


class NotForKeys(Forbidden):
    code = "not-for-keys"


def caller_of(request) -> Caller:
    """Return who calls: whom the API recognised by a key, or whose session it is."""
    # What REST framework wraps is what a page would have got, so both share the answer.
    inner = getattr(request, "_request", request)
    if not hasattr(inner, "caller"):
        inner.caller = identify_person(Credentials.of_request(inner))
    return inner.caller


def member_of(request) -> Member | None:
    """Return the approved member behind `request`, or None."""
    return caller_of(request).member


def developer_required(view):
    """Let in the approved developer of a company."""
    return _guarded(view, (DEVELOPERS,))


def member_required(view):
    """Let in approved developers and users, each under the portal of their own.

    Who reads with the address of the other portal is led to the same page in their own.
    """
    return _guarded(view, (DEVELOPERS, USERS))


def _guarded(view, portals):
    @wraps(view)
    def guarded(request, *args, portal=None, **kwargs):
        caller = caller_of(request)
        if caller.account is None:
            return _to_login(request, portal or (portals[0] if len(portals) == 1 else None))
        if caller.has_changed_role:
            logout(request)
            return _to_login(request, None)
        member = caller.standing
        if member is None:
            raise Http404
        if portal and portal != member.portal and member.portal in portals and request.method in SAFE_METHODS:
            return go(request, _same_page(request, member.portal))
        if member.portal not in portals or (portal and portal != member.portal):
            wanted = "developers" if (portal or portals[0]) == DEVELOPERS else "users"
            raise WrongPortal(
                f"This page is for {wanted}. You are logged in as a {member.role.value} of {member.company}. "
                "Go back to your own pages, or log in with the other account."
            )
        if not member.approved:
            return go(request, reverse("companies:waiting"))
        request.member = member
        return view(request, *args, **kwargs)

    return guarded


def _to_login(request, portal):
    path = reverse("companies:login", kwargs={"portal": portal}) if portal else reverse("account_login")
    # A form that was posted cannot be posted again from a link.
    query = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return go(request, path + query)


def _same_page(request, portal):
    """Return the address of the page that was asked for, in the other portal.

    Colleagues pass addresses on, and each has both roles' pages under a portal of their own. Whether there is
    something behind it is for that page to say: here all addresses of a page are answered alike.
    """
    found = request.resolver_match
    path = reverse(found.view_name, args=found.args, kwargs={**found.kwargs, "portal": portal})
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def require_scope(member: Member, scopes: Sequence[Scope]) -> None:
    """Refuse a key that has none of `scopes`; people pass.

    Raises
    ------
    MissingScope, NotForKeys
    """
    if member.may(*scopes):
        return
    if not scopes:
        raise NotForKeys("No API key may do this. Log in and do it there.")
    wanted = " or ".join(f"“{scope.value}”" for scope in scopes)
    raise MissingScope(
        f"This API key lacks the scope {wanted}. Ask the developer of {member.company} for one that has it.",
        extra={"scopes": [scope.value for scope in scopes]},
    )


class IsMember(BasePermission):
    """API: an approved member of a company, found in ``request.member``, in person or by an API key.

    A key reads with the scope ``read``. It changes something only where the view names a scope for that:
    ``permission_classes = [IsMember.with_scope(Scope.PREDICT)]``. A view that forgets to is closed to keys.
    """

    message = "Only an approved member of a company may do this. Log in as one, or send an API key."
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
        require_scope(member, self.read_scopes if request.method in SAFE_METHODS else self.write_scopes)
        return True


class IsDeveloper(IsMember):
    """API: the approved developer of a company, in person or by an API key."""

    message = "Only the developer of a company may do this. Ask them."

    def has_permission(self, request, view):
        return super().has_permission(request, view) and request.member.is_developer
