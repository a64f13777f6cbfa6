from django.http import Http404
from rest_framework.exceptions import APIException, MethodNotAllowed, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_handler

from core.answers import answer_in_json
from core.errors import DomainError

NOTHING_HERE = (
    "There is nothing here: it was deleted, or it belongs to another company. Check the IDs that you sent."
)


class LimitedPagination(LimitOffsetPagination):
    """`limit` and `offset`, with an end to `limit`: nobody reads a whole table into the server at once.

    Databases also refuse a number beyond their own largest, with an error that is no refusal of ours.
    """

    max_limit = 1_000


def exception_handler(exception, context):
    """Answer every refusal of the API in one shape: ``{"code", "message", ...}``."""
    if request := context.get("request"):
        answer_in_json(request)
    if isinstance(exception, DomainError):
        return Response(exception.as_dict(), status=exception.http_status)
    response = rest_handler(exception, context)
    if response is None:
        return None
    if isinstance(exception, ValidationError):
        response.data = {
            "code": "invalid",
            "message": "Some fields are missing or wrong.",
            "fields": response.data,
        }
    else:
        response.data = {"code": _code_of(exception), "message": _sentence_of(exception, response, context)}
    return response


def _code_of(exception):
    if isinstance(exception, APIException):
        return exception.default_code.replace("_", "-")
    return "not-found" if isinstance(exception, Http404) else "forbidden"


def _sentence_of(exception, response, context):
    # Django's own sentence names the class of the row that it looked for.
    if isinstance(exception, Http404):
        return NOTHING_HERE
    if isinstance(exception, MethodNotAllowed) and "view" in context:
        methods = ", ".join(context["view"].allowed_methods)
        return f"{context['request'].method} does nothing at this address. It takes {methods}."
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    return str(detail or NOTHING_HERE)
