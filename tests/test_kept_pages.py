"""A page that was shown before is shown again without being made, and never when anything of it changed."""

import re

import pytest
import structlog
from django.dispatch import receiver
from django.test import Client
from django.utils import timezone
from django_structlog.signals import bind_extra_request_finished_metadata

from companies.models import User
from companies.services.people import deactivate_account, hand_over_developer, rename_account
from core import kept
from predictions.tests.factories import PredictionFactory
from registry.services.deployments import deploy_version

pytestmark = pytest.mark.django_db

PAGES = [f"/{portal}/{page}" for portal in ("user", "dev") for page in ("", "predict/", "models/")]
TOKEN = re.compile(r'(?<=name="token" value=")[0-9a-f-]{36}|\b\w{64}\b')
CSRF = re.compile(r'X-CSRFToken": "(\w{64})"')


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def secrets_of(text):
    """Return the tokens of CSRF and of forms that are sent once."""
    found = set(TOKEN.findall(text))
    assert found
    return found


def words_of(text):
    """Return `text` without what no two pages share."""
    return TOKEN.sub("", text)


def is_shown_again(answer):
    """Whether no template was rendered for `answer`."""
    return answer.status_code == 200 and not answer.templates


def keep(client, path):
    """Open `path` until it is kept; return what it says."""
    said = text_of(client, path)
    assert is_shown_again(client.get(path))
    return said


@pytest.fixture
def elsewhere():
    """Return a function that gives the same browser, answered by another process."""

    def of(client):
        other = Client()
        other.cookies = client.cookies
        return other

    return of


@pytest.fixture
def clients(as_user, as_developer):
    return {"user": as_user, "dev": as_developer}


@pytest.mark.parametrize("path", PAGES)
def test_the_second_time_it_says_the_same_without_being_made(clients, default_versions, path):
    client = clients[path.split("/")[1]]
    made = client.get(path)

    again = client.get(path)

    assert made.templates
    assert is_shown_again(again)
    first, second = made.content.decode(), again.content.decode()
    assert secrets_of(first).isdisjoint(secrets_of(second))
    assert words_of(first) == words_of(second)
    assert dict(made.headers) == dict(again.headers) | {"X-Request-ID": made["X-Request-ID"]}


@pytest.mark.parametrize(
    "path", ["/user/predict/", "/user/models/", "/dev/", "/dev/predict/", "/dev/models/"]
)
def test_a_deployment_is_seen_at_once_by_every_process(
    clients, elsewhere, company, developer, default_versions, path
):
    client = clients[path.split("/")[1]]
    other = elsewhere(client)
    before = keep(client, path)
    keep(other, path)

    deploy_version(
        version=default_versions["decision_tree"],
        company=company,
        by=developer,
        reason="Easy to explain.",
        at=timezone.now(),
    )

    after = text_of(client, path)
    assert words_of(after) != words_of(before)
    assert words_of(text_of(other, path)) == words_of(after)


def test_a_prediction_that_is_renamed_in_one_process_has_its_name_in_the_other(
    as_user, elsewhere, user, default_versions
):
    made = PredictionFactory(user=user.user, model=default_versions["decision_tree"], prediction_name="May")
    assert "May" in keep(as_user, "/user/")

    elsewhere(as_user).post(f"/user/predictions/{made.uuid}/rename/", {"name": "Second of May"})

    assert "Second of May" in text_of(as_user, "/user/")


def test_the_name_of_the_reader_and_of_the_company_are_those_of_now(as_user, user, company):
    keep(as_user, "/user/")

    rename_account(account=user, name="Una", at=timezone.now())
    type(company).objects.update(name="Quay Telecom")

    assert "Quay Telecom" in text_of(as_user, "/user/")


def test_each_reader_is_shown_the_own_page(as_user, as_foreign_user, log_in):
    assert "Harbour Telecom" in keep(as_user, "/user/")

    assert "Hilltop Mobile" in keep(as_foreign_user, "/user/")
    assert Client().get("/user/").status_code == 302


def close(user, developer):
    deactivate_account(account=user, by=developer, at=timezone.now())


def let_wait(user, developer):
    User.objects.filter(account=user).update(approved_at=None)


def hand_over(user, developer):
    hand_over_developer(
        company=developer.developer.company, to=user, by=developer, typed=user.email, at=timezone.now()
    )


@pytest.mark.parametrize("take_away", [close, let_wait, hand_over])
def test_who_may_no_longer_read_it_is_not_shown_it_again(as_user, user, developer, take_away):
    keep(as_user, "/user/models/")

    take_away(user, developer)

    assert as_user.get("/user/models/").status_code == 302


def test_who_logged_out_is_not_shown_it_again(as_user):
    keep(as_user, "/user/")
    cookies = dict(as_user.cookies)

    as_user.post("/logout/")
    as_user.cookies.update(cookies)

    assert as_user.get("/user/").status_code == 302


def test_a_form_that_is_shown_again_can_be_sent(log_in, user, default_versions):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = log_in(user).cookies
    keep(browser, "/user/predict/")

    sent = browser.post(
        "/user/predict/", headers={"X-CSRFToken": CSRF.search(text_of(browser, "/user/predict/"))[1]}
    )

    assert sent.status_code == 400  # without a file, and not 403
    assert browser.post("/user/predict/").status_code == 403


def test_a_message_is_told_once(as_developer, default_versions):
    keep(as_developer, "/dev/models/")
    tree = default_versions["decision_tree"]

    as_developer.post(f"/dev/models/{tree.pk}/deploy/", {"role": "CHAMPION", "reason": "Easy to explain."})

    assert "from now on" in text_of(as_developer, "/dev/models/")
    assert "from now on" not in text_of(as_developer, "/dev/models/")


def test_it_is_made_anew_after_a_while(as_user, monkeypatch):
    keep(as_user, "/user/")

    monkeypatch.setattr(kept, "LONGEST_SECONDS", 0)

    assert not is_shown_again(as_user.get("/user/"))


def test_work_that_goes_on_is_looked_at_each_time(as_user, user, default_versions):
    going_on = PredictionFactory(user=user.user, model=default_versions["decision_tree"])
    page = f"/user/predictions/{going_on.uuid}/"

    assert "every" in text_of(as_user, page)

    assert not is_shown_again(as_user.get(page))


def test_answers_that_differ_in_one_number_are_told_apart(db):
    answers = [kept.Question.ask(f"SELECT {number}", ()).answer for number in (-1, -2, 0, 1)]

    assert len(set(answers)) == 4


def test_no_more_is_kept_than_there_is_room_for(as_user, monkeypatch):
    keep(as_user, "/user/")
    monkeypatch.setattr(kept, "MOST_BYTES", 100)

    keep_nothing = as_user.get("/user/models/"), as_user.get("/user/models/")

    assert not any(map(is_shown_again, [*keep_nothing, as_user.get("/user/")]))


def test_the_log_says_whose_page_it_was(as_user, user):
    keep(as_user, "/user/")
    logged = []

    @receiver(bind_extra_request_finished_metadata)
    def note(**told):
        logged.append(structlog.contextvars.get_contextvars()["user_id"])

    as_user.get("/user/")

    assert logged == [user.pk]
