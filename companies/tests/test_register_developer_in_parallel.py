"""Many people ask for the one place of a developer in the same second."""

from functools import partial

import pytest
from django.test import Client

from companies.models import Account, AuditEvent, Developer
from companies.tests.factories import PASSWORD, CompanyFactory
from core.tests.races import at_once

PEOPLE = 20


@pytest.fixture
def many_attempts(settings):
    settings.ACCOUNT_RATE_LIMITS = {"signup": None, "login_failed": None}


@pytest.mark.django_db(transaction=True)
def test_one_of_twenty_gets_the_place_and_the_others_leave_nothing_behind(many_attempts):
    company = CompanyFactory()

    def register(number):
        form = {
            "company_id": company.pk,
            "name": f"Person {number}",
            "email": f"person{number}@parallel.example.com",
            "password": PASSWORD,
        }
        return Client().post("/dev/join/", form)

    answers = at_once(*(partial(register, number) for number in range(PEOPLE)))

    assert sorted(answer.status_code for answer in answers) == [302] + [409] * (PEOPLE - 1)
    refused = [answer.content.decode() for answer in answers if answer.status_code == 409]
    assert all("has a developer already" in page for page in refused)
    assert Developer.objects.count() == Account.objects.count() == 1
    assert AuditEvent.objects.filter(action="developer-registered").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_address_sent_twenty_times_makes_one_account(many_attempts):
    company = CompanyFactory()
    form = {
        "company_id": company.pk,
        "name": "Pat",
        "email": "pat@parallel.example.com",
        "password": PASSWORD,
    }

    answers = at_once(*[lambda: Client().post("/user/join/", form)] * PEOPLE)

    assert {answer.status_code for answer in answers} == {302}
    assert Account.objects.count() == company.users.count() == 1
