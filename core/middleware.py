import codecs
import re

import structlog
from django.http import HttpResponseNotAllowed
from django_structlog.middlewares import RequestMiddleware

from core.answers import answer_refusal, is_of_api
from core.errors import DomainError

# Links in mails carry their secret in the path, and a log is read by more people than a mail. Ids of rows are
# shorter, or UUIDs, which are no secrets.
_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_SECRET = re.compile(rf"(?<=/)(?!{_UUID}(?:/|$))[^/.]{{20,}}(?=/|$)", re.IGNORECASE)


# What no page of ours needs, and no script that got into one shall have either.
_NEEDS_NOTHING = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
        "microphone", "midi", "payment", "serial", "usb",
    )
)  # fmt: skip


class NotInUtf8(DomainError):
    code = "not-in-utf-8"


class PermissionsMiddleware:
    """Say with every answer that the page uses no camera, no place, nothing of the kind."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", _NEEDS_NOTHING)
        return response


class MethodsMiddleware:
    """Refuse on pages what no browser sends: some views would answer PUT and DELETE as if they were GET."""

    known = ("GET", "HEAD", "POST", "OPTIONS")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in self.known or is_of_api(request):
            return self.get_response(request)
        return HttpResponseNotAllowed(self.known)


class CharsetMiddleware:
    """Refuse a request that says it is written in anything but UTF-8, before somebody decodes it.

    Django hands the name to Python, which knows codecs that are no alphabets (base64, rot13) or that raise
    where a replacement is asked for (idna). Forms and programs of today write UTF-8.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        charset = request.content_params.get("charset", "")
        if not charset or _is_utf8(charset):
            return self.get_response(request)
        # The refusal itself reads the request.
        request.encoding = "utf-8"
        error = NotInUtf8("Only what is written in UTF-8 is read here. Send it with charset=utf-8.")
        return answer_refusal(request, error)


class DomainErrorMiddleware:
    """Answer a refusal that no view put on a form field or told a program."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, DomainError):
            return None
        return answer_refusal(request, exception)


class RequestLogMiddleware(RequestMiddleware):
    """Log each request under an id that the answer carries too, without what must not stand in a log."""

    def handle_response(self, request, response):
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            response["X-Request-ID"] = request_id
        super().handle_response(request, response)

    def process_view(self, request, *view):
        # Known only now; of a page that was kept, the one who kept it says whose it is.
        self.bind_user_id(request)

    @classmethod
    def bind_ip(cls, request):
        # The library would ask the headers, in which anybody may write anything.
        structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR") or None)

    @staticmethod
    def format_request(request):
        path = _SECRET.sub("***", request.path)
        names = ",".join(sorted(request.GET))
        return f"{request.method} {path}" + (f" ({names})" if names else "")


def _is_utf8(charset):
    try:
        return codecs.lookup(charset).name in ("utf-8", "ascii")
    except (LookupError, ValueError):
        return False
