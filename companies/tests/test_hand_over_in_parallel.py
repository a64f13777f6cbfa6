"""A role is handed over to many people in one moment."""

from functools import partial

import pytest
from django.utils import timezone

from companies.identity import membership
from companies.models import Developer
from companies.services.people import MayNotManage, hand_over_developer
from companies.tests.factories import CompanyFactory, DeveloperFactory, UserFactory
from core.tests.races import at_once

HEIRS = 6


@pytest.mark.django_db(transaction=True)
def test_one_of_them_gets_it():
    company = CompanyFactory()
    developer = DeveloperFactory(company=company).account
    heirs = [row.account for row in UserFactory.create_batch(HEIRS, company=company)]

    def hand_over(heir):
        try:
            hand_over_developer(company=company, to=heir, by=developer, typed=heir.email, at=timezone.now())
        except MayNotManage:
            return None
        else:
            return heir

    chosen = [heir for heir in at_once(*(partial(hand_over, heir) for heir in heirs)) if heir]

    assert len(chosen) == 1
    assert Developer.objects.get(company=company).account == chosen[0]
    assert not membership(developer).is_developer
