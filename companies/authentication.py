"""How a program says who it is: ``Authorization: Api-Key ...``; and how often it may say so."""

import structlog
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as RestSession
from rest_framework.exceptions import AuthenticationFailed

from companies.call_limits import count_call
from companies.identity import KEY_SCHEME, Credentials, KeyOpensNothing, identify
from companies.services.api_keys import record_use


class WrongApiKey(AuthenticationFailed):
    # The refusal of REST framework that names the scheme in its answer.
    default_code = "wrong_api_key"


class ApiKeyAuthentication(BaseAuthentication):
    """Make the request one of the developer who made the key, limited to the scopes of the key.

    No browser sends this header by itself, so nobody asks a key for a CSRF token.
    """

    def authenticate(self, request):
        credentials = Credentials.of_request(request._request)
        if credentials.api_key is None:
            return None
        at = timezone.now()
        try:
            caller = identify(credentials, at=at)
        except KeyOpensNothing as error:
            raise WrongApiKey(error.message) from error
        count_call(request, by=caller.key)
        record_use(key=caller.key, at=at)
        structlog.contextvars.bind_contextvars(api_key=caller.key.prefix)
        request._request.caller = caller
        return caller.account, caller.key

    def authenticate_header(self, request):
        return KEY_SCHEME


class SessionAuthentication(RestSession):
    """The person who is logged in in this browser."""

    def enforce_csrf(self, request):
        # The check looks for its token in the form, and so reads and stores the file that comes with it.
        count_call(request, by=request._request.user)
        super().enforce_csrf(request)
