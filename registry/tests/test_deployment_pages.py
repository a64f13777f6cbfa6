"""The pages on which a developer decides what serves the company, and reads who decided what."""

import csv
from datetime import timedelta

import pytest
from django.urls import reverse

from companies.tests.factories import UserFactory
from registry.models import ModelVersion
from registry.selectors import champion_of, telecom_base
from registry.services.deployments import deploy_version
from registry.services.initialisation import initialize_default_models
from registry.services.states import quarantine_version
from registry.tests.factories import NOON, ModelMetricsFactory, ModelVersionFactory, PopulationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]

HOUR = timedelta(hours=1)


@pytest.fixture
def default():
    return ModelMetricsFactory(model=ModelVersionFactory(default=True)).model


@pytest.fixture
def second(company):
    return ModelMetricsFactory(model=ModelVersionFactory(company=company, number=2)).model


@pytest.fixture
def third(company):
    return ModelMetricsFactory(model=ModelVersionFactory(company=company, number=3)).model


@pytest.fixture
def champion(second, company, developer):
    deploy_version(version=second, company=company, by=developer, reason="Finds more.", at=NOON)
    return second


def text(answer):
    return " ".join(answer.content.decode().split())


def url(name, version=None):
    return reverse(f"registry:{name}", args=[version.pk] if version else [])


# --- Deploy ----------------------------------------------------------------------------------------------


def test_a_base_of_its_own_has_a_champion_of_its_own(champion, third, company, as_developer):
    base = PopulationFactory(company=third.company, name="Purchases")
    ModelVersion.objects.filter(pk=third.pk).update(population=base)

    answer = as_developer.post(url("deploy", third), {"role": "CHAMPION", "reason": "For the shop."})
    models = text(as_developer.get(reverse("registry:models", args=["dev"])))

    assert answer.status_code == 302
    assert champion_of(company, telecom_base()).model == champion
    assert champion_of(company, base).model == third
    assert "Purchases" in models

    as_developer.post(f"{url('roll_back')}?base={base.uuid}", {"reason": "No use."})

    assert champion_of(company, base) is None
    assert champion_of(company, telecom_base()).model == champion


def test_shows_what_would_change_for_whom_before_it_does(
    default, champion, third, company, user, as_developer
):
    UserFactory(company=company)
    UserFactory(company=company, waiting=True)

    page = text(as_developer.get(url("deploy", third)))

    assert "Nothing has changed yet" in page
    assert f"Deploy {third} for you and 2 users" in page
    assert f"{third} beside {champion}" in page
    assert "They were not compared on the same customers" in page
    assert "better<" not in page and "worse<" not in page
    assert champion_of(company, telecom_base()).model == champion


def test_the_developer_alone_is_told_that_it_changes_for_them(third, as_developer):
    page = text(as_developer.get(url("deploy", third)))

    assert f"Deploy {third} for you </button>" in page.replace("you<", "you <")
    assert "0 users" not in page and "0 defaults" not in page


def test_deploys_with_a_reason(champion, third, company, as_developer):
    answer = as_developer.post(
        url("deploy", third), {"role": "CHAMPION", "reason": "Finds more."}, follow=True
    )

    assert champion_of(company, telecom_base()).model == third
    assert f"{third} is the champion of {third.population} from now on." in text(answer)


def test_offers_beside_the_champion(champion, third, company, as_developer):
    as_developer.post(url("deploy", third), {"role": "ALTERNATIVE", "reason": "To try."})

    assert champion_of(company, telecom_base()).model == champion
    assert company.deployments.active().get(model=third).reason == "To try."


def test_asks_for_a_reason(champion, third, company, as_developer):
    answer = as_developer.post(url("deploy", third), {"role": "CHAMPION", "reason": " "})

    assert answer.status_code == 400
    assert "Say why" in text(answer)
    assert champion_of(company, telecom_base()).model == champion


def test_a_form_that_is_sent_twice_says_what_the_first_did(champion, third, company, as_developer):
    sent = {"role": "CHAMPION", "reason": "Finds more."}
    as_developer.post(url("deploy", third), sent)

    answer = as_developer.post(url("deploy", third), sent, follow=True)

    assert answer.redirect_chain == [(reverse("registry:models", args=["dev"]), 302)]
    assert f"{third} already serves {company} as its champion: nothing was changed." in text(answer)
    assert f"{third} is the champion of {third.population} from now on." in text(answer)
    assert company.deployment_events.filter(deployment__model=third).count() == 1


def test_a_role_that_nobody_offers_is_refused_in_words(third, as_developer):
    answer = as_developer.post(url("deploy", third), {"role": "KING", "reason": "Finds more."})

    assert answer.status_code == 400
    assert "Choose one of those shown." in text(answer)
    assert "KING" not in text(answer)


def test_refuses_a_version_out_of_service(second, operator, as_developer):
    quarantine_version(version=second, reason="Under suspicion.", by=operator, at=NOON)

    answer = as_developer.get(url("deploy", second))

    assert answer.status_code == 409
    assert "serves nobody" in text(answer)


# --- Withdraw and roll back ------------------------------------------------------------------------------


def test_withdraws_with_a_reason(default, champion, company, as_developer):
    shown = text(as_developer.get(url("withdraw", champion)))
    answer = as_developer.post(url("withdraw", champion), {"reason": "Too many calls."}, follow=True)

    assert f"{champion} no longer serves {champion.population}." in text(answer)
    assert f"<b>{default}</b>" in shown
    assert not company.deployments.active().exists()


def test_rolls_back_to_the_champion_before(champion, third, company, developer, as_developer):
    deploy_version(version=third, company=company, by=developer, reason="Better.", at=NOON + HOUR)

    shown = text(as_developer.get(url("roll_back")))
    answer = as_developer.post(url("roll_back"), {"reason": "Too many calls."}, follow=True)

    assert f"Roll back from {third} to {champion}?" in shown
    assert champion_of(company, telecom_base()).model == champion
    assert f"{third} was withdrawn; {champion} is the champion again." in text(answer)


def test_a_second_click_goes_back_no_further(champion, third, company, developer, as_developer):
    deploy_version(version=third, company=company, by=developer, reason="Better.", at=NOON + HOUR)
    form = as_developer.get(url("roll_back")).context["form"]
    sent = {"champion": form["champion"].value(), "reason": "Too many calls."}
    as_developer.post(url("roll_back"), sent)

    answer = as_developer.post(url("roll_back"), sent, follow=True)

    assert champion_of(company, telecom_base()).model == champion
    assert f"{champion} is the champion of {third.population}, and no longer the one" in text(answer)


def test_what_was_withdrawn_in_another_window_is_said(champion, company, as_developer):
    as_developer.post(url("withdraw", champion), {"reason": "Too many calls."})

    answer = as_developer.post(url("withdraw", champion), {"reason": "Too many calls."}, follow=True)

    assert answer.status_code == 200
    assert f"{champion} does not serve {company}: nothing was changed." in text(answer)


def test_nothing_to_roll_back_is_said_in_a_sentence(second, as_developer):
    answer = as_developer.get(url("roll_back"))

    assert answer.status_code == 409
    assert "the best default is suggested already" in text(answer)


def test_there_is_no_page_to_withdraw_a_default(default, company, developer, as_developer):
    deploy_version(version=default, company=company, by=developer, reason="Enough for us.", at=NOON)

    answer = as_developer.get(url("withdraw", default))

    assert answer.status_code == 409
    assert "the defaults are always offered" in text(answer)


# --- The lists -------------------------------------------------------------------------------------------


def test_the_models_page_says_what_serves_and_by_whom(default, champion, third, as_developer):
    page = text(as_developer.get(reverse("registry:models", args=["dev"])))

    assert "by Dana Dev (dana@harbour.example.com)" in page
    assert url("deploy", third) in page
    assert url("withdraw", champion) in page
    assert url("roll_back") in page
    assert url("withdraw", default) not in page


def test_figures_of_different_customers_never_stand_in_one_table(champion, third, company, as_developer):
    base = PopulationFactory(company=third.company, name="Purchases")
    ModelVersion.objects.filter(pk=third.pk).update(population=base)

    page = as_developer.get(reverse("registry:models", args=["dev"]))

    groups = page.context["groups"]
    assert "that learned from a log" in text(page)
    assert [(group["base"], group["versions"]) for group in groups] == [
        (champion.population, [champion]),
        (base, [third]),
    ]


def test_nobody_is_said_to_have_deployed_what_a_company_begins_with(
    default, company, developer, as_developer
):
    initialize_default_models(company=company, developer=developer.developer, at=NOON)

    page = text(as_developer.get(reverse("registry:models", args=["dev"])))

    assert "from the beginning" in page
    assert "by Dana Dev" not in page


def test_a_user_sees_a_deployed_version_at_once(default, champion, as_user):
    page = text(as_user.get(reverse("registry:models", args=["user"])))

    assert "2 models to choose from" in page
    # Nothing is said of logs where there are none.
    assert "Each was tried on customers it did not learn from." in page and "of a log" not in page
    assert str(champion.name) in page
    assert f"{champion} is the one that your developer chose for you" in page
    assert "/deploy/" not in page


def test_a_user_reads_why_a_default_is_suggested(default, as_user):
    page = text(as_user.get(reverse("registry:models", args=["user"])))

    assert f"{default} is suggested when you predict: none of the defaults was right noticeably" in page


def test_a_user_reads_why_an_earlier_champion_is_suggested_again(
    second, third, company, developer, operator, as_user
):
    for version in (second, third):
        deploy_version(version=version, company=company, by=developer, reason="Better.", at=NOON)
    quarantine_version(version=third, by=operator, reason="Odd figures.", at=NOON + HOUR)

    page = text(as_user.get(reverse("registry:models", args=["user"])))

    assert f"{second} is suggested when you predict, while {third} is out of service" in page


def test_the_page_of_a_version_tells_when_it_served(champion, as_developer):
    page = text(as_developer.get(reverse("registry:version", args=["dev", champion.pk])))

    assert "by Dana Dev (dana@harbour.example.com). “Finds more.”" in page


# --- The ledger ------------------------------------------------------------------------------------------


def test_the_ledger_is_empty_at_first(as_developer):
    assert "Nothing was deployed yet" in text(as_developer.get(url("ledger")))


def test_answers_what_served_at_an_instant(champion, third, company, developer, as_developer):
    deploy_version(version=third, company=company, by=developer, reason="Better.", at=NOON + HOUR)

    before = as_developer.get(url("ledger"), {"at": "2026-03-02T12:30"})
    after = as_developer.get(url("ledger"), {"at": "2026-03-02T13:30"})

    assert [found.version for found in before.context["serving"]] == [champion]
    assert [found.version for found in after.context["serving"]] == [third, champion]
    assert "Champion" in text(before)


def test_says_so_where_the_instant_cannot_be_read(champion, as_developer):
    assert "Give a date and a time" in text(as_developer.get(url("ledger"), {"at": "noon"}))


@pytest.mark.parametrize(
    ("query", "count"),
    [({}, 3), ({"action": "DEPLOYED"}, 2), ({"since": "2026-03-03"}, 0), ({"until": "2026-03-02"}, 3)],
)
def test_filters_its_lines(query, count, champion, third, company, operator, as_developer):
    deploy_version(version=third, company=company, by=operator, reason="Better.", at=NOON + HOUR)

    assert as_developer.get(url("ledger"), query).context["page"].paginator.count == count


def test_filters_by_version_and_person(champion, third, company, operator, as_developer):
    deploy_version(version=third, company=company, by=operator, reason="Better.", at=NOON + HOUR)

    page = as_developer.get(
        url("ledger"), {"version": third.pk, "actor": "Olga Operator (olga@example.com)"}
    ).context["page"]

    assert [event.version for event in page] == [third]


def test_downloads_its_lines(second, company, developer, as_developer):
    deploy_version(version=second, company=company, by=developer, reason="=1+1", at=NOON)

    rows = list(csv.DictReader(as_developer.get(url("ledger_csv")).content.decode().splitlines()))

    assert len(rows) == 1
    assert (rows[0]["action"], rows[0]["at_utc"]) == ("DEPLOYED", NOON.isoformat())
    assert not rows[0]["reason"].startswith("=")


def test_shows_nothing_of_another_company(champion, as_stranger):
    assert as_stranger.get(url("ledger_csv")).content.decode().count("\n") == 1
