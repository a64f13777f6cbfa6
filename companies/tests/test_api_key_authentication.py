"""What a program gets that sends a key."""

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsDeveloper, IsMember
from companies.models import Account, ApiKey, Developer, Scope
from companies.services.api_keys import create_api_key, revoke_api_key
from companies.tests.factories import DeveloperFactory

pytestmark = pytest.mark.django_db

ME = "/api/v1/me"


@pytest.fixture
def make_key(company, developer):
    def make(*scopes, **options):
        return create_api_key(
            company=company,
            name=options.pop("name", "Nightly"),
            scopes=list(scopes) or ["read"],
            by=developer,
            **{"at": timezone.now()} | options,
        )

    return make


@pytest.fixture
def program():
    """Return a function that gives a client which sends a key, and no CSRF token."""
    return lambda secret: Client(enforce_csrf_checks=True, headers={"Authorization": f"Api-Key {secret}"})


def test_a_key_is_the_developer_who_made_it_limited_to_its_scopes(make_key, program, company, developer):
    _, secret = make_key("read", "predict")

    assert program(secret).get(ME).json() == {
        "company": {"id": company.pk, "name": "Harbour Telecom"},
        "account": developer.email,
        "role": "developer",
        "scopes": ["read", "predict"],
    }


def test_a_person_in_a_browser_has_no_scopes(as_user):
    assert as_user.get(ME).json()["scopes"] is None


def test_every_key_may_ask_what_it_is(make_key, program):
    _, secret = make_key("deploy")

    assert program(secret).get(ME).json()["scopes"] == ["deploy"]


def test_the_word_before_the_key_may_be_written_in_any_case(make_key):
    _, secret = make_key()

    assert Client().get(ME, headers={"Authorization": f"api-key  {secret} "}).status_code == 200


def unknown(key, secret):
    return "abcdefgh." + "x" * 32


def empty(key, secret):
    return ""


def garbage(key, secret):
    return "é\x7f. ." * 200


def cut(key, secret):
    return secret[:-1]


def revoked(key, secret):
    revoke_api_key(key=key, by=key.created_by, at=timezone.now())
    return secret


def expired(key, secret):
    ApiKey.objects.update(expiry_date=timezone.now() - timedelta(seconds=1))
    return secret


def of_a_deactivated_developer(key, secret):
    Account.objects.filter(pk=key.created_by_id).update(is_active=False)
    return secret


def of_a_former_developer(key, secret):
    Developer.objects.update(company=None)
    return secret


def of_who_went_to_another_company(key, secret):
    Developer.objects.filter(account=key.created_by).delete()
    DeveloperFactory(account=key.created_by)
    return secret


def of_who_waits_again(key, secret):
    Developer.objects.update(approved_at=None)
    return secret


@pytest.mark.parametrize(
    "wrong",
    [
        unknown, empty, garbage, cut, revoked, expired, of_a_deactivated_developer, of_a_former_developer,
        of_who_went_to_another_company, of_who_waits_again,
    ],
)  # fmt: skip
def test_every_key_that_opens_nothing_gets_the_same_answer(make_key, program, wrong):
    secret = wrong(*make_key())

    for path in (ME, "/api/v1/models", "/api/v1/prediction-runs"):
        answer = program(secret).get(path)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Api-Key"
        assert answer.json() == {
            "code": "wrong-api-key",
            "message": "This API key opens nothing: it is unknown, revoked or expired. "
            "Check that all of it was copied, or ask the developer of your company for a new one.",
        }


def test_a_wrong_key_is_not_saved_by_a_session(as_developer):
    assert as_developer.get(ME, headers={"Authorization": "Api-Key wrong"}).status_code == 401


def test_a_key_counts_more_than_the_session_beside_it(make_key, as_stranger, company):
    _, secret = make_key()

    answer = as_stranger.get(ME, headers={"Authorization": f"Api-Key {secret}"}).json()

    assert (answer["company"]["id"], answer["scopes"]) == (company.pk, ["read"])


def test_who_sends_nothing_is_told_what_to_send(client):
    answer = client.get(ME)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Api-Key")
    assert answer.json()["code"] == "not-authenticated"


def test_a_session_still_needs_its_csrf_token(developer):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(developer, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert "CSRF" in browser.post("/api/v1/prediction-runs").json()["message"]


def test_using_a_key_leaves_a_trace(make_key, program):
    key, secret = make_key()

    program(secret).get(ME)

    key.refresh_from_db()
    assert abs(timezone.now() - key.latest_use_at) < timedelta(minutes=1)


def test_a_key_opens_no_page(make_key, program):
    _, secret = make_key(*Scope.values)

    assert program(secret).get("/dev/").status_code == 302
    assert program(secret).get("/dev/api-keys/").status_code == 302


# --- Scopes ----------------------------------------------------------------------------------------------


class _View(APIView):
    def get(self, request):
        return Response({"company": request.member.company.name})

    def post(self, request):
        return Response({"company": request.member.company.name})


class ForMembers(_View):
    permission_classes = [IsMember]


class ToTrain(_View):
    permission_classes = [IsDeveloper.with_scope(Scope.TRAIN)]


class ToPredictOrTrain(_View):
    permission_classes = [IsMember.with_scope("predict", "train")]


class WithoutAWord(_View):
    pass


@pytest.fixture
def call(make_key):
    """Return a function that sends a request with a key of these scopes to a view."""

    def call(view, method, *scopes):
        _, secret = make_key(*scopes)
        request = getattr(RequestFactory(), method)("/api/", headers={"Authorization": f"Api-Key {secret}"})
        return view.as_view()(request)

    return call


def test_reading_needs_read(call):
    refused = call(ForMembers, "get", "predict", "train", "deploy")

    assert refused.status_code == 403
    assert refused.data == {
        "code": "missing-scope",
        "message": "This API key lacks the scope “read”. Ask the developer of Harbour Telecom for one "
        "that has it.",
        "scopes": ["read"],
    }


def test_changing_needs_the_scope_that_the_view_names(call):
    refused = call(ToTrain, "post", "read", "predict", "deploy")

    assert refused.status_code == 403
    assert "lacks the scope “train”" in refused.data["message"]


@pytest.mark.parametrize(
    ("view", "method", "scope"),
    [
        (ForMembers, "get", "read"),
        (ToTrain, "get", "read"),
        (ToTrain, "post", "train"),
        (ToPredictOrTrain, "post", "predict"),
        (ToPredictOrTrain, "post", "train"),
        (WithoutAWord, "get", "read"),
    ],
)
def test_the_scope_that_is_asked_for_is_enough(call, view, method, scope):
    assert call(view, method, scope).data == {"company": "Harbour Telecom"}


@pytest.mark.parametrize("view", [ForMembers, WithoutAWord])
def test_a_view_that_names_no_scope_cannot_be_changed_by_a_key(call, view):
    refused = call(view, "post", *Scope.values)

    assert (refused.status_code, refused.data["code"]) == (403, "not-for-keys")


def test_a_scope_that_nobody_knows_is_a_mistake_of_the_view():
    with pytest.raises(ValueError, match="trian"):
        IsMember.with_scope("trian")
