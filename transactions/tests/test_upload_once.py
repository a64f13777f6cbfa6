"""A log that is sent twice in one request of the sender's is one log, whichever door it comes through."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from companies.identity import membership
from companies.services.api_keys import create_api_key
from core.files.store import objects_under
from core.files.stored import DATASETS
from core.tests.races import at_once
from registry.models import Dataset
from transactions.models import AnalysisSession
from transactions.services.uploads import start_analysis
from transactions.tests.logs import log_file

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = {"Idempotency-Key": "march"}


def send(member, *, key="march", **options):
    return start_analysis(member=member, upload=log_file(**options), idempotency_key=key, at=NOON)


def only_one_is_left():
    return (
        AnalysisSession.objects.count() == Dataset.objects.count() == len(list(objects_under(DATASETS))) == 1
    )


def test_the_second_send_brings_back_what_the_first_began(member):
    first = send(member)

    assert send(member, customers=3, name="another.csv") == first
    assert only_one_is_left()


def test_another_key_and_no_key_begin_another_log(member):
    keys = ("march", "March", "april", None, None)

    assert len({send(member, key=key, customers=5).pk for key in keys}) == 5


def test_the_same_key_of_another_person_is_another_send(user, developer):
    assert send(membership(user)) != send(membership(developer))


def test_a_file_that_was_refused_may_be_sent_again_corrected(as_user):
    token = _token(as_user)

    refused = _post(as_user, token, log_file(customers=0))
    accepted = _post(as_user, token, log_file())

    assert (refused.status_code, accepted.status_code) == (422, 302)


def test_a_form_that_is_sent_twice_leads_to_the_same_page(as_user):
    token = _token(as_user)

    first, second = (_post(as_user, token, log_file()) for _ in range(2))

    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert only_one_is_left()


def test_each_form_is_another_send(as_user):
    assert _token(as_user) != _token(as_user)


@pytest.mark.parametrize(
    "path", ["/api/v1/upload", "/api/v1/churn/v2/organizations/{company}/upload-dataset"], ids=["s4", "v2"]
)
def test_a_program_that_sends_twice_gets_the_same_answer(company, developer, path):
    _, secret = create_api_key(company=company, name="Till", scopes=["train"], by=None, at=NOON)
    program = Client(headers={"Authorization": f"Api-Key {secret}"})

    first, second = (
        program.post(path.format(company=company.pk), {"file": log_file()}, headers=KEY) for _ in range(2)
    )

    assert first.status_code == second.status_code == 200
    # A signed address carries the second at which it was signed.
    assert {**first.json(), "file_url": None} == {**second.json(), "file_url": None}
    assert only_one_is_left()


def test_the_database_knows_a_key_once(member):
    first, second = send(member, key="march"), send(member, key="april")

    second.idempotency_key = first.idempotency_key
    with pytest.raises(IntegrityError):
        second.save()


@pytest.mark.django_db(transaction=True)
def test_two_sends_in_the_same_moment_begin_one_log(user, settings):
    def send_at_once():
        return send(membership(type(user).objects.get(pk=user.pk))).pk

    first, second = at_once(send_at_once, send_at_once)

    assert first == second
    assert only_one_is_left()
    assert not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


def _token(client):
    form = client.get(reverse("transactions:new", args=("user",))).context["form"]
    assert uuid.UUID(str(form["token"].value()))
    assert f'value="{form["token"].value()}"' in str(form["token"])
    return str(form["token"].value())


def _post(client, token, file):
    path = reverse("transactions:new", args=("user",))
    return client.post(path, {"file": file, "name": "", "token": token})
