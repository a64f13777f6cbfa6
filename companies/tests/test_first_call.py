"""The page of the API begins with words, and with the first call of whoever reads it."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from companies.services.api_keys import create_api_key, revoke_api_key

pytestmark = pytest.mark.django_db


def words(client):
    return re.sub(r"\s+", " ", client.get(reverse("api-docs")).content.decode())


def make_key(company, by, name):
    return create_api_key(
        company=company, name=name, scopes=["read", "predict"], expires_at=None, by=by, at=timezone.now()
    )


def test_words_stand_before_the_list_of_calls_and_the_way_back_with_them(client, as_developer, company):
    for reader, back in ((client, 'href="/">Back'), (as_developer, f'href="/dev/">Back to {company.name}')):
        page = words(reader)

        assert back in page
        assert page.index("How calls work") < page.index('id="swagger-ui"')
        assert "/help/api-keys/" in page and "/help/v2-api/" in page


def test_a_developer_reads_the_prefix_of_the_own_key_and_nothing_else_of_any(
    as_developer, developer, company, as_stranger, stranger
):
    key, secret = make_key(company, developer, "Nightly import")
    others, others_secret = make_key(stranger.developer.company, stranger, "Of others")

    page = words(as_developer)

    assert f"KEY={key.prefix}.THE-REST-OF-YOUR-KEY" in page and "may read, predict" in page
    assert secret.partition(".")[2] not in page
    assert others.prefix not in page and others_secret.partition(".")[2] not in page
    assert key.prefix not in words(as_stranger)


def test_a_key_that_opens_nothing_any_more_is_not_shown(as_developer, developer, company):
    key, _ = make_key(company, developer, "Old")
    revoke_api_key(key=key, by=developer, typed="Old", at=timezone.now())

    page = words(as_developer)

    assert key.prefix not in page
    assert "You have no key yet" in page and "KEY=YOUR-KEY" in page


def test_users_and_strangers_read_who_makes_keys(as_user, client, company, developer):
    key, _ = make_key(company, developer, "Nightly import")

    assert f"The developer of {company.name} makes the keys" in words(as_user)
    assert "The developer of a company makes the keys" in words(client)
    assert key.prefix not in words(as_user) + words(client)


def test_a_key_that_was_just_made_is_put_into_the_first_call(as_developer):
    answer = as_developer.post("/dev/api-keys/", {"name": "Nightly", "scopes": ["read"], "days": "30"})

    assert answer.status_code == 201
    page = answer.content.decode()
    secret = re.search(r'id="id_secret" value="([^"]+)"', page)[1]
    assert f'KEY={secret}\ncurl -H "Authorization: Api-Key $KEY"' in page


def test_no_browser_keeps_a_page_that_names_keys(as_developer):
    assert "no-store" in as_developer.get(reverse("api-docs"))["Cache-Control"]
