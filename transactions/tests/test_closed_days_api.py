"""A program says on which days nothing was open, by the service and the rights of the page."""

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import AuditEvent, Company
from companies.services.api_keys import create_api_key
from ml.logs.profile import profile_events
from ml.tests.purchases import FIRST, write_log
from transactions.services.profiling import say_doubt
from transactions.tests.test_profile_pages import REPORT, make, purchases

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(company, tmp_path):
    """A log in which forty days are missing."""
    events = [one for one in purchases() if not 150 <= (one["event_at"] - FIRST).days < 190]
    said = profile_events(write_log(tmp_path / "events.parquet", events), report=REPORT)
    log = make(company, said)
    log.import_report |= say_doubt(said, [])
    log.save()
    return log


@pytest.fixture
def address(company, log):
    return f"/api/v1/churn/v2/organizations/{company.pk}/datasets/{log.dataset.uuid}/closed-days"


@pytest.fixture
def days(log):
    return {name: log.profile["silence"][name] for name in ("first", "last")}


@pytest.fixture
def program(company, developer):
    """Return what makes a client with a key of one scope."""

    def with_key(scope):
        _, secret = create_api_key(company=company, name=scope, scopes=[scope], by=None, at=timezone.now())
        return Client(headers={"Authorization": f"Api-Key {secret}"})

    return with_key


def post(client, address, body):
    return client.post(address, body, content_type="application/json")


def test_says_which_days_are_in_doubt_and_keeps_that_they_were_closed(program, address, days, log):
    client = program("train")
    [doubt] = program("read").get(address).json()["in_doubt"]
    assert days.items() <= doubt.items() and doubt["sentence"] and not doubt["at_end"]

    answer = post(client, address, days)

    assert answer.status_code == 200
    assert answer.json() == {"in_doubt": [], "closed": [days]}
    assert post(client, address, days).json() == answer.json()  # a second time changes nothing
    assert AuditEvent.objects.filter(action="closed-days-kept", company=log.company).count() == 1
    back = post(client, address, days | {"withdrawn": True}).json()
    assert back == {"in_doubt": [doubt], "closed": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"last": "2024-12-24"}, 422),
        ({"first": "someday"}, 400),
        ({"closed": True}, 400),
        ({"first": "0001-01-01", "last": "9999-12-31"}, 422),
    ],
)
def test_days_that_are_not_missing_are_refused(program, address, days, log, body, status):
    answer = post(program("train"), address, days | body)

    assert answer.status_code == status and answer.json()["message"]
    log.refresh_from_db()
    assert not log.closed_days


def test_only_who_may_on_the_page_may_here(program, as_user, as_stranger, address, days, log):
    assert as_user.get(address).status_code == 200
    assert post(as_user, address, days).status_code == 403
    for scope in ("read", "predict"):
        assert post(program(scope), address, days).status_code == 403
    foreign_company = Company.objects.exclude(pk=log.company_id).get()
    own = address.replace(log.company_id, foreign_company.pk)
    for foreign in (address, own, own.replace(str(log.dataset.uuid), "1")):
        assert as_stranger.get(foreign).status_code == post(as_stranger, foreign, days).status_code == 404

    log.refresh_from_db()
    assert not log.closed_days
