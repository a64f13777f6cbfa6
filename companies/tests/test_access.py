import pytest

from companies.access import membership
from companies.tests.factories import AccountFactory, DeveloperFactory, UserFactory


def test_developer_and_user_each_reach_the_home_of_their_own_portal(as_developer, as_user):
    assert as_developer.get("/dev/").status_code == 200
    assert as_user.get("/user/").status_code == 200


def test_the_home_of_the_other_portal_is_refused(as_developer, as_user):
    assert as_developer.get("/user/").status_code == 403
    assert as_user.get("/dev/").status_code == 403


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
