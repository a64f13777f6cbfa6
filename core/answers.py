"""How a refusal is answered outside the views of the API: JSON for programs, pages for people."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from core.errors import DomainError
from core.redirects import page_before

API = "/api/"


def is_of_api(request) -> bool:
    """Tell whether a program asks: below this address nothing is answered that it cannot read."""
    return request.path.startswith(API)


def answer_refusal(request, error: DomainError) -> HttpResponse:
    """Answer `error` under its own status, in the way in which `request` asked."""
    if is_of_api(request):
        return JsonResponse(error.as_dict(), status=error.http_status)
    if request.headers.get("HX-Request"):
        return render(request, "components/_refusal.html", {"error": error}, status=error.http_status)
    context = {"error": error, "back": page_before(request)}
    return render(request, "refusal.html", context, status=error.http_status)


def answer_fault(request, error: DomainError) -> HttpResponse:
    """Do as `answer_refusal` without asking the database, which may be what failed."""
    if is_of_api(request):
        return answer_refusal(request, error)
    template = "components/_refusal.html" if request.headers.get("HX-Request") else "unavailable.html"
    return render(None, template, {"error": error}, status=error.http_status)


def answer_in_json(request: Request) -> None:
    """Have `request` answered in JSON, also by a view of the API whose usual answer is a page or a file."""
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
