"""The page, the command and the admin of API keys, and what the schema says of them."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from companies.models import ApiKey, AuditEvent
from companies.selectors import find_active_key
from companies.tests.factories import ApiKeyFactory, CompanyFactory

pytestmark = pytest.mark.django_db

PAGE = "/dev/api-keys/"
FORM = {"name": "Nightly import", "scopes": ["read", "predict"], "days": "90"}


def curl_line(answer):
    """Return what the call on the page sends, as a shell does that reads the line before it too."""
    page = answer.content.decode()
    line = re.search(r"curl -H (?:&quot;|\")(.+?)(?:&quot;|\") (\S+?)</code>", page)
    stored = re.search(r"<code>KEY=(\S+)\n", page)
    return {"header": line[1].replace("$KEY", stored[1] if stored else "$KEY"), "url": line[2]}


# --- Page ------------------------------------------------------------------------------------------------


def test_the_empty_page_teaches_with_a_line_that_works_once_there_is_a_key(as_developer):
    line = curl_line(as_developer.get(PAGE))

    secret = as_developer.post(PAGE, FORM).context["made"][1]
    name, value = line["header"].replace("YOUR-KEY", secret).split(": ")

    assert Client().get(line["url"], headers={name: value}).status_code == 200


def test_the_developer_makes_a_key_and_sees_it_once(as_developer, company):
    made = as_developer.post(PAGE, FORM)

    key = ApiKey.objects.get()
    secret = made.context["made"][1]
    assert made.status_code == 201
    assert "no-store" in made.headers["Cache-Control"]
    assert secret in made.content.decode()
    assert find_active_key(secret, at=timezone.now()) == key
    assert (key.company, key.scopes) == (company, ["read", "predict"])
    assert key.expiry_date - key.created_at == timedelta(days=90)

    again = as_developer.get(PAGE).content.decode()

    assert secret not in again
    assert key.prefix in again
    assert "Nightly import" in again


def test_the_lines_beside_a_new_key_work_as_they_stand(as_developer):
    line = curl_line(as_developer.post(PAGE, FORM))
    name, value = line["header"].split(": ")

    assert Client().get(line["url"], headers={name: value}).json()["scopes"] == ["read", "predict"]


def test_a_key_may_be_made_that_never_expires(as_developer):
    as_developer.post(PAGE, FORM | {"days": "0"})

    assert ApiKey.objects.get().expiry_date is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"days": "7000"}, "days"),
        ({"days": ""}, "days"),
    ],
)
def test_a_form_that_is_wrong_says_where(as_developer, change, field):
    answer = as_developer.post(PAGE, FORM | change)

    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not ApiKey.objects.exists()


def test_a_form_that_is_sent_twice_makes_one_key(as_developer):
    as_developer.post(PAGE, FORM)

    again = as_developer.post(PAGE, FORM)

    assert again.status_code == 409
    assert "There is an active key “Nightly import” already" in again.content.decode()
    assert ApiKey.objects.count() == 1


def test_the_page_shows_the_keys_of_the_own_company_only(as_developer, company):
    ApiKeyFactory(company=company, name="Ours")
    ApiKeyFactory(name="Theirs")

    html = as_developer.get(PAGE).content.decode()

    assert "Ours" in html
    assert "Theirs" not in html


def test_a_key_is_revoked_after_its_name_was_typed(as_developer, company, developer):
    key = ApiKeyFactory(company=company, created_by=developer, name="Nightly import")
    page = f"{PAGE}{key.pk}/revoke/"

    refused = as_developer.post(page, {"confirm_name": "nightly"})
    key.refresh_from_db()

    assert (refused.status_code, key.revoked) == (422, False)
    assert "Type Nightly import to confirm." in refused.content.decode()

    done = as_developer.post(page, {"confirm_name": "Nightly import"}, follow=True)
    key.refresh_from_db()

    assert key.revoked
    assert "opens nothing any more" in done.content.decode()
    # The second of two clicks.
    again = as_developer.post(page, {"confirm_name": "Nightly import"}, follow=True)
    assert again.redirect_chain == [(PAGE, 302)]
    assert "“Nightly import” was revoked before" in again.content.decode()
    assert as_developer.get(page).status_code == 404


def test_a_stranger_cannot_revoke(as_stranger, company, developer):
    key = ApiKeyFactory(company=company, created_by=developer, name="Ours")

    assert as_stranger.post(f"{PAGE}{key.pk}/revoke/", {"confirm_name": "Ours"}).status_code == 404


def test_only_the_developer_has_the_page_in_the_navigation(as_developer, as_user):
    assert PAGE in as_developer.get("/dev/").content.decode()
    assert "API keys" not in as_user.get("/user/").content.decode()


# --- Command ---------------------------------------------------------------------------------------------


def create(company, **options):
    told, printed = StringIO(), StringIO()
    given = {"name": "Nightly", "scopes": "read, predict"} | options
    arguments = [f"--{name}={value}" for name, value in given.items()]
    call_command("create_api_key", f"--company={company}", *arguments, stdout=printed, stderr=told)
    return printed.getvalue(), told.getvalue()


def test_the_command_prints_the_key_alone(company, developer):
    printed, told = create(company.pk)

    key = find_active_key(printed.strip(), at=timezone.now())
    assert (key.created_by, key.scopes, key.expiry_date) == (developer, ["read", "predict"], None)
    assert printed.strip() not in told
    assert developer.email in told
    assert AuditEvent.objects.get(action="api-key-created").actor is None


def test_the_command_takes_the_company_id_as_people_type_it(company, developer):
    assert create(company.pk.lower())[0]


def test_the_command_makes_a_key_for_some_days(company, developer):
    create(company.pk, days=30)

    key = ApiKey.objects.get()
    assert key.expiry_date - key.created_at == timedelta(days=30)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scopes": "read,all"}, "no scope “all”"),
        ({"scopes": ""}, "no scope"),
        ({"name": "x" * 51}, "--name"),
        ({"days": 0}, "expired already"),
        ({"days": 10**9}, "too far ahead"),
    ],
)
def test_the_command_refuses_in_a_sentence(company, developer, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        create(company.pk, **options)

    assert not ApiKey.objects.exists()


def test_the_command_needs_a_company_with_a_developer(db):
    with pytest.raises(CommandError, match="There is no company XYZ"):
        create("XYZ")
    with pytest.raises(CommandError, match="no approved developer"):
        create(CompanyFactory().pk)


# --- Admin -----------------------------------------------------------------------------------------------


def test_the_admin_shows_keys_without_their_hash_and_changes_none(as_operator):
    key = ApiKeyFactory(hashed_key="sha512$$0123456789abcdef")
    page = f"/admin/companies/apikey/{key.pk}/change/"

    html = as_operator.get(page).content.decode()

    assert key.prefix in html
    assert "0123456789abcdef" not in html
    assert as_operator.post(page, {"name": "x"}).status_code == 403
    assert as_operator.get("/admin/companies/apikey/add/").status_code == 403
    assert as_operator.get("/admin/rest_framework_api_key/apikey/").status_code == 404


def test_the_admin_revokes(as_operator, operator):
    key = ApiKeyFactory()

    as_operator.post("/admin/companies/apikey/", {"action": "revoke", "_selected_action": [key.pk]})

    key.refresh_from_db()
    assert key.revoked
    assert AuditEvent.objects.get(action="api-key-revoked").actor == operator


# --- Schema ----------------------------------------------------------------------------------------------


def test_the_schema_tells_how_to_send_a_key_and_where_it_is_taken(client):
    schema = client.get("/api/schema/", headers={"Accept": "application/json"}).json()

    scheme = schema["components"]["securitySchemes"]["ApiKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert "`predict`" in scheme["description"]
    for path in ("/api/v1/me", "/api/v1/models", "/api/v1/prediction-runs"):
        assert {"ApiKey": []} in schema["paths"][path]["get"]["security"]
