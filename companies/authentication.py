"""How a program says who it is: ``Authorization: Api-Key ...``; and how often it may say so."""

import structlog
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as RestSession
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_api_key.permissions import KeyParser

from companies.access import member_of_key
from companies.call_limits import count_call, count_wrong_key, refuse_guessing
from companies.selectors import find_active_key
from companies.services.api_keys import record_use


class WrongApiKey(AuthenticationFailed):
    # One answer for unknown, revoked, expired and orphaned: a finder of old keys learns nothing from it.
    default_code = "wrong_api_key"
    default_detail = "This API key opens nothing: it is unknown, revoked or expired."


class ApiKeyAuthentication(BaseAuthentication):
    """Make the request one of the developer who made the key, limited to the scopes of the key.

    No browser sends this header by itself, so nobody asks a key for a CSRF token.
    """

    def authenticate(self, request):
        secret = KeyParser().get(request)
        if secret is None:
            return None
        at = timezone.now()
        key, member = self._look_up(request, secret.strip(), at=at)
        count_call(request, by=key)
        record_use(key=key, at=at)
        structlog.contextvars.bind_contextvars(api_key=key.prefix)
        # Whatever a session in the same request stands for, the key decides.
        request._request._standing = member
        return member.account, key

    def authenticate_header(self, request):
        return KeyParser.keyword

    @staticmethod
    def _look_up(request, secret, *, at):
        prefix = secret.partition(".")[0]
        refuse_guessing(request, prefix=prefix)
        key = find_active_key(secret, at=at)
        member = member_of_key(key) if key else None
        if member is None:
            count_wrong_key(request, prefix=prefix)
            raise WrongApiKey()
        return key, member


class SessionAuthentication(RestSession):
    """The person who is logged in in this browser."""

    def enforce_csrf(self, request):
        # The check looks for its token in the form, and so reads and stores the file that comes with it.
        count_call(request, by=request._request.user)
        super().enforce_csrf(request)
