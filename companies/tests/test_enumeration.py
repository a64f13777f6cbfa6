"""No page tells whether an address is registered: a known and an unknown one get the same answer."""

import re
import time

import pytest
from django.test import Client

from companies.models import Company, Developer
from companies.tests.factories import PASSWORD, CompanyFactory
from companies.tests.letters import latest_letter_to, letters_to

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN = "nobody@harbour.example.com"


def send(path, address, **form):
    """Return what a browser sees after sending `form` with `address`, without what differs each time."""
    client = Client()
    field = "login" if "login" in path else "email"
    answer = client.post(path, {field: address, **form}, follow=True)
    page = answer.content.decode().replace(address, "ADDRESS")
    page = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", page)
    return answer.status_code, answer.redirect_chain, page, sorted(answer.cookies)


def test_registering_a_company(company):
    assert send("/register/", company.email, name="X") == send("/register/", "new@example.com", name="X")


@pytest.mark.parametrize("portal", ["dev", "user"])
def test_joining(user, portal):
    one, other = CompanyFactory(), CompanyFactory()
    form = {"name": "X Ample", "password": PASSWORD}

    known = send(f"/{portal}/join/", user.email, company_id=one.pk, **form)
    unknown = send(f"/{portal}/join/", UNKNOWN, company_id=other.pk, **form)

    assert known == unknown
    assert "account already" in latest_letter_to(user.email).subject
    assert "Confirm" in latest_letter_to(UNKNOWN).subject


def test_asking_for_the_place_of_a_developer_takes_it_either_way(user):
    """A second attempt must not tell whether the first one made an account."""
    form = {"name": "X Ample", "password": PASSWORD}
    answers = []
    for address in (user.email, UNKNOWN):
        company = CompanyFactory()
        send("/dev/join/", address, company_id=company.pk, **form)
        status, _, page, _ = send("/dev/join/", "second@example.com", company_id=company.pk, **form)
        answers.append((status, page.replace(company.name, "").replace(company.pk, "")))

    assert answers[0] == answers[1]
    assert answers[0][0] == 409
    assert not Developer.objects.filter(account=user).exists()


@pytest.mark.parametrize("portal", ["dev", "user"])
def test_logging_in(user, portal):
    known = send(f"/{portal}/login/", user.email, password="wrong-" + PASSWORD)
    unknown = send(f"/{portal}/login/", UNKNOWN, password="wrong-" + PASSWORD)

    assert known == unknown
    assert "do not belong together" in known[2]


def test_logging_in_to_a_deactivated_account(user):
    user.is_active = False
    user.save()

    known = send("/user/login/", user.email, password="wrong-" + PASSWORD)

    assert known == send("/user/login/", UNKNOWN, password="wrong-" + PASSWORD)


def test_asking_for_a_new_password(user):
    assert send("/password/reset/", user.email) == send("/password/reset/", UNKNOWN)
    assert "new password" in latest_letter_to(user.email).subject
    assert "no account" in latest_letter_to(UNKNOWN).subject


def test_being_locked_out(user, settings):
    answers = []
    for address in (user.email, UNKNOWN):
        for _ in range(settings.AXES_FAILURE_LIMIT):
            answer = send("/user/login/", address, password="wrong-" + PASSWORD)
        answers.append(answer)

    assert answers[0] == answers[1]
    assert answers[0][0] == 429


@pytest.mark.parametrize("path", ["/user/login/", "/user/join/"])
def test_both_take_about_the_same_time(user, settings, path):
    # With the real hasher, so that the slow step counts.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    user.set_password(PASSWORD)
    user.save()
    company = CompanyFactory()
    form = {"name": "X Ample", "company_id": company.pk, "password": "wrong-" + PASSWORD}

    def seconds(address):
        begun = time.process_time()
        send(path, address, **form)
        return time.process_time() - begun

    seconds("warm@example.com")
    known = min(seconds(user.email) for _ in range(3))
    unknown = min(seconds(f"nobody{n}@example.com") for n in range(3))

    assert 0.6 < known / unknown < 1.6


def test_the_mailbox_of_a_stranger_is_not_filled(company):
    answers = [send("/register/", company.email, name="X")[0] for _ in range(8)]

    assert answers[-1] == 429
    assert len(letters_to(company.email)) == 5
    assert Company.objects.count() == 1
