import re

import structlog
from django.shortcuts import render
from django_structlog.middlewares import RequestMiddleware

from core.errors import DomainError

# Links in mails carry their secret in the path, and a log is read by more people than a mail. Ids of rows are
# shorter, or UUIDs, which are no secrets.
_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_SECRET = re.compile(rf"(?<=/)(?!{_UUID}(?:/|$))[^/.]{{20,}}(?=/|$)", re.IGNORECASE)


class DomainErrorMiddleware:
    """Answer a refusal that no view put on a form field: a page, or a fragment where htmx asked."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, DomainError):
            return None
        template = "components/_refusal.html" if request.headers.get("HX-Request") else "refusal.html"
        return render(request, template, {"error": exception}, status=exception.http_status)


class RequestLogMiddleware(RequestMiddleware):
    """Log each request under an id that the answer carries too, without what must not stand in a log."""

    def handle_response(self, request, response):
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            response["X-Request-ID"] = request_id
        super().handle_response(request, response)

    @staticmethod
    def format_request(request):
        path = _SECRET.sub("***", request.path)
        names = ",".join(sorted(request.GET))
        return f"{request.method} {path}" + (f" ({names})" if names else "")
