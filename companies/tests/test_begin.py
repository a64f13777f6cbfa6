"""The first question: what a company has, asked while it has nothing and to be found again afterwards."""

import pytest

from companies.beginnings import Beginning, add_beginning, beginnings_for, has_begun
from companies.identity import membership
from core.sections import Sections

pytestmark = pytest.mark.django_db


def answer(title):
    return Beginning(title, "Text.", "A file.", "/begin/", "Begin", "/sample.csv", "Sample")


@pytest.fixture
def no_answers(monkeypatch):
    monkeypatch.setattr("companies.beginnings._beginnings", Sections())
    monkeypatch.setattr("companies.beginnings._begun", Sections())


def test_apps_give_answers_in_an_order(no_answers, developer):
    add_beginning("late", order=9, provide=lambda member: answer("Late"), has_begun=lambda company: False)
    add_beginning(
        "early",
        order=1,
        provide=lambda member: answer(member.company.name),
        has_begun=lambda company: False,
    )

    titles = [each.title for each in beginnings_for(membership(developer))]

    assert titles == ["Harbour Telecom", "Late"]


def test_a_company_has_begun_with_any_of_them(no_answers, company, other_company):
    add_beginning(
        "one", order=1, provide=lambda member: answer("One"), has_begun=lambda found: found == other_company
    )

    assert has_begun(other_company) and not has_begun(company)


def test_the_home_of_a_developer_asks_while_the_company_has_nothing(no_answers, as_developer):
    add_beginning("one", order=1, provide=lambda member: answer("Purchases"), has_begun=lambda company: False)

    home = as_developer.get("/dev/").content.decode()

    assert "What do you have?" in home and "Purchases" in home and 'href="/sample.csv" download' in home


def test_it_asks_no_more_once_there_is_data_but_stays_reachable(no_answers, as_developer):
    add_beginning("one", order=1, provide=lambda member: answer("Purchases"), has_begun=lambda company: True)

    assert "What do you have?" not in as_developer.get("/dev/").content.decode()
    assert "Purchases" in as_developer.get("/dev/begin/").content.decode()


def test_the_front_page_says_for_whom_it_is(client):
    page = client.get("/").content.decode()

    for what in ("A table of customers", "Purchases", "Customers of a telecom company"):
        assert what in page


def test_a_user_is_not_asked(as_user):
    assert "What do you have?" not in as_user.get("/user/").content.decode()
    assert as_user.get("/dev/begin/").status_code == 403
