from django.shortcuts import render

from core.errors import DomainError


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
