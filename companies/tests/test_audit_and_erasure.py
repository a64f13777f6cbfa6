from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from companies.events import DEVELOPER_APPROVED
from companies.models import Account, AuditErasure, AuditEvent, Company, Developer, User
from companies.services.audit import record_event
from companies.services.conditions import NameDiffers, OperatorsOnly
from companies.services.erasure import erase_company
from companies.services.people import deactivate_account, hand_over_developer
from companies.tests.factories import UserFactory
from core.events import publish, tell_due
from core.files.store import objects_under, store_bytes
from core.files.stored import MEDIA
from core.models import UntoldEvent

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def event(company, developer):
    return record_event(action="tried", company=company, actor=developer, subject="x", at=NOON, why="to see")


def test_what_was_written_down_stays_as_it_is(event):
    event.subject = "y"
    for change in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(subject="y"),
        lambda: AuditEvent.objects.bulk_update([event], ["subject"]),
        lambda: event.company.audit_events.all().delete(),
        lambda: AuditEvent.objects.update_or_create(pk=event.pk, defaults={"subject": "y"}),
        lambda: AuditEvent.objects.bulk_create(
            [event], update_conflicts=True, update_fields=["subject"], unique_fields=["id"]
        ),
    ):
        with pytest.raises(TypeError, match="only ever added"):
            change()

    assert AuditEvent.objects.get().subject == "x"


def around_the_orm():
    plain = AuditEvent._base_manager
    return {
        "update": lambda event: plain.update(subject="y"),
        "letter case": lambda event: plain.update(subject="X"),
        "time": lambda event: plain.update(at=NOON - timedelta(hours=1)),
        "company": lambda event: plain.update(company=None),
        "same actor again": lambda event: plain.update(actor=event.actor_id),
        "delete": lambda event: plain.all().delete(),
        "raw delete": lambda event: plain.all()._raw_delete("default"),
        "cascade of the company": lambda event: event.company.delete(),
        "new object with its number": lambda event: AuditEvent(pk=event.pk, action="tried", at=NOON).save(),
        "upsert": lambda event: plain.bulk_create(
            [event],
            update_conflicts=True,
            update_fields=["action"],
            unique_fields=None if connection.vendor == "mysql" else ["id"],
        ),
    }


@pytest.mark.parametrize("attempt", around_the_orm())
def test_the_database_refuses_to_touch_what_was_written_down(attempt, event):
    event.action = "never done"
    with pytest.raises(DatabaseError), transaction.atomic():
        around_the_orm()[attempt](event)

    kept = AuditEvent.objects.get()
    assert (kept.action, kept.subject, kept.at, kept.actor) == ("tried", "x", NOON, event.actor)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auditevents SET details = '{}'",
        "DELETE FROM auditevents",
        "REPLACE INTO auditevents (id, action, subject, details, at) "
        "SELECT id, 'never done', subject, details, at FROM auditevents",
    ],
)
def test_the_database_refuses_a_statement_typed_by_hand(statement, event):
    record_event(action="tried", subject="of no company", at=NOON)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert set(AuditEvent.objects.values_list("action", "subject")) == {
        ("tried", "x"),
        ("tried", "of no company"),
    }


@pytest.mark.django_db(transaction=True)
def test_emptying_the_whole_database_takes_the_log(event):
    record_event(action="tried", subject="of no company", at=NOON)

    call_command("flush", interactive=False, verbosity=0)

    assert not AuditEvent.objects.exists()
    assert not AuditErasure.objects.exists()


def test_the_log_outlives_who_is_in_it(event, developer):
    developer.delete()

    assert AuditEvent.objects.get().actor is None


def test_erasing_takes_everything_and_only_of_that_company(
    company, developer, user, operator, stranger, other_company, django_capture_on_commit_callbacks
):
    store_bytes(MEDIA, f"datasets/dev/uploadToPredict/{company.pk}/march.csv", b"theirs")
    store_bytes(MEDIA, f"datasets/dev/uploadToPredict/{other_company.pk}/march.csv", b"of others")
    record_event(action="tried", company=company, actor=developer, at=NOON)
    # Who was the developer before hangs on the company by the row as a user only.
    hand_over_developer(company=company, to=user, by=developer, typed=user.email, at=NOON)
    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=NOON)

    kept = [found.name for found in objects_under(MEDIA, "datasets/")]
    assert kept == [f"datasets/dev/uploadToPredict/{other_company.pk}/march.csv"]
    assert set(Account.objects.all()) == {operator, stranger}
    assert list(Company.objects.all()) == [other_company]
    assert [row.account for row in Developer.objects.all()] == [stranger]
    assert not User.objects.exists()
    assert AuditEvent.objects.get().action == "company-erased"
    assert not AuditErasure.objects.exists()


def test_erasing_leaves_no_event_behind(
    company, developer, operator, other_company, django_capture_on_commit_callbacks
):
    for owner in (company, other_company):
        publish(DEVELOPER_APPROVED, about=owner.pk, at=NOON, developer_id=developer.developer.pk)

    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=NOON)

    assert not UntoldEvent.objects.filter(about=company.pk).exists()
    assert UntoldEvent.objects.get().about == other_company.pk


def test_files_that_could_not_be_erased_are_erased_later(
    company, operator, tmp_path, settings, django_capture_on_commit_callbacks
):
    name = f"datasets/dev/uploadToPredict/{company.pk}/march.csv"
    store_bytes(MEDIA, name, b"theirs")
    away = tmp_path / "away"
    folder = settings.MEDIA_ROOT / f"datasets/dev/uploadToPredict/{company.pk}"
    folder.rename(away)
    folder.write_text("a file where the folder was cannot be listed")

    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=NOON)
    untold = UntoldEvent.objects.get()
    assert untold.attempts == 1
    assert "still there, of predictions" in untold.error
    folder.unlink()
    away.rename(folder)
    tell_due(at=NOON + timedelta(minutes=1))

    assert not list(objects_under(MEDIA, "datasets/"))
    assert not UntoldEvent.objects.exists()


def test_erasing_needs_the_name_and_an_operator(company, developer, operator):
    with pytest.raises(NameDiffers):
        erase_company(company=company, typed="Harbour", by=operator, at=NOON)
    with pytest.raises(OperatorsOnly):
        erase_company(company=company, typed=company.name, by=developer, at=NOON)

    assert Company.objects.filter(pk=company.pk).exists()


# --- The operator's door ---------------------------------------------------------------------------------


def test_an_operator_sees_what_could_not_be_told_and_has_it_told(as_operator, developer):
    publish(DEVELOPER_APPROVED, about="X", at=NOON, developer_id=developer.developer.pk)
    untold = UntoldEvent.objects.get()
    path = "/admin/core/untoldevent/"

    assert "developer-approved" in as_operator.get(path).content.decode()
    assert as_operator.post(f"{path}{untold.pk}/change/", {}).status_code == 403
    as_operator.post(path, {"action": "tell_now", "_selected_action": [untold.pk]})

    assert not UntoldEvent.objects.exists()


MODELS = ["company", "account", "developer", "user", "auditevent"]


@pytest.mark.parametrize("model", MODELS)
def test_the_admin_shows_every_table_and_adds_to_none(as_operator, as_developer, user, event, model):
    assert as_operator.get(f"/admin/companies/{model}/").status_code == 200
    assert as_operator.get(f"/admin/companies/{model}/add/").status_code == 403
    assert as_developer.get(f"/admin/companies/{model}/").status_code == 302


def test_the_admin_shows_single_rows_and_changes_none(as_operator, user, event):
    for row in (user, user.user, user.user.company, event):
        path = f"/admin/companies/{row._meta.model_name}/{row.pk}/change/"
        assert as_operator.get(path).status_code == 200
        assert as_operator.post(path, {}).status_code == 403


def act(client, model, action, row):
    form = {"action": action, "_selected_action": [row.pk]}
    return client.post(f"/admin/companies/{model}/", form, follow=True)


def test_an_operator_deactivates_and_reactivates(as_operator, user):
    act(as_operator, "account", "deactivate", user)
    user.refresh_from_db()
    assert not user.is_active

    refused = act(as_operator, "account", "deactivate", user)
    assert "deactivated already" in refused.content.decode()

    act(as_operator, "account", "reactivate", user)
    user.refresh_from_db()
    assert user.is_active


def test_an_operator_approves_and_declines(as_operator, company):
    welcome, unwelcome = UserFactory.create_batch(2, company=company, waiting=True)

    act(as_operator, "user", "approve", welcome)
    act(as_operator, "user", "decline", unwelcome)

    assert list(company.users.exclude(approved_at=None)) == [welcome]
    assert not company.users.filter(approved_at=None).exists()


def test_an_operator_gives_a_company_a_developer_when_its_own_is_gone(as_operator, company, developer, user):
    deactivate_account(account=developer, by=developer, at=NOON)

    act(as_operator, "user", "make_developer", user.user)

    assert Developer.objects.get(company=company).account == user


def test_an_operator_erases_a_company_by_typing_its_name(as_operator, company):
    path = f"/admin/companies/company/{company.pk}/erase/"

    assert as_operator.get(path).status_code == 200
    assert as_operator.post(path, {"typed": "wrong"}).status_code == 422
    as_operator.post(path, {"typed": company.name})

    assert not Company.objects.exists()


# --- The demo company ------------------------------------------------------------------------------------


def test_the_demo_tells_passwords_that_work_and_only_once(capsys, client):
    call_command("create_demo")
    first = capsys.readouterr().out
    call_command("create_demo")
    second = capsys.readouterr().out

    assert Account.objects.count() == 4
    assert Company.objects.count() == 1
    for line in first.splitlines()[1:]:
        _, address, email, password = line.split()
        path = address.partition("//")[2].partition("/")[2]
        form = {"login": email, "username": email, "password": password, "next": ""}
        login = f"/{path}" if "login" in path else f"/{path}login/"
        assert client.post(login, form).status_code == 302
        client.logout()
        assert password not in second


def test_the_demo_makes_new_passwords_when_told_to(capsys):
    call_command("create_demo")
    before = set(Account.objects.values_list("password", flat=True))
    call_command("create_demo", "--reset-passwords")

    assert before.isdisjoint(Account.objects.values_list("password", flat=True))


def test_the_demo_leaves_alone_what_people_changed_in_it(capsys):
    call_command("create_demo")
    company = Company.objects.get()
    developer = Account.objects.get(developer__company=company)
    deactivate_account(account=developer, by=developer, at=NOON)
    user = Account.objects.filter(user__company=company).exclude(pk=developer.pk).first()
    Developer.objects.create(company=company, account=user, approved_at=NOON)

    call_command("create_demo")

    assert Developer.objects.get(company=company).account == user
