"""Every URL is declared in `routes.py`, and answers each kind of person as it says there.

For whoever may not see an object, its address answers exactly as the address of one that does not exist.
"""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from companies.tests.factories import UserFactory
from jobs.tests.factories import JobFactory
from tests.routes import ADMIN, ANONYMOUS, OPERATOR, ROLES, ROUTES

pytestmark = pytest.mark.django_db

ABSENT = {"person": 987654321, "waiting": 987654321, "job": uuid.UUID(int=1)}
CHANGES_BY_ITSELF = re.compile(
    r"""csrf\w*["']?(?:\s*value=|:\s*|\s*content=)["']\w+|nonce=["'][\w+/=-]+|"X-CSRFToken":\s*"\w+\"""",
    re.IGNORECASE,
)


def patterns(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        whole = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, whole)
        else:
            yield whole


@pytest.fixture
def objects(company, user):
    """Return one object of `company` for every name that stands in a path."""
    return {
        "person": UserFactory(company=company, pk=700_000_001).pk,
        "waiting": UserFactory(company=company, pk=700_000_002, waiting=True).pk,
        "job": JobFactory(company=company, account=user).pk,
    }


@pytest.fixture
def client_of(request, log_in):
    return lambda role: Client() if role == ANONYMOUS else log_in(request.getfixturevalue(role))


def ask(client, route, objects):
    return getattr(client, route.method)("/" + route.path.format(**objects))


def test_every_url_is_declared():
    undeclared = [url for url in patterns() if url not in ROUTES and not url.startswith(ADMIN)]

    assert undeclared == []


def test_every_declared_url_exists():
    assert sorted(set(ROUTES) - set(patterns())) == []


ALL = [route for routes in ROUTES.values() for route in routes]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", ALL, ids=str)
def test_answers_each_person_as_declared(route, role, objects, client_of):
    answer = ask(client_of(role), route, objects)

    assert answer.status_code == route.answers[role]


REFUSALS = [
    (route, role) for route in ALL if "{" in route.path for role in ROLES if route.answers[role] in (403, 404)
]


@pytest.mark.parametrize(("route", "role"), REFUSALS, ids=[f"{route}-{role}" for route, role in REFUSALS])
def test_an_object_of_others_answers_like_one_that_is_not_there(route, role, objects, client_of):
    client = client_of(role)

    foreign, absent = ask(client, route, objects), ask(client, route, ABSENT)

    assert foreign.status_code == absent.status_code
    assert comparable(foreign, objects) == comparable(absent, ABSENT)


def comparable(answer, objects):
    """Return the body without what differs between two answers to the same question, and without the ids."""
    text = CHANGES_BY_ITSELF.sub("", answer.content.decode())
    for value in objects.values():
        text = text.replace(str(value), "")
    return text


ADMIN_PAGES = sorted(
    "/" + re.sub(r"<[^>]+>", "1", url)
    for url in patterns()
    if url.startswith(ADMIN) and "(" not in url and url not in {"admin/login/", "admin/logout/"}
)


@pytest.mark.parametrize("role", [role for role in ROLES if role != OPERATOR])
def test_the_admin_lets_nobody_in_but_operators(role, client_of):
    client = client_of(role)

    for path in ADMIN_PAGES:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.url.startswith("/admin/login/"), path


def test_the_admin_lists_everything_to_an_operator(client_of):
    client = client_of(OPERATOR)
    lists = [path for path in ADMIN_PAGES if re.fullmatch(r"/admin/\w+/\w+/", path)]

    assert len(lists) > 5
    for path in lists:
        assert client.get(path).status_code == 200, path
