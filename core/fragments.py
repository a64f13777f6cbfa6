"""What htmx is sent where a browser would be sent a page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def render_form(request: HttpRequest, template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Render a page with a form; to htmx that sent it, only its part ``refusal``: why it was not taken."""
    part = "#refusal" if request.htmx and request.method == "POST" else ""
    return render(request, template + part, context, status=status)
