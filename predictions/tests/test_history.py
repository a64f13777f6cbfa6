from datetime import timedelta

import pytest

from companies.tests.factories import UserFactory
from predictions.tests.factories import NOON, PredictionFactory
from registry.tests.factories import ModelVersionFactory, PopulationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]

DEV, USER = "/dev/predictions/", "/user/predictions/"


@pytest.fixture
def by_user(user, company):
    return PredictionFactory(prediction_name="By Uma", user=user.user)


@pytest.fixture
def by_colleague(company):
    return PredictionFactory(prediction_name="By Carl", user=UserFactory(company=company))


@pytest.fixture
def by_developer(developer):
    return PredictionFactory(prediction_name="By Dana", by_developer=True, developer=developer.developer)


def names(answer):
    return {str(prediction) for prediction in answer.context["page"]} if "page" in answer.context else set()


def test_a_developer_sees_everybody_and_a_user_begins_with_the_own(
    as_developer, as_user, by_user, by_colleague, by_developer
):
    assert names(as_developer.get(DEV)) == {"By Uma", "By Carl", "By Dana"}
    assert names(as_user.get(USER)) == {"By Uma"}
    assert names(as_user.get(USER, {"person": "all"})) == {"By Uma", "By Carl", "By Dana"}


def test_filters_by_person(as_developer, by_user, by_colleague, by_developer):
    assert names(as_developer.get(DEV, {"person": f"user-{by_colleague.user_id}"})) == {"By Carl"}
    assert names(as_developer.get(DEV, {"person": "me"})) == {"By Dana"}


def test_filters_by_model(as_developer, by_user, company):
    own = ModelVersionFactory(company=company)
    PredictionFactory(prediction_name="With the own model", user=UserFactory(company=company), model=own)

    assert names(as_developer.get(DEV, {"model": own.pk})) == {"With the own model"}


def test_filters_by_days_both_included(as_developer, company):
    for days in range(4):
        PredictionFactory(
            prediction_name=f"Day {days}",
            user=UserFactory(company=company),
            created_at=NOON + timedelta(days=days),
        )

    assert names(as_developer.get(DEV, {"since": "2026-03-03", "until": "2026-03-04"})) == {"Day 1", "Day 2"}


def test_says_which_filter_makes_no_sense(as_developer, by_user):
    answer = as_developer.get(DEV, {"since": "yesterday-ish", "person": "user-0", "model": "x"})

    assert answer.status_code == 200
    assert "Enter a valid date" in answer.content.decode()


@pytest.mark.parametrize(
    ("sort", "first"), [("name", "By Carl"), ("-name", "By Uma"), ("nonsense", "By Uma")]
)
def test_sorts(as_developer, by_user, by_colleague, by_developer, sort, first):
    assert str(as_developer.get(DEV, {"sort": sort}).context["page"][0]) == first


def test_pages_without_losing_the_filter(as_developer, company):
    colleague = UserFactory(company=company)
    PredictionFactory.create_batch(30, user=colleague)

    page = as_developer.get(DEV, {"person": f"user-{colleague.pk}"}).content.decode()

    assert "1–25 of 30" in page  # noqa: RUF001
    assert f"person=user-{colleague.pk}&amp;page=2" in page


def test_shows_why_a_prediction_failed_and_how_to_do_it_again(as_user, user):
    failed = PredictionFactory(user=user.user, failed=True)

    page = as_user.get(USER).content.decode()

    assert "takes longer than 300 seconds" in page
    assert f"?again={failed.uuid}" in page


def test_an_empty_history_teaches(as_user):
    page = as_user.get(USER).content.decode()

    assert "No prediction yet" in page
    assert "sample.csv" in page


def test_shows_nothing_of_another_company(as_stranger, as_foreign_user, by_user):
    assert "By Uma" not in as_stranger.get(DEV, {"person": "all"}).content.decode()
    assert "By Uma" not in as_foreign_user.get(USER, {"person": f"user-{by_user.user_id}"}).content.decode()


@pytest.mark.parametrize(("client", "home"), [("as_user", "/user/"), ("as_developer", "/dev/")])
def test_the_home_pages_show_the_latest_of_everybody(request, client, home, by_user, by_colleague):
    page = request.getfixturevalue(client).get(home).content.decode()

    assert {"By Uma", "By Carl"} <= set(page.replace("<", ">").split(">"))


def test_models_of_one_name_are_told_apart_by_their_customers(by_user, as_user, company):
    shop = PopulationFactory(company=company, name="Corner shop")
    PredictionFactory(user=by_user.user, model=ModelVersionFactory(company=company, population=shop))

    choices = [label for _, label in as_user.get(USER).context["filter"].form.fields["model"].choices]

    assert f"{by_user.model} · {by_user.population}" in choices
    assert any(label.endswith("· Corner shop") for label in choices)
