"""From an empty installation to a developer and a user who are in, as people do it."""

import pytest
from django.test import Client

from companies.models import Account, AuditEvent, Company, Developer
from companies.tests.factories import PASSWORD
from companies.tests.letters import latest_letter_to, letters_to, link_in

pytestmark = pytest.mark.django_db(transaction=True)

OFFICE = "office@north.example.com"


def register(client, email=OFFICE, name="North Cable"):
    return client.post("/register/", {"name": name, "email": email}, follow=True)


def join(client, portal, company_id, email, name="Nora North", password=PASSWORD):
    form = {"company_id": company_id, "name": name, "email": email, "password": password}
    return client.post(f"/{portal}/join/", form, follow=True)


def log_in(client, portal, email, password=PASSWORD):
    return client.post(f"/{portal}/login/", {"login": email, "password": password}, follow=True)


def test_a_company_a_developer_and_a_user_come_in():
    office, dora, ugo = Client(), Client(), Client()

    register(office)
    assert OFFICE in latest_letter_to(OFFICE).to
    company = Company.objects.get(email=OFFICE)
    assert company.pk not in latest_letter_to(OFFICE).body
    shown = office.post(link_in(latest_letter_to(OFFICE)))
    assert company.pk in shown.content.decode()
    assert company.pk in latest_letter_to(OFFICE).body

    join(dora, "dev", company.pk, "dora@north.example.com")
    dora.post(link_in(latest_letter_to("dora@north.example.com")))
    waiting = log_in(dora, "dev", "dora@north.example.com")
    assert waiting.redirect_chain[-1][0] == "/waiting/"
    decision = office.post(link_in(latest_letter_to(OFFICE)), {"decision": "approve"})
    assert decision.status_code == 200
    assert dora.get("/dev/").status_code == 200

    join(ugo, "user", f" {company.pk[:5].lower()}-{company.pk[5:]} ", "ugo@north.example.com")
    ugo.post(link_in(latest_letter_to("ugo@north.example.com")))
    row = company.users.get()
    assert link_in(latest_letter_to("dora@north.example.com")) == "/dev/people/"
    dora.post(f"/dev/people/{row.pk}/approve/")
    twice = dora.post(f"/dev/people/{row.pk}/approve/", follow=True)
    assert twice.redirect_chain == [("/dev/people/", 302)] and "does not wait" in twice.content.decode()
    assert log_in(ugo, "user", "ugo@north.example.com").redirect_chain[-1][0] == "/user/"

    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "company-registered",
        "company-verified",
        "developer-registered",
        "address-confirmed",
        "developer-approved",
        "user-registered",
        "address-confirmed",
        "user-approved",
    ]


def test_the_link_that_verifies_a_company_works_once(client):
    register(client)
    link = link_in(latest_letter_to(OFFICE))
    company = Company.objects.get()

    opened = client.get(link)
    assert company.pk not in opened.content.decode()
    assert not Company.objects.get().email_verified

    client.post(link)
    again = client.post(link)

    assert again.status_code == 409
    assert company.pk not in again.content.decode()


def test_a_link_that_was_changed_is_refused(client):
    register(client)
    link = link_in(latest_letter_to(OFFICE))

    for forged in (link[:-2] + "/", link.replace(":", ":x", 1), "/register/verify/nonsense/"):
        assert client.post(forged).status_code == 404
    assert not Company.objects.get().email_verified


def test_a_link_for_one_purpose_does_nothing_for_another(client):
    register(client)
    link = link_in(latest_letter_to(OFFICE))

    assert client.post(link.replace("/register/verify/", "/decide/")).status_code == 404


def test_registering_again_before_the_address_is_confirmed_sends_a_fresh_link(client):
    register(client)
    register(client, name="North Cable Ltd")

    client.post(link_in(latest_letter_to(OFFICE)))

    assert Company.objects.get().name == "North Cable Ltd"
    assert Company.objects.get().email_verified


def test_registering_a_known_address_sends_it_a_letter_and_changes_nothing(client, company):
    register(client, email=company.email.upper(), name="Somebody Else")

    assert "registered already" in latest_letter_to(company.email).subject
    company.refresh_from_db()
    assert company.name == "Harbour Telecom"


def test_nobody_joins_a_company_whose_address_is_not_confirmed(client):
    register(client)

    answer = join(client, "user", Company.objects.get().pk, "ugo@north.example.com")

    assert answer.status_code == 422
    assert "No company has this ID" in answer.content.decode()
    assert not Account.objects.exists()


def test_a_second_developer_is_refused_with_a_sentence_and_leaves_no_account(client, company, developer):
    answer = join(client, "dev", company.pk, "second@north.example.com")

    assert answer.status_code == 409
    assert "has a developer already" in answer.content.decode()
    assert Developer.objects.count() == 1
    assert not Account.objects.filter(email="second@north.example.com").exists()


def test_a_weak_password_is_refused_at_the_field(client, company):
    answer = join(client, "user", company.pk, "ugo@north.example.com", password="password12")

    assert answer.status_code == 400
    assert "too common" in answer.content.decode()


def test_the_link_that_confirms_an_address_works_once(client, company):
    join(client, "user", company.pk, "ugo@north.example.com")
    link = link_in(latest_letter_to("ugo@north.example.com"))

    client.get(link)
    assert not Account.objects.get().email_verified
    client.post(link)
    assert Account.objects.get().email_verified
    letters = len(letters_to(company.email))
    again = client.post(link)

    assert again.status_code == 404
    assert len(letters_to(company.email)) == letters


def test_logging_in_before_the_address_is_confirmed_leads_to_the_mailbox(client, company):
    join(client, "user", company.pk, "ugo@north.example.com")

    answer = log_in(Client(), "user", "ugo@north.example.com")

    assert answer.redirect_chain[-1][0] == "/join/sent/"


def test_where_there_is_no_developer_the_company_decides_about_a_user(client, company):
    join(client, "user", company.pk, "ugo@north.example.com")
    client.post(link_in(latest_letter_to("ugo@north.example.com")))
    link = link_in(latest_letter_to(company.email))

    assert client.get(link).status_code == 200
    assert company.users.get().approved_at is None
    client.post(link, {"decision": "approve"})
    assert company.users.get().approved_at is not None
    assert client.post(link, {"decision": "decline"}).status_code == 409


def test_declining_a_developer_frees_the_place_and_the_address(client, company):
    join(client, "dev", company.pk, "dora@north.example.com")
    client.post(link_in(latest_letter_to("dora@north.example.com")))

    client.post(link_in(latest_letter_to(company.email)), {"decision": "decline"})
    assert "declined" in latest_letter_to("dora@north.example.com").subject
    again = join(Client(), "dev", company.pk, "dora@north.example.com")

    assert again.status_code == 200
    assert Developer.objects.get().account.email == "dora@north.example.com"


def test_an_open_company_lets_users_in_and_is_told(client, company, developer):
    company.user_joining = Company.Joining.OPEN
    company.save()

    join(client, "user", company.pk, "ugo@north.example.com")
    client.post(link_in(latest_letter_to("ugo@north.example.com")))

    assert company.users.get().approved_at is not None
    assert "joined" in latest_letter_to(company.email).subject


def test_an_open_company_still_decides_about_its_developer(client, company):
    company.user_joining = Company.Joining.OPEN
    company.save()

    join(client, "dev", company.pk, "dora@north.example.com")
    client.post(link_in(latest_letter_to("dora@north.example.com")))

    assert Developer.objects.get().approved_at is None


def test_where_no_mail_is_sent_the_page_says_where_the_letters_are(client, settings):
    page = register(client).content.decode()
    assert "sends no mail" not in page

    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.BASE_DIR / "var" / "mail"
    page = client.get("/register/sent/").content.decode()
    assert "<code>var/mail</code>" in page

    settings.EMAIL_FILE_PATH = "/somewhere/private"
    assert "/somewhere" not in client.get("/register/sent/").content.decode()
