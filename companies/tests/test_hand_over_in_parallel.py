"""A role is handed over to many people in one moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from companies.access import membership
from companies.models import Developer
from companies.services.people import MayNotManage, hand_over_developer
from companies.tests.factories import CompanyFactory, DeveloperFactory, UserFactory

HEIRS = 6


@pytest.mark.django_db(transaction=True)
def test_one_of_them_gets_it():
    company = CompanyFactory()
    developer = DeveloperFactory(company=company).account
    heirs = [row.account for row in UserFactory.create_batch(HEIRS, company=company)]
    together = Barrier(HEIRS)

    def hand_over(heir):
        try:
            together.wait()
            hand_over_developer(company=company, to=heir, by=developer, typed=heir.email, at=timezone.now())
        except MayNotManage:
            return None
        else:
            return heir
        finally:
            connections.close_all()

    with ThreadPoolExecutor(HEIRS) as pool:
        chosen = [heir for heir in pool.map(hand_over, heirs) if heir]

    assert len(chosen) == 1
    assert Developer.objects.get(company=company).account == chosen[0]
    assert not membership(developer).is_developer
