"""Leading a browser on to another page, whoever asked: a form, or htmx for a fragment."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect


def go(request, url: str) -> HttpResponse:
    """Lead on to `url`. htmx follows a plain redirect silently and puts a page where a fragment belongs."""
    # A request that a middleware refuses early has no `htmx` yet.
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)
