"""Whoever calls is recognised alike on a page, through the API and on an open connection."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.views import APIView

from companies.access import caller_of
from companies.call_limits import TooManyWrongKeys
from companies.identity import Caller, Credentials, KeyOpensNothing, identify, identify_person
from companies.models import Account
from companies.services.api_keys import create_api_key, revoke_api_key
from companies.services.people import deactivate_account, hand_over_developer
from companies.tests.factories import AccountFactory, DeveloperFactory, UserFactory

pytestmark = pytest.mark.django_db

REFUSED = "refused"


@dataclass
class Call:
    """A call as it is sent: the cookie of a browser, the header of a program."""

    session_key: str | None = None
    authorization: str | None = None

    def as_page(self):
        headers = {} if self.authorization is None else {"Authorization": self.authorization}
        request = RequestFactory().get("/", headers=headers)
        if self.session_key:
            request.COOKIES["sessionid"] = self.session_key
        for middleware in (SessionMiddleware, AuthenticationMiddleware):
            middleware(lambda request: None).process_request(request)
        return request

    def as_scope(self):
        sent = [] if self.authorization is None else [(b"authorization", self.authorization.encode())]
        return {
            "type": "websocket",
            "headers": [(b"host", b"localhost"), *sent],
            "client": ("127.0.0.1", 50000),
            "session": SessionStore(self.session_key),
        }


def by_page(call):
    return identify(Credentials.of_request(call.as_page()), at=timezone.now())


def by_api(call):
    request = APIView().initialize_request(call.as_page())
    assert request.user is not None  # asking for it is what authenticates
    return caller_of(request)


def by_scope(call):
    return identify(Credentials.of_scope(call.as_scope()), at=timezone.now())


def told(recognise, call):
    try:
        caller = recognise(call)
    except (KeyOpensNothing, AuthenticationFailed):
        return REFUSED
    return describe(caller)


def describe(caller: Caller):
    standing = caller.standing
    return {
        "account": caller.account and caller.account.email,
        "company": standing and standing.company.name,
        "role": standing and standing.role.value,
        "may do something": caller.member is not None,
        "scopes": standing and standing.scopes and sorted(standing.scopes),
        "has changed role": caller.has_changed_role,
    }


def person(account, company="Harbour Telecom", role="user", **more):
    expected = {
        "account": account and account.email, "company": company, "role": role, "may do something": True,
        "scopes": None, "has changed role": False,
    }  # fmt: skip
    return expected | {name.replace("_", " "): value for name, value in more.items()}


@pytest.fixture
def session_of(log_in):
    return lambda account: log_in(account).session.session_key


@pytest.fixture
def secret_of(company, developer):
    """Return a function that gives a new key of the developer, and its secret behind the word for it."""

    def make(*scopes, by=developer, of=company):
        key, secret = create_api_key(
            company=of, name="Nightly", scopes=list(scopes), by=by, at=timezone.now()
        )
        return key, f"Api-Key {secret}"

    return make


# --- Everybody who may call: what is sent, and who that is -----------------------------------------------


def nobody(made):
    return Call(), person(None, None, None, may_do_something=False)


def a_session_that_ended(made):
    return Call(session_key="a" * 32), person(None, None, None, may_do_something=False)


def the_developer(made):
    return Call(made.session_of(made.developer)), person(made.developer, role="developer")


def a_user(made):
    return Call(made.session_of(made.user)), person(made.user)


def who_waits(made):
    waiting = UserFactory(company=made.company, waiting=True).account
    return Call(made.session_of(waiting)), person(waiting, may_do_something=False)


def a_developer_who_waits(made):
    waiting = DeveloperFactory(waiting=True)
    expected = person(waiting.account, waiting.company.name, "developer", may_do_something=False)
    return Call(made.session_of(waiting.account)), expected


def who_was_deactivated(made):
    session = made.session_of(made.user)
    deactivate_account(account=made.user, by=made.user, at=timezone.now())
    return Call(session), person(None, None, None, may_do_something=False)


def who_was_closed_in_the_database(made):
    session = made.session_of(made.user)
    Account.objects.filter(pk=made.user.pk).update(is_active=False)
    return Call(session), person(None, None, None, may_do_something=False)


def an_operator(made):
    operator = AccountFactory(is_staff=True)
    return Call(made.session_of(operator)), person(operator, None, None, may_do_something=False)


def whose_session_is_of_the_other_portal(made):
    session = made.session_of(made.user)
    DeveloperFactory(account=made.user)
    return Call(session), person(made.user, None, None, may_do_something=False, has_changed_role=True)


def a_key(made):
    _, secret = made.secret_of("read", "predict")
    expected = person(made.developer, role="developer", scopes=["predict", "read"])
    return Call(authorization=secret), expected


def a_key_written_otherwise(made):
    _, secret = made.secret_of("read")
    expected = person(made.developer, role="developer", scopes=["read"])
    return Call(authorization=secret.replace("Api-Key ", "api-key  ")), expected


def a_key_beside_the_session_of_a_stranger(made):
    _, secret = made.secret_of("read")
    call = Call(made.session_of(DeveloperFactory().account), secret)
    return call, person(made.developer, role="developer", scopes=["read"])


def a_key_that_nobody_made(made):
    return Call(made.session_of(made.developer), "Api-Key abcdefgh.nothing"), REFUSED


def a_key_that_was_revoked(made):
    key, secret = made.secret_of("read")
    revoke_api_key(key=key, by=made.developer, at=timezone.now())
    return Call(authorization=secret), REFUSED


def a_key_of_who_was_the_developer(made):
    _, secret = made.secret_of("read")
    hand_over_developer(
        company=made.company, to=made.user, by=made.developer, typed=made.user.email, at=timezone.now()
    )
    return Call(authorization=secret), REFUSED


def a_header_that_is_no_key(made):
    return Call(made.session_of(made.user), "Basic dTpw"), person(made.user)


@pytest.fixture
def made(company, developer, user, session_of, secret_of):
    """Return who and what the calls are made of."""
    return SimpleNamespace(
        company=company, developer=developer, user=user, session_of=session_of, secret_of=secret_of
    )


@pytest.mark.parametrize(
    "sent",
    [
        nobody, a_session_that_ended, the_developer, a_user, who_waits, a_developer_who_waits,
        who_was_deactivated, who_was_closed_in_the_database, an_operator,
        whose_session_is_of_the_other_portal, a_key, a_key_written_otherwise,
        a_key_beside_the_session_of_a_stranger, a_key_that_nobody_made, a_key_that_was_revoked,
        a_key_of_who_was_the_developer, a_header_that_is_no_key,
    ],
)  # fmt: skip
def test_every_way_in_gives_the_same_answer(made, sent):
    call, expected = sent(made)

    for recognise in (by_page, by_api, by_scope):
        assert told(recognise, call) == expected


def test_a_page_asks_for_the_person_and_no_key_opens_it(made):
    call, _ = a_key_beside_the_session_of_a_stranger(made)
    request = call.as_page()

    caller = caller_of(request)

    assert caller == identify_person(Credentials.of_request(request))
    assert (caller.key, caller.account == made.developer) == (None, False)


def test_a_connection_without_a_session_is_nobodys(db):
    scope = {"type": "websocket", "headers": []}

    assert identify(Credentials.of_scope(scope), at=timezone.now()).account is None


def test_guessing_at_keys_is_counted_whichever_way_they_come(settings):
    settings.API_CALLS_PER_MINUTE = settings.API_CALLS_PER_MINUTE | {"wrong-keys": 2}
    call = Call(authorization="Api-Key abcdefgh.nothing")
    assert [told(recognise, call) for recognise in (by_scope, by_page)] == [REFUSED, REFUSED]

    with pytest.raises(TooManyWrongKeys):
        by_scope(call)
    with pytest.raises(Throttled):
        by_api(call)
