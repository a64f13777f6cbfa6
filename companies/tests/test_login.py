import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from axes.models import AccessAttempt
from django.test import Client
from django.utils import timezone

from companies.models import AuditEvent
from companies.tests.factories import PASSWORD, AccountFactory, UserFactory
from companies.tests.letters import latest_letter_to, link_in

pytestmark = pytest.mark.django_db


def log_in(client, portal, account, password=PASSWORD, **more):
    return client.post(f"/{portal}/login/", {"login": account.email, "password": password, **more})


def test_each_role_logs_in_at_its_own_portal(developer, user):
    assert log_in(Client(), "dev", developer)["Location"] == "/dev/"
    assert log_in(Client(), "user", user)["Location"] == "/user/"


def test_the_address_may_be_written_in_capitals(client, user):
    answer = client.post("/user/login/", {"login": f" {user.email.upper()} ", "password": PASSWORD})

    assert answer["Location"] == "/user/"


def test_the_other_portal_says_where_to_go_and_opens_no_session(client, user):
    answer = log_in(client, "dev", user)

    assert "/user/login/" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_logging_in_leads_to_the_page_that_was_asked_for(client, developer):
    assert log_in(client, "dev", developer, next="/dev/people/")["Location"] == "/dev/people/"


def test_logging_in_leads_to_no_other_site(client, developer):
    assert log_in(client, "dev", developer, next="https://evil.example.com/")["Location"] == "/dev/"


def test_logging_in_changes_the_key_of_the_session(client, user):
    client.get("/user/login/")
    session = client.session
    session["before"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before

    log_in(client, "user", user)

    assert client.session.session_key != before
    assert client.session["portal"] == "user"


def test_logging_out_ends_the_session(as_user):
    as_user.post("/logout/")

    assert as_user.get("/user/")["Location"].startswith("/user/login/")


def test_following_a_link_does_not_log_out(as_user):
    assert as_user.get("/logout/").status_code == 200
    assert as_user.get("/user/").status_code == 200


def test_the_front_page_sends_who_is_in_to_the_portal(as_user):
    assert as_user.get("/")["Location"] == "/user/"


def test_the_page_of_those_who_wait_says_who_decides(log_in, company, developer):
    client = log_in(UserFactory(company=company, waiting=True).account)

    page = client.get("/waiting/").content.decode()

    assert str(developer) in page
    assert company.name in page


def test_who_is_in_does_not_wait(as_user):
    assert as_user.get("/waiting/")["Location"] == "/user/"


def fail(account, times, client=None, **headers):
    for _ in range(times):
        answer = (client or Client()).post(
            "/user/login/", {"login": account.email, "password": "wrong"}, headers=headers
        )
    return answer


def test_an_account_is_closed_after_repeated_failures_even_for_the_right_password(user, settings):
    assert fail(user, settings.AXES_FAILURE_LIMIT - 1).status_code == 200
    assert fail(user, 1).status_code == 429

    locked = log_in(Client(REMOTE_ADDR="192.0.2.7"), "user", user)

    assert locked.status_code == 429
    assert "1\u202fh" in locked.content.decode()
    assert AuditEvent.objects.filter(action="login-locked", subject=user.email).exists()


def test_a_locked_account_writes_one_row_however_often_it_is_tried(user, settings):
    fail(user, settings.AXES_FAILURE_LIMIT + 3)
    log_in(Client(REMOTE_ADDR="192.0.2.7"), "user", user)
    Client().post("/admin/login/", {"username": user.email, "password": "wrong"})

    assert AuditEvent.objects.filter(action="login-locked").count() == 1


def test_an_account_that_is_locked_again_after_it_was_freed_writes_a_second_row(user, settings):
    for _ in range(2):
        fail(user, settings.AXES_FAILURE_LIMIT)
        AccessAttempt.objects.all().delete()

    assert AuditEvent.objects.filter(action="login-locked", subject=user.email).count() == 2


def test_an_address_in_a_header_is_nobodys_word(user, settings):
    # Public ones: of those kept for examples, the library that reads headers makes nothing.
    for number in range(settings.AXES_FAILURE_LIMIT * 4):
        fail(AccountFactory(), 1, **{"X-Forwarded-For": f"8.8.8.{number}", "X-Real-IP": "8.8.8.8"})

    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"127.0.0.1"}
    forged = Client(headers={"X-Forwarded-For": "8.8.8.200"})
    assert log_in(forged, "user", user).status_code == 429


def test_only_failures_count(user, settings):
    for _ in range(40):
        client = Client()
        assert client.get("/user/login/").status_code == 200
        assert client.head("/user/login/").status_code == 200
        assert log_in(client, "user", user).status_code == 302
        client.logout()


def test_a_network_address_is_closed_after_failures_with_many_accounts(user, settings):
    client = Client(REMOTE_ADDR="192.0.2.7")
    for _ in range(settings.AXES_FAILURE_LIMIT * 4):
        fail(AccountFactory(), 1, client=client)

    assert log_in(client, "user", user).status_code == 429
    assert log_in(Client(REMOTE_ADDR="192.0.2.8"), "user", user).status_code == 302


def test_logging_in_forgets_the_failures_before(user, settings):
    fail(user, settings.AXES_FAILURE_LIMIT - 1)
    log_in(Client(), "user", user)

    assert fail(user, 1).status_code == 200


def test_who_guesses_cannot_wipe_the_count_by_logging_in_elsewhere(user, foreign_user, settings):
    fail(user, settings.AXES_FAILURE_LIMIT - 1)
    log_in(Client(), "user", foreign_user)

    assert fail(user, 1).status_code == 429


def test_the_admin_counts_failures_too(operator, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = Client().post("/admin/login/", {"username": operator.email, "password": "wrong"})

    assert answer.status_code == 429
    right = Client().post("/admin/login/", {"username": operator.email, "password": PASSWORD})
    assert right.status_code == 429


def test_an_operator_logs_in_at_the_admin_and_a_member_does_not(operator, developer):
    form = {"password": PASSWORD, "next": "/admin/"}

    assert Client().post("/admin/login/", {"username": operator.email, **form})["Location"] == "/admin/"
    assert Client().post("/admin/login/", {"username": developer.email, **form}).status_code == 200


def test_an_operator_is_sent_from_a_portal_to_the_admin(client, operator):
    answer = log_in(client, "dev", operator)

    assert "/admin/" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_deactivated_account_with_the_right_password_is_told_so(client, user):
    user.is_active = False
    user.save()

    assert log_in(client, "user", user)["Location"] == "/deactivated/"


def test_a_new_password_comes_by_a_link_that_works_once_and_ends_other_sessions(user, as_user):
    Client().post("/password/reset/", {"email": user.email})
    link = link_in(latest_letter_to(user.email))
    browser = Client()

    form = browser.get(link, follow=True)
    new = {"password1": "another-good-horse", "password2": "another-good-horse"}
    assert browser.post(form.redirect_chain[-1][0], new)["Location"] == "/password/reset/done/"

    assert as_user.get("/user/").status_code == 302
    assert log_in(Client(), "user", user, "another-good-horse").status_code == 302
    assert "does nothing any more" in Client().get(link).content.decode()
    assert AuditEvent.objects.filter(action="password-reset", actor=user).exists()


def test_changing_the_password_keeps_this_session_and_ends_the_others(log_in, user):
    here, elsewhere = log_in(user), log_in(user)
    form = {"oldpassword": PASSWORD, "password1": "another-good-horse", "password2": "another-good-horse"}

    assert here.post("/password/", {**form, "oldpassword": "wrong"}).status_code == 200
    here.post("/password/", form)

    assert here.get("/user/").status_code == 200
    assert elsewhere.get("/user/").status_code == 302
    assert "was changed" in latest_letter_to(user.email).subject


def test_the_letter_about_a_password_says_when_in_utc(log_in, user, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    form = {"oldpassword": PASSWORD, "password1": "another-good-horse", "password2": "another-good-horse"}

    log_in(user).post("/password/", form)

    told = re.search(r"at (\S+ \S+) UTC", latest_letter_to(user.email).body).group(1)
    at = datetime.strptime(told, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert abs(timezone.now() - at) < timedelta(minutes=2)


def test_letters_name_this_installation_whatever_host_the_request_came_with(client, user, settings):
    settings.ALLOWED_HOSTS = ["*"]

    client.post("/password/reset/", {"email": user.email}, headers={"host": "evil.example.com"})

    letter = latest_letter_to(user.email)
    assert settings.BASE_URL in letter.body
    assert "evil" not in letter.body


def test_an_address_that_is_not_confirmed_opens_no_session(client, company):
    account = AccountFactory(email_verified=False)
    UserFactory(company=company, account=account)
    assert not EmailAddress.objects.get(user=account).verified

    log_in(client, "user", account)

    assert "_auth_user_id" not in client.session


def test_a_request_that_broke_off_after_the_address_was_confirmed_is_taken_up_at_the_login(
    client, company, developer, django_capture_on_commit_callbacks
):
    account = AccountFactory(email_verified=False)
    UserFactory(company=company, account=account, waiting=True)
    EmailAddress.objects.filter(user=account).update(verified=True)

    with django_capture_on_commit_callbacks(execute=True):
        log_in(client, "user", account)

    account.refresh_from_db()
    assert account.email_verified
    assert account.email in latest_letter_to(developer.email).body
