"""A company whose purchases are of several kinds of customers: each log is of one of them."""

from datetime import UTC, datetime

import pytest

from registry.models import Population
from registry.services.populations import archive_population, purchases_of
from registry.tests.factories import PopulationFactory
from transactions.models import AnalysisSession
from transactions.services.renewal import start_newer_log
from transactions.services.uploads import NotForPurchases, start_analysis
from transactions.tests.logs import log_file, read_here

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def send(member):
    def send(**options):
        return start_analysis(member=member, upload=log_file(), at=NOON, **options)

    return send


def test_a_log_is_of_the_base_that_is_named_and_of_the_first_where_none_is(send, company):
    usual = purchases_of(company=company, at=NOON)
    shops = PopulationFactory(company=company)

    named, unnamed = send(population=shops), send()

    assert (named.population, named.dataset.population) == (shops, shops)
    assert (unnamed.population, unnamed.dataset.population) == (usual, usual)


def test_a_newer_log_stays_with_its_customers(send, member, company):
    purchases_of(company=company, at=NOON)
    shops = PopulationFactory(company=company)
    earlier = read_here(send(population=shops))

    newer = start_newer_log(member=member, earlier=earlier, upload=log_file(days=340), at=NOON)

    assert newer.population == shops


@pytest.mark.parametrize("of", ["others", "tables", "archived"])
def test_a_base_that_takes_no_log_is_refused_and_nothing_stays(of, send, company, other_company, developer):
    owner = other_company if of == "others" else company
    base = PopulationFactory(company=owner, snapshot=of == "tables")
    if of == "archived":
        archive_population(population=base, by=developer, at=NOON)
        base.refresh_from_db()

    with pytest.raises(NotForPurchases, match="was archived" if of == "archived" else "no purchase logs of"):
        send(population=base)

    assert not AnalysisSession.objects.exists()
    assert list(Population.objects.filter(kind=Population.Kind.LOG, company=company)) == (
        [base] if of == "archived" else []
    )
