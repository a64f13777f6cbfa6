"""The rules of coming in, with the clock in hand; the pages are walked in test_sign_up.py."""

from datetime import UTC, datetime, timedelta

import pytest

from companies import tokens
from companies.models import Account, Developer
from companies.services.approval import NotWaiting, person_of_link, remind_approver
from companies.services.joining import (
    ABANDONED,
    PLACE_HELD,
    DeveloperExists,
    UnknownCompany,
    confirm_address,
    join_company,
)
from companies.services.registration import company_of_link, register_company, verify_company
from companies.tests.factories import PASSWORD, CompanyFactory, UserFactory
from companies.tests.letters import latest_letter_to, letters_to, link_in

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def join(company, email="dora@north.example.com", role="developer", at=NOON):
    return join_company(role=role, company_id=company.pk, name="Dora", email=email, password=PASSWORD, at=at)


def test_a_developer_who_never_confirms_loses_the_place_to_the_next(company):
    join(company)

    with pytest.raises(DeveloperExists):
        join(company, "next@north.example.com", at=NOON + PLACE_HELD)
    successor = join(company, "next@north.example.com", at=NOON + PLACE_HELD + MINUTE)

    assert Developer.objects.get().account == successor
    assert not Account.objects.filter(email="dora@north.example.com").exists()


def test_a_developer_who_confirmed_keeps_the_place_however_long_approval_takes(company):
    confirm_address(account=join(company), at=NOON)

    with pytest.raises(DeveloperExists):
        join(company, "next@north.example.com", at=NOON + timedelta(days=300))


def test_the_place_held_for_a_known_address_is_free_again_as_soon(company, user):
    assert join(company, user.email) is None

    with pytest.raises(DeveloperExists):
        join(company, at=NOON + PLACE_HELD - MINUTE)
    assert join(company, at=NOON + PLACE_HELD + MINUTE)


def test_an_account_that_was_never_confirmed_gives_way_when_its_link_is_dead(company):
    first = join(company, role="user")

    assert join(company, role="user", at=NOON + ABANDONED - MINUTE) is None
    second = join(company, role="user", at=NOON + ABANDONED + MINUTE)

    assert second.pk != first.pk
    assert list(Account.objects.all()) == [second]


def test_a_known_address_is_left_alone(user):
    before = Account.objects.values().get(pk=user.pk)

    assert join(CompanyFactory(), user.email.upper(), role="user") is None

    assert Account.objects.values().get(pk=user.pk) == before


@pytest.mark.parametrize("company_id", ["", "BCDFGHJKLM", "x" * 40, "' OR 1=1 --", "\u200bBCDFG"])
def test_an_unknown_company_id_is_refused(company, company_id):
    with pytest.raises(UnknownCompany):
        join_company(
            role="user", company_id=company_id, name="Ugo", email="u@example.com", password=PASSWORD, at=NOON
        )


def test_passwords_are_stored_as_hashes(company):
    assert PASSWORD not in join(company).password


def test_confirming_twice_asks_once(company, django_capture_on_commit_callbacks):
    account = join(company)

    with django_capture_on_commit_callbacks(execute=True):
        confirm_address(account=account, at=NOON)
        confirm_address(account=account, at=NOON)

    assert len(letters_to(company.email)) == 1


@pytest.fixture
def registered(django_capture_on_commit_callbacks):
    """Register a company at noon and return the key of the link in its letter."""
    with django_capture_on_commit_callbacks(execute=True):
        register_company(name="North Cable", email="office@north.example.com", at=NOON)
    return link_in(latest_letter_to("office@north.example.com")).split("/")[-2]


def test_the_link_to_verify_a_company_dies_after_three_days(registered):
    with pytest.raises(tokens.LinkExpired, match="3 days"):
        verify_company(key=registered, at=NOON + timedelta(days=3, seconds=1))

    assert verify_company(key=registered, at=NOON + timedelta(days=3)).email_verified


def test_a_link_signed_with_another_key_is_refused(registered, settings):
    settings.SECRET_KEY = "somebody-elses-secret-that-is-long-enough"

    with pytest.raises(tokens.LinkRefused):
        company_of_link(key=registered, at=NOON)


def test_the_link_to_decide_dies_after_two_weeks_and_can_be_had_again(
    company, django_capture_on_commit_callbacks
):
    def key():
        return link_in(latest_letter_to(company.email)).split("/")[-2]

    later = NOON + timedelta(days=15)
    with django_capture_on_commit_callbacks(execute=True):
        confirm_address(account=join(company), at=NOON)
    with pytest.raises(tokens.LinkExpired):
        person_of_link(key=key(), at=later)

    with django_capture_on_commit_callbacks(execute=True):
        remind_approver(row=Developer.objects.get(), at=later)
    assert person_of_link(key=key(), at=later) == Developer.objects.get()


def test_nobody_is_reminded_of_what_is_decided(user):
    with pytest.raises(NotWaiting):
        remind_approver(row=user.user, at=NOON)


# --- Pages -----------------------------------------------------------------------------------------------


def test_guessing_at_company_ids_is_slowed_down(client):
    form = {"company_id": "BCDFGHJKLM", "name": "Ugo", "email": "ugo@example.com", "password": PASSWORD}

    statuses = [client.post("/user/join/", form).status_code for _ in range(21)]

    assert statuses == [422] * 20 + [429]


@pytest.mark.parametrize(
    "name", ["Buy at http://evil.example.com", "www.evil.example.com", "North\nCable", "<b>"]
)
def test_a_name_that_would_spoil_a_letter_is_refused(client, name):
    answer = client.post("/register/", {"name": name, "email": "victim@example.com"})

    assert answer.status_code == 400
    assert not letters_to("victim@example.com")


def test_who_waits_may_have_the_letter_sent_again_twice_a_day(
    log_in, company, developer, django_capture_on_commit_callbacks
):
    client = log_in(UserFactory(company=company, waiting=True).account)

    with django_capture_on_commit_callbacks(execute=True):
        statuses = [client.post("/waiting/").status_code for _ in range(3)]

    assert statuses == [302, 302, 429]
    assert len(letters_to(developer.email)) == 2


def test_a_decision_that_is_none_changes_nothing(client, company, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        account = join(company)
        confirm_address(account=account, at=datetime.now(UTC))
    link = link_in(latest_letter_to(company.email))

    # The link carries the time of the letter, and that was now.
    assert client.post(link).status_code == 400
    assert client.post(link, {"decision": "perhaps"}).status_code == 400
    assert Developer.objects.get().approved_at is None
