from datetime import UTC, datetime

import pytest

from companies.identity import membership
from companies.models import Account, AuditEvent, Company, Developer, User
from companies.services.approval import MayNotDecide, NotWaiting, approve_person, decline_person
from companies.services.conditions import NameDiffers
from companies.services.people import (
    AlreadySo,
    MayNotManage,
    NoSuchHeir,
    choose_joining,
    deactivate_account,
    hand_over_developer,
    reactivate_account,
)
from companies.tests.factories import AccountFactory, UserFactory
from companies.tests.letters import latest_letter_to

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def newcomer(company):
    return UserFactory(company=company, waiting=True)


def test_the_developer_approves_whoever_waits(developer, newcomer, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        approve_person(row=newcomer, by=developer, at=NOON)

    newcomer.refresh_from_db()
    assert newcomer.approved_at == NOON
    assert latest_letter_to(newcomer.account.email).subject.endswith("You are in")


@pytest.mark.parametrize("who", ["user", "stranger", "foreign_user"])
def test_nobody_else_decides_who_joins(request, who, newcomer, developer):
    by = request.getfixturevalue(who)

    for decide in (approve_person, decline_person):
        with pytest.raises(MayNotDecide):
            decide(row=newcomer, by=by, at=NOON)

    newcomer.refresh_from_db()
    assert newcomer.approved_at is None


def test_who_is_in_cannot_be_declined(developer, user):
    with pytest.raises(NotWaiting):
        decline_person(row=user.user, by=developer, at=NOON)

    assert Account.objects.filter(pk=user.pk).exists()


def test_who_did_not_confirm_the_address_cannot_be_approved(developer, company):
    row = UserFactory(company=company, waiting=True, account=AccountFactory(email_verified=False))

    with pytest.raises(NotWaiting):
        approve_person(row=row, by=developer, at=NOON)


def test_declining_deletes_the_request_and_writes_it_down(developer, newcomer):
    decline_person(row=newcomer, by=developer, at=NOON)

    assert not User.objects.filter(pk=newcomer.pk).exists()
    event = AuditEvent.objects.get(action="user-declined")
    assert (event.actor, event.subject) == (developer, newcomer.account.email)


def test_deactivating_ends_open_sessions_and_reactivating_does_not_bring_them_back(developer, user, as_user):
    deactivate_account(account=user, by=developer, at=NOON)
    assert as_user.get("/user/").status_code == 302

    reactivate_account(account=user, by=developer, at=NOON)
    assert as_user.get("/user/").status_code == 302
    user.refresh_from_db()
    assert membership(user).approved


def test_deactivating_twice_is_refused(developer, user):
    deactivate_account(account=user, by=developer, at=NOON)

    with pytest.raises(AlreadySo):
        deactivate_account(account=user, by=developer, at=NOON)


@pytest.mark.parametrize("who", ["stranger", "foreign_user"])
def test_another_company_cannot_deactivate(request, who, user):
    with pytest.raises(MayNotManage):
        deactivate_account(account=user, by=request.getfixturevalue(who), at=NOON)


def test_a_user_cannot_deactivate_another_one_nor_the_developer(user, company, developer):
    colleague = UserFactory(company=company).account

    for account in (colleague, developer):
        with pytest.raises(MayNotManage):
            deactivate_account(account=account, by=user, at=NOON)


def test_a_developer_who_leaves_frees_the_place_and_keeps_the_row(company, developer):
    row = developer.developer

    deactivate_account(account=developer, by=developer, at=NOON)

    row.refresh_from_db()
    assert row.company is None
    assert not Developer.objects.filter(company=company).exists()
    assert User.objects.get(account=developer).company == company


def test_handing_over_makes_one_the_developer_and_the_other_a_user(
    company, developer, user, django_capture_on_commit_callbacks
):
    rows = developer.developer, user.user

    with django_capture_on_commit_callbacks(execute=True):
        hand_over_developer(company=company, to=user, by=developer, typed=user.email.upper(), at=NOON)

    assert membership(user).is_developer
    assert not membership(developer).is_developer
    assert membership(developer).company == company
    # What both of them made hangs on these rows and stays where it was.
    for row in rows:
        row.refresh_from_db()
    assert [row.account for row in rows] == [developer, user]
    assert "developer of" in latest_letter_to(user.email).subject
    assert "is the developer" in latest_letter_to(developer.email).subject


def test_handing_over_ends_the_sessions_of_both(log_in, company, developer, user):
    clients = log_in(developer), log_in(user)

    hand_over_developer(company=company, to=user, by=developer, typed=user.email, at=NOON)

    assert [client.get("/login/").status_code for client in clients] == [200, 200]


def test_a_role_can_be_handed_back(company, developer, user):
    hand_over_developer(company=company, to=user, by=developer, typed=user.email, at=NOON)
    hand_over_developer(company=company, to=developer, by=user, typed=developer.email, at=NOON)

    assert membership(developer).is_developer
    assert not membership(user).is_developer
    assert Developer.objects.count() == 2


def test_handing_over_needs_the_address_typed(company, developer, user):
    with pytest.raises(NameDiffers):
        hand_over_developer(company=company, to=user, by=developer, typed="", at=NOON)

    assert membership(developer).is_developer


def test_only_an_approved_active_user_of_the_company_can_take_over(
    company, developer, newcomer, foreign_user
):
    gone = UserFactory(company=company, account=AccountFactory(is_active=False)).account

    for account in (newcomer.account, foreign_user, gone):
        with pytest.raises(NoSuchHeir):
            hand_over_developer(company=company, to=account, by=developer, typed=account.email, at=NOON)


def test_only_the_developer_hands_over(company, user, stranger, developer):
    for by in (user, stranger):
        with pytest.raises(MayNotManage):
            hand_over_developer(company=company, to=user, by=by, typed=user.email, at=NOON)


def test_only_the_developer_chooses_how_users_join(company, developer, user, stranger):
    for by in (user, stranger):
        with pytest.raises(MayNotManage):
            choose_joining(company=company, joining=Company.Joining.OPEN, by=by, at=NOON)

    choose_joining(company=company, joining=Company.Joining.OPEN, by=developer, at=NOON)
    assert Company.objects.get(pk=company.pk).user_joining == Company.Joining.OPEN


# --- Pages -----------------------------------------------------------------------------------------------


def test_the_people_page_shows_who_is_in_and_who_waits(as_developer, user, newcomer, foreign_user):
    page = as_developer.get("/dev/people/").content.decode()

    assert user.email in page
    assert newcomer.account.email in page
    assert foreign_user.email not in page


def test_the_home_of_the_developer_shows_who_waits(as_developer, newcomer):
    assert newcomer.account.email in as_developer.get("/dev/").content.decode()


def test_the_home_of_a_user_does_not(as_user, newcomer):
    assert newcomer.account.email not in as_user.get("/user/").content.decode()


def test_people_are_approved_deactivated_and_reactivated_on_the_page(as_developer, newcomer):
    for verb in ("approve", "deactivate", "reactivate"):
        answer = as_developer.post(f"/dev/people/{newcomer.pk}/{verb}/")
        assert answer["Location"] == "/dev/people/"

    newcomer.refresh_from_db()
    assert newcomer.approved_at is not None
    assert newcomer.account.is_active


@pytest.mark.parametrize("verb", ["approve", "decline", "deactivate", "reactivate"])
def test_a_number_of_thousands_of_digits_is_nobody(as_developer, verb):
    assert as_developer.post(f"/dev/people/{'9' * 5_000}/{verb}/").status_code == 404


def test_declining_asks_first(as_developer, newcomer):
    path = f"/dev/people/{newcomer.pk}/decline/"

    assert newcomer.account.email in as_developer.get(path).content.decode()
    assert User.objects.filter(pk=newcomer.pk).exists()
    for _ in ("first", "second of two clicks"):
        answer = as_developer.post(path, follow=True)
        assert answer.redirect_chain == [("/dev/people/", 302)]
        assert " was declined and told so." in answer.content.decode()
        assert not User.objects.filter(pk=newcomer.pk).exists()


PAGES = ["/dev/people/", "/dev/settings/", "/dev/hand-over/"]
ACTS = ["approve", "decline", "deactivate", "reactivate"]


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_of_the_developer_refuse_a_user(as_user, path):
    assert as_user.get(path).status_code == 403


@pytest.mark.parametrize("verb", ACTS)
def test_a_person_of_another_company_is_as_absent_as_nobody(as_stranger, as_user, newcomer, verb):
    foreign = as_stranger.post(f"/dev/people/{newcomer.pk}/{verb}/")
    nobody = as_stranger.post(f"/dev/people/999999/{verb}/")

    assert foreign.status_code == nobody.status_code == 404
    assert as_user.post(f"/dev/people/{newcomer.pk}/{verb}/").status_code == 403
    newcomer.refresh_from_db()
    assert newcomer.approved_at is None


@pytest.mark.parametrize("verb", ["approve", "deactivate", "reactivate"])
def test_following_a_link_changes_nobody(as_developer, newcomer, verb):
    assert as_developer.get(f"/dev/people/{newcomer.pk}/{verb}/").status_code == 405


def test_settings_are_saved(as_developer, company):
    as_developer.post("/dev/settings/", {"user_joining": "OPEN"})

    company.refresh_from_db()
    assert company.user_joining == "OPEN"
    assert as_developer.post("/dev/settings/", {"user_joining": "ALL"}).status_code == 400


def test_the_role_is_handed_over_on_the_page(as_developer, user, company):
    wrong = as_developer.post("/dev/hand-over/", {"to": user.user.pk, "typed": "somebody"})
    assert wrong.status_code == 422
    assert f"Type {user.email}" in wrong.content.decode()

    answer = as_developer.post("/dev/hand-over/", {"to": user.user.pk, "typed": user.email}, follow=True)

    assert answer.redirect_chain[-1][0] == "/user/login/"
    assert membership(user).is_developer


def test_the_page_to_hand_over_offers_only_the_own_users(as_developer, user, foreign_user):
    page = as_developer.get("/dev/hand-over/").content.decode()

    assert user.email in page
    assert foreign_user.email not in page
    answer = as_developer.post("/dev/hand-over/", {"to": foreign_user.user.pk, "typed": foreign_user.email})
    assert answer.status_code == 400


@pytest.mark.parametrize("who", ["developer", "user"])
def test_the_own_account_is_renamed_and_deactivated(request, log_in, who):
    account = request.getfixturevalue(who)
    client, portal = log_in(account), {"developer": "dev"}.get(who, who)

    client.post(f"/{portal}/account/", {"name": "New Name"})
    account.refresh_from_db()
    assert account.name == "New Name"

    refused = client.post(f"/{portal}/account/deactivate/", {"confirm_name": "no"})
    account.refresh_from_db()
    assert (refused.status_code, account.is_active) == (422, True)
    assert f"Type {account.email} to confirm." in refused.content.decode()
    client.post(f"/{portal}/account/deactivate/", {"confirm_name": account.email})
    account.refresh_from_db()
    assert not account.is_active
    assert client.get(f"/{portal}/").status_code == 302
