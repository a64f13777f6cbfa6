from collections.abc import Mapping

from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import APIException, MethodNotAllowed, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler as rest_handler

from core.answers import answer_in_json
from core.errors import DomainError

# Comes with each form that a browser sends.
CSRF_FIELD = "csrfmiddlewaretoken"
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


class KnownFields(serializers.Serializer):
    """What a program sends. A field that is not listed is refused, lest its sender think that it was read."""

    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields and name != CSRF_FIELD]
            if unknown:
                told = f"There is no such field here. Known are {', '.join(self.fields)}."
                raise ValidationError({name: [told] for name in unknown})
        return super().to_internal_value(data)


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
            "message": _first_fault(response.data),
            "fields": response.data,
        }
    else:
        response.data = {"code": _code_of(exception), "message": _in_words(exception, response, context)}
    return response


def _code_of(exception):
    if isinstance(exception, APIException):
        return exception.default_code.replace("_", "-")
    return "not-found" if isinstance(exception, Http404) else "forbidden"


def _in_words(exception, response, context):
    if isinstance(exception, Http404):
        return NOTHING_THERE
    if isinstance(exception, MethodNotAllowed) and "view" in context:
        methods = ", ".join(context["view"].allowed_methods)
        return f"{context['request'].method} does nothing at this address. It takes {methods}."
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    return str(detail or NOTHING_THERE)


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
