"""Keys are made in one moment, while the role that they act in may be moving."""

from functools import partial

import pytest
from django.utils import timezone

from companies.models import ApiKey
from companies.services.api_keys import create_api_key
from companies.services.people import hand_over_developer
from companies.tests.factories import CompanyFactory, DeveloperFactory, UserFactory
from core.errors import DomainError
from core.tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 6


@pytest.fixture
def together():
    """Return a function that runs functions in one moment; a refusal is told by its code."""

    def run(*functions):
        def call(function):
            try:
                return function()
            except DomainError as error:
                return error.code

        return at_once(*(partial(call, function) for function in functions))

    return run


def creating(company, by, name="Nightly"):
    return lambda: create_api_key(company=company, name=name, scopes=["read"], by=by, at=timezone.now())


def test_a_form_that_was_sent_many_times_makes_one_key(together):
    developer = DeveloperFactory()

    results = together(*[creating(developer.company, developer.account)] * AT_ONCE)

    assert ApiKey.objects.count() == 1
    assert results.count("key-name-taken") == AT_ONCE - 1


def test_no_key_survives_a_hand_over_in_the_same_moment(together):
    company = CompanyFactory()
    developer = DeveloperFactory(company=company).account
    heir = UserFactory(company=company).account
    before = [creating(company, developer, name=f"Program {number}") for number in range(AT_ONCE)]

    together(
        *before,
        lambda: hand_over_developer(
            company=company, to=heir, by=developer, typed=heir.email, at=timezone.now()
        ),
    )

    assert not ApiKey.objects.filter(revoked=False).exists()
