"""How a program says who it is: ``Authorization: Api-Key ...``."""

import structlog
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_api_key.permissions import KeyParser

from companies.access import member_of_key
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
        key = find_active_key(secret.strip(), at=at)
        member = member_of_key(key) if key else None
        if member is None:
            raise WrongApiKey()
        record_use(key=key, at=at)
        structlog.contextvars.bind_contextvars(api_key=key.prefix)
        # Whatever a session in the same request stands for, the key decides.
        request._request._standing = member
        return member.account, key

    def authenticate_header(self, request):
        return KeyParser.keyword
