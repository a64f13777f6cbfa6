from datetime import UTC, datetime

import pytest

from core.tests.races import at_once
from jobs import services
from jobs.models import Job

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def enqueue(company=None, account=None, **changes):
    fields = {"task": "tests.count", "title": "Count", "payload": {"to": 3}, "at": NOON} | changes
    return services.enqueue(company=company, account=account, **fields)


@pytest.mark.django_db
def test_leaves_a_waiting_row_that_says_who_and_what(company, user):
    job = enqueue(company, user)

    job.refresh_from_db()
    assert (job.state, job.task, job.payload, job.attempt) == ("QUEUED", "tests.count", {"to": 3}, 0)
    assert (job.company, job.account, job.queued_at) == (company, user, NOON)


@pytest.mark.django_db(transaction=True)
def test_hands_the_job_to_the_broker_after_the_commit(company, user, messages):
    job = enqueue(company, user)

    assert [message["headers"]["task"] for message in messages()] == ["jobs.run"]
    job.refresh_from_db()
    assert job.delivered_at == NOON


@pytest.mark.django_db(transaction=True)
def test_hands_nothing_over_when_the_transaction_is_undone(messages):
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue()
        raise ZeroDivisionError

    assert messages() == []
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_returns_the_same_job_for_the_same_key(company, user):
    first = enqueue(company, user, idempotency_key="form-1")
    again = enqueue(company, user, idempotency_key="form-1", payload={"to": 4})

    assert again == first
    assert Job.objects.get().payload == {"to": 3}


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{"idempotency_key": "FORM-1"}, {"task": "tests.other"}])
def test_tells_keys_apart_by_case_and_task(company, user, changes):
    first = enqueue(company, user, idempotency_key="form-1")

    assert enqueue(company, user, **{"idempotency_key": "form-1"} | changes) != first


@pytest.mark.django_db
def test_never_returns_a_job_of_another_company(company, user, stranger):
    own = enqueue(company, user, idempotency_key="form-1")

    assert enqueue(None, stranger, idempotency_key="form-1") != own


@pytest.mark.django_db(transaction=True)
def test_makes_one_job_of_a_form_that_is_sent_ten_times_at_once(company, user, messages):
    def send():
        return enqueue(company, user, idempotency_key="form-1").pk

    ids = set(at_once(*[send] * 10))

    assert ids == {Job.objects.get().pk}
    assert len(messages()) == 1


@pytest.mark.django_db(transaction=True)
def test_keeps_the_job_when_the_broker_is_down(company, user, broker_down):
    job = enqueue(company, user)

    job.refresh_from_db()
    assert (job.state, job.delivered_at) == ("QUEUED", None)
