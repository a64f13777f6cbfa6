from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from companies.models import ApiKey, AuditEvent
from companies.selectors import find_active_key, keys_of
from companies.services.api_keys import (
    AlreadyRevoked,
    ExpiresInThePast,
    KeyNameTaken,
    MayNotManageKeys,
    NoDeveloper,
    WrongScopes,
    create_api_key,
    record_use,
    revoke_api_key,
)
from companies.services.erasure import erase_company
from companies.services.people import deactivate_account, hand_over_developer
from companies.tests.factories import ApiKeyFactory, DeveloperFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def create(company, developer):
    def create(**changes):
        wanted = {"company": company, "name": "Nightly", "scopes": ["read"], "by": developer, "at": NOON}
        return create_api_key(**wanted | changes)

    return create


def test_a_key_is_stored_as_a_hash_under_a_prefix_that_names_it(create, company, developer):
    key, secret = create(scopes=["predict", "read"])

    stored = ApiKey.objects.values().get()
    assert secret.startswith(f"{key.prefix}.")
    assert secret.partition(".")[2] not in str(stored)
    assert (stored["company_id"], stored["created_by_id"]) == (company.pk, developer.pk)
    assert stored["scopes"] == ["read", "predict"]
    assert stored["created_at"] == NOON
    assert find_active_key(secret, at=NOON) == key


def test_making_and_revoking_are_written_down_without_the_key(create, developer):
    key, secret = create()
    revoke_api_key(key=key, by=developer, at=NOON + timedelta(hours=1))

    revoked, created = AuditEvent.objects.all()
    assert (created.action, revoked.action) == ("api-key-created", "api-key-revoked")
    assert created.details["scopes"] == ["read"]
    for event in (created, revoked):
        assert (event.actor, event.subject) == (developer, f"Nightly ({key.prefix})")
        assert secret.partition(".")[2] not in str(event.details)


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "everything"]])
def test_refuses_scopes_that_open_nothing_or_that_nobody_knows(create, scopes):
    with pytest.raises(WrongScopes, match="Choose one or more of: read, predict, train, deploy"):
        create(scopes=scopes)

    assert not ApiKey.objects.exists()


def test_names_a_scope_once_that_was_given_twice(create):
    assert create(scopes=["read", "read"])[0].scopes == ["read"]


def test_refuses_to_make_a_key_that_has_expired(create):
    with pytest.raises(ExpiresInThePast):
        create(expires_at=NOON)


def test_an_active_key_has_its_name_for_itself(create, developer):
    key, _ = create()
    with pytest.raises(KeyNameTaken, match="Nightly"):
        create()

    revoke_api_key(key=key, by=developer, at=NOON)

    assert create()[0].name == "Nightly"


@pytest.mark.parametrize("who", ["user", "stranger", "foreign_user", "operator"])
def test_only_the_developer_makes_keys(request, create, who):
    with pytest.raises(MayNotManageKeys):
        create(by=request.getfixturevalue(who))


def test_a_company_without_an_approved_developer_gets_no_key(company):
    DeveloperFactory(company=company, waiting=True)

    with pytest.raises(NoDeveloper):
        create_api_key(company=company, name="Nightly", scopes=["read"], by=None, at=NOON)


@pytest.mark.parametrize("who", ["user", "stranger", "foreign_user"])
def test_nobody_else_revokes(request, create, who):
    key, _ = create()

    with pytest.raises(MayNotManageKeys):
        revoke_api_key(key=key, by=request.getfixturevalue(who), at=NOON)


def test_a_key_is_revoked_once(create, developer):
    key, _ = create()
    revoke_api_key(key=key, by=developer, at=NOON)

    with pytest.raises(AlreadyRevoked):
        revoke_api_key(key=key, by=developer, at=NOON + timedelta(days=1))

    key.refresh_from_db()
    assert key.revoked_at == NOON


def test_a_key_works_until_the_instant_it_expires(create):
    _, secret = create(expires_at=NOON + timedelta(days=1))

    assert find_active_key(secret, at=NOON + timedelta(days=1, microseconds=-1))
    assert find_active_key(secret, at=NOON + timedelta(days=1)) is None


def test_the_state_says_whether_a_key_still_opens_anything(create, developer):
    expiring, _ = create(name="Expiring", expires_at=NOON + timedelta(days=1))
    revoked, _ = create(name="Revoked")
    revoke_api_key(key=revoked, by=developer, at=NOON)

    assert expiring.state_at(NOON) == "Active"
    assert expiring.state_at(NOON + timedelta(days=1)) == "Expired"
    assert revoked.state_at(NOON) == "Revoked"


@pytest.mark.parametrize("change", ["cut", "other_case", "other_secret", "prefix_only"])
def test_what_is_not_the_whole_key_finds_nothing(create, change):
    key, secret = create()
    wrong = {
        "cut": secret[:-1],
        "other_case": secret.swapcase(),
        "other_secret": f"{key.prefix}.{'a' * 32}",
        "prefix_only": key.prefix,
    }[change]

    assert find_active_key(wrong, at=NOON) is None


def test_use_is_written_down_every_few_minutes(create):
    key, secret = create()

    written = []
    for minutes in (0, 1, 4, 5, 6):
        record_use(key=find_active_key(secret, at=NOON), at=NOON + timedelta(minutes=minutes))
        written.append(ApiKey.objects.get().latest_use_at - NOON)

    assert [at.total_seconds() / 60 for at in written] == [0, 0, 0, 5, 5]


def test_a_use_that_was_overtaken_changes_nothing(create):
    key, _ = create()
    ApiKey.objects.update(latest_use_at=NOON + timedelta(minutes=9))

    record_use(key=key, at=NOON + timedelta(minutes=8))

    assert ApiKey.objects.get().latest_use_at == NOON + timedelta(minutes=9)


def test_the_list_begins_with_what_still_works(create, company, other_company):
    ApiKeyFactory(company=company, name="Gone", revoked_before=True)
    ApiKeyFactory(company=other_company)
    create(name="Older")
    create(name="Newer", at=NOON + timedelta(hours=1))

    assert [key.name for key in keys_of(company)] == ["Newer", "Older", "Gone"]


def test_the_database_refuses_a_key_that_is_revoked_since_never(create):
    create()

    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.update(revoked=True)


# --- When the developer goes -----------------------------------------------------------------------------


def test_handing_over_revokes_the_keys_of_the_former_developer(create, company, developer, user):
    key, secret = create()

    hand_over_developer(company=company, to=user, by=developer, typed=user.email, at=NOON)

    key.refresh_from_db()
    assert key.revoked_at == NOON
    assert find_active_key(secret, at=NOON) is None
    assert AuditEvent.objects.filter(action="api-key-revoked", actor=developer).count() == 1


def test_deactivating_the_developer_revokes_the_keys(create, developer, operator):
    key, _ = create()

    deactivate_account(account=developer, by=operator, at=NOON)

    key.refresh_from_db()
    assert key.revoked_at == NOON


def test_the_keys_of_other_companies_stay(create, developer, other_company):
    foreign = ApiKeyFactory(company=other_company)

    deactivate_account(account=developer, by=developer, at=NOON)

    foreign.refresh_from_db()
    assert not foreign.revoked


def test_erasing_the_company_erases_its_keys(create, company, operator):
    create()

    erase_company(company=company, typed=company.name, by=operator, at=NOON)

    assert not ApiKey.objects.exists()
