"""What answers where no view does: no such address, what nobody can read, an error that nobody caught."""

import sys

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import defaults

from core.answers import answer_fault, answer_refusal, is_of_api
from core.errors import DomainError, Forbidden, NotFound
from core.faults import fault_of
from core.models import HealthMark


class NotUnderstood(DomainError):
    code = "not-understood"


class Broken(DomainError):
    code = "internal"
    http_status = 500


def bad_request(request, exception: Exception) -> HttpResponse:
    # A session that could not be saved comes here too: Django takes it for one that was ended meanwhile.
    if fault := fault_of(exception):
        return answer_fault(request, fault)
    if is_of_api(request):
        return answer_refusal(
            request,
            NotUnderstood(
                "The request could not be understood, and nothing was changed. Check it against /api/docs/."
            ),
        )
    return defaults.bad_request(request, exception)


def forbidden(request, exception: Exception) -> HttpResponse:
    if is_of_api(request):
        return answer_refusal(request, Forbidden("You may not do this. Ask the developer of your company."))
    return defaults.permission_denied(request, exception)


def not_found(request, exception: Exception) -> HttpResponse:
    if is_of_api(request):
        return answer_refusal(
            request,
            NotFound("There is nothing at this address. Look for the right one at /api/docs/."),
        )
    return defaults.page_not_found(request, exception)


def too_many(request) -> HttpResponse:
    """Answer who reached a limit of django-allauth, which finds this by its name in `churnbuster.urls`."""
    # Its counters stand in the database unless there is a Redis. Where that cannot be written, everything
    # would be too often: this fails then too, and says why.
    HealthMark.write(at=timezone.now())
    return render(request, "429.html", status=429)


def server_error(request) -> HttpResponse:
    if fault := fault_of(sys.exception()):
        return answer_fault(request, fault)
    if is_of_api(request):
        return answer_refusal(
            request,
            Broken(
                "Something broke on our side, and it has been logged. What you sent may not have been saved. "
                "Look before you send it again."
            ),
        )
    return defaults.server_error(request)
