from django.http import Http404
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler as rest_handler

from core.errors import DomainError

# What raises Http404 names classes of ours, which tell a stranger nothing and a program too much.
NOTHING_THERE = (
    "Your company has nothing under this name or id. Check it, and the address; the lists under /api/v1/ "
    "show what there is."
)


class LimitedPagination(LimitOffsetPagination):
    """`limit` and `offset`, with an end to `limit`: nobody reads a whole table into the server at once.

    Databases also refuse a number beyond their own largest, with an error that is no refusal of ours.
    """

    max_limit = 1_000


def exception_handler(exception, context):
    """Answer every refusal of the API in one shape: ``{"code", "message", ...}``."""
    if isinstance(exception, DomainError):
        return Response(exception.as_dict(), status=exception.http_status)
    response = rest_handler(exception, context)
    if response is None:
        return None
    if isinstance(exception, ValidationError):
        response.data = {
            "code": "invalid",
            "message": _first_fault(response.data),
            "fields": response.data,
        }
    else:
        code = exception.default_code if isinstance(exception, APIException) else "not_found"
        response.data = {"code": code.replace("_", "-"), "message": _in_words(exception, response.data)}
    return response


def _in_words(exception, said):
    detail = said.get("detail") if isinstance(said, dict) else None
    return NOTHING_THERE if detail is None or isinstance(exception, Http404) else str(detail)


def _first_fault(fields) -> str:
    """Return the first mistake with its field, and how many other fields have one."""
    if not isinstance(fields, dict) or not fields:
        return "Some fields are missing or wrong."
    name, found = next(iter(fields.items()))
    while isinstance(found, (list, tuple, dict)) and found:
        found = next(iter(found.values())) if isinstance(found, dict) else found[0]
    first = str(found) if name == api_settings.NON_FIELD_ERRORS_KEY else f"{name}: {found}"
    others = len(fields) - 1
    more = f" {others} more {'field is' if others == 1 else 'fields are'} missing or wrong; see `fields`."
    return first + (more if others else "")
