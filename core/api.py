from rest_framework.exceptions import APIException, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_handler

from core.errors import DomainError


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
            "message": "Some fields are missing or wrong.",
            "fields": response.data,
        }
    else:
        code = exception.default_code if isinstance(exception, APIException) else "not_found"
        detail = response.data.get("detail") if isinstance(response.data, dict) else None
        response.data = {"code": code.replace("_", "-"), "message": str(detail or "There is nothing here.")}
    return response
