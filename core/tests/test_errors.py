"""A refusal is shown by each door in its own way, from one place."""

import pytest
from django.http import Http404
from django.test import RequestFactory
from rest_framework.exceptions import NotAuthenticated, ValidationError

from core.api import exception_handler
from core.errors import Conflict, DomainError, Forbidden, NotFound, TooLarge, Unprocessable
from core.middleware import DomainErrorMiddleware


class RowIsMissing(Unprocessable):
    code = "row-is-missing"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (DomainError, 400),
        (Forbidden, 403),
        (NotFound, 404),
        (Conflict, 409),
        (TooLarge, 413),
        (Unprocessable, 422),
    ],
)
def test_each_kind_has_its_status(kind, status):
    assert kind("No.").http_status == status


def test_a_refusal_may_narrow_what_its_class_says():
    error = Conflict("No.", code="too-late", http_status=410, field="name", extra={"line": 3})

    assert (error.code, error.http_status, error.field) == ("too-late", 410, "name")
    assert error.as_dict() == {"code": "too-late", "message": "No.", "line": 3}
    assert str(error) == "No."


def test_the_api_answers_code_and_message():
    response = exception_handler(RowIsMissing("Row 7 is missing.", extra={"line": 7}), {})

    assert response.status_code == 422
    assert response.data == {"code": "row-is-missing", "message": "Row 7 is missing.", "line": 7}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Http404(), 404, "not-found"), (NotAuthenticated(), 401, "not-authenticated")],
)
def test_the_api_gives_the_frameworks_refusals_the_same_shape(error, status, code):
    response = exception_handler(error, {})

    assert (response.status_code, response.data["code"]) == (status, code)
    assert set(response.data) == {"code", "message"}


def test_the_api_says_in_words_that_nothing_is_there_and_names_no_class():
    response = exception_handler(Http404("No DeploymentEvent matches the given query."), {})

    assert response.data["code"] == "not-found"
    assert "DeploymentEvent" not in response.data["message"]
    assert response.data["message"].startswith("Your company has nothing under this name or id. Check it")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ["This field is required."]}, "name: This field is required."),
        (
            {"name": ["Too long."], "model": ["Which?"], "file": ["None."]},
            "name: Too long. 2 more fields are missing or wrong; see `fields`.",
        ),
        ({"said": {"kinds": ["Not a word."]}}, "said: Not a word."),
        ({"non_field_errors": ["Send one or the other."]}, "Send one or the other."),
        (["Expected a list."], "Some fields are missing or wrong."),
    ],
)
def test_the_api_says_the_first_mistake_first(fields, message):
    assert exception_handler(ValidationError(fields), {}).data["message"] == message


def test_the_api_names_the_fields_that_are_wrong():
    response = exception_handler(ValidationError({"name": ["This field is required."]}), {})

    assert response.data["code"] == "invalid"
    assert response.data["fields"] == {"name": ["This field is required."]}


def test_the_api_lets_bugs_rise():
    assert exception_handler(KeyError("x"), {}) is None


def answer(error, **headers):
    middleware = DomainErrorMiddleware(get_response=None)
    return middleware.process_exception(RequestFactory().get("/", headers=headers), error)


def test_a_page_shows_the_refusal_under_its_own_status():
    response = answer(RowIsMissing("Row <7> is missing."))

    assert response.status_code == 422
    assert "<h1>" in response.content.decode()
    assert "Row &lt;7&gt; is missing." in response.content.decode()


def test_htmx_gets_a_fragment_for_the_messages():
    response = answer(RowIsMissing("Row 7 is missing."), hx_request="true")

    assert response.status_code == 422
    assert "<html" not in response.content.decode()
    assert "Row 7 is missing." in response.content.decode()


def test_a_page_lets_bugs_rise():
    assert answer(KeyError("x")) is None
