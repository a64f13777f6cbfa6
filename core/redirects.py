"""Leading a browser on to another page, whoever asked: a form, or htmx for a fragment."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect


def go(request, url: str) -> HttpResponse:
    """Lead on to `url`. htmx follows a plain redirect silently and puts a page where a fragment belongs."""
    # A request that a middleware refuses early has no `htmx` yet.
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)


def page_before(request) -> str | None:
    """Return the page of ours from which `request` was sent, if the browser says which."""
    page = request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if page and is_ours else None
