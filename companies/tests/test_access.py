import pytest
from django.test import RequestFactory
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsDeveloper, IsMember
from companies.home import for_developers
from companies.identity import membership
from companies.tests.factories import AccountFactory, DeveloperFactory, UserFactory
from core.sections import Sections


def test_developer_and_user_each_reach_the_home_of_their_own_portal(as_developer, as_user):
    assert as_developer.get("/dev/").status_code == 200
    assert as_user.get("/user/").status_code == 200


@pytest.mark.parametrize(
    "page", ["", "models/?sort=name", "predictions/00000000-0000-4000-8000-000000000000/"]
)
def test_an_address_of_the_other_portal_leads_to_the_same_page_in_ones_own(page, as_developer, as_user):
    assert as_developer.get(f"/user/{page}")["Location"] == f"/dev/{page}"
    assert as_user.get(f"/dev/{page}")["Location"] == f"/user/{page}"


def test_what_was_posted_to_the_other_portal_is_refused(as_developer):
    assert as_developer.post("/user/predict/", {}).status_code == 403


def test_a_page_that_only_the_other_role_has_is_refused(as_user):
    assert as_user.get("/dev/people/").status_code == 403


def test_who_is_nobodys_member_finds_nothing(as_operator):
    assert as_operator.get("/dev/").status_code == 404
    assert as_operator.get("/user/").status_code == 404


def test_who_is_not_logged_in_is_sent_to_the_login_of_that_portal(client, db):
    answer = client.get("/user/?tab=1")

    assert answer.status_code == 302
    assert answer["Location"] == "/user/login/?next=%2Fuser%2F%3Ftab%3D1"


def test_who_waits_for_approval_is_sent_to_the_page_that_says_so(log_in, company):
    waiting = UserFactory(company=company, waiting=True).account

    answer = log_in(waiting).get("/user/")

    assert answer.status_code == 302
    assert answer["Location"] == "/waiting/"


def test_a_session_ends_when_the_role_it_was_opened_for_is_gone(log_in, user, company):
    client = log_in(user)
    DeveloperFactory(company=company, account=user)

    answer = client.get("/user/")

    assert answer.status_code == 302
    assert "sessionid" in answer.cookies


def test_a_deactivated_account_is_nobodys_member(user):
    user.is_active = False

    assert membership(user) is None


@pytest.mark.django_db
def test_an_account_without_a_company_is_nobodys_member():
    assert membership(AccountFactory()) is None


def test_htmx_is_told_to_load_the_login_instead_of_swapping_it_in(client, db):
    answer = client.get("/user/", headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/user/login/")


def test_what_was_posted_is_not_where_the_login_leads(client, db):
    assert client.post("/dev/settings/", {})["Location"] == "/dev/login/"


# --- API -------------------------------------------------------------------------------------------------


class ForMembers(APIView):
    permission_classes = [IsMember]

    def get(self, request):
        return Response({"company": request.member.company.name, "role": request.member.role})


class ForDevelopers(ForMembers):
    permission_classes = [IsDeveloper]


@pytest.fixture
def ask(log_in):
    """Return a function that sends the request of an account to an API view."""

    def answer(view, account):
        request = RequestFactory().get("/api/")
        request.user, request.session = account, log_in(account).session
        return view.as_view()(request)

    return answer


def test_the_api_lets_members_in(ask, developer, user):
    assert ask(ForMembers, user).data == {"company": "Harbour Telecom", "role": "user"}
    assert ask(ForMembers, developer).data == {"company": "Harbour Telecom", "role": "developer"}


def test_the_api_keeps_for_developers_what_is_theirs(ask, developer, user):
    assert ask(ForDevelopers, developer).status_code == 200
    assert ask(ForDevelopers, user).status_code == 403


def test_the_api_refuses_who_waits_and_who_is_nobodys_member(ask, company, operator):
    waiting = UserFactory(company=company, waiting=True).account

    assert ask(ForMembers, waiting).status_code == 403
    assert ask(ForMembers, operator).status_code == 403


# --- What stands on a portal page ------------------------------------------------------------------------


def labels(client, path):
    return [entry["label"] for entry in client.get(path).context["navigation"]]


def test_the_navigation_is_that_of_the_role(as_developer, as_user):
    assert labels(as_developer, "/dev/")[-3:] == ["People", "API keys", "Settings"]
    assert "People" not in labels(as_user, "/user/")


def test_the_navigation_shows_where_the_reader_is_and_how_many_wait(as_developer, company):
    UserFactory(company=company, waiting=True)

    entries = as_developer.get("/dev/people/").context["navigation"]

    assert [(entry["label"], entry["count"]) for entry in entries if entry["current"]] == [("People", 1)]


def test_a_section_stands_on_both_homes_or_on_that_of_developers_alone(developer, user):
    sections = Sections()
    sections.add("both.html", lambda member: {"name": member.account.name}, order=90)
    sections.add("developers.html", for_developers(lambda member: {}), order=10)

    assert [section["template"] for section in sections.for_page(membership(developer))] == [
        "developers.html",
        "both.html",
    ]
    assert sections.for_page(membership(user)) == [{"template": "both.html", "content": {"name": "Uma User"}}]
