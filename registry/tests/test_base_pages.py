"""The pages of customer bases: what stands there, who may change it, and what a file of theirs looks like."""

import csv
import io
import re

import pytest
from django.urls import reverse

from companies.models import AuditEvent
from registry.models import ModelDeployment, ModelVersion, Population
from registry.selectors import telecom_base
from registry.services.populations import archive_population
from registry.tests.factories import (
    NOON,
    DatasetFactory,
    ModelDeploymentFactory,
    ModelMetricsFactory,
    ModelVersionFactory,
    PopulationFactory,
)
from registry.tests.own_tables import gym_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def gym(company):
    return gym_of(company)


@pytest.fixture
def served_gym(gym, company):
    version = ModelVersionFactory(company=company, population=gym, number=1)
    ModelDeploymentFactory(model=version, role=ModelDeployment.Role.CHAMPION, champion_slot=True)
    return gym


def words(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def page(client, portal, base, name="registry:base"):
    return client.get(reverse(name, kwargs={"portal": portal, "base": base.uuid}))


def describe(client, base, **fields):
    url = reverse("registry:base_describe", args=(base.uuid,))
    return client.post(
        url, {"name": base.name, "risk_tiers": "segments_v2", "promotion": "by_hand", **fields}
    )


# --- The list --------------------------------------------------------------------------------------------


def test_the_list_says_what_leaving_means_and_how_fresh_the_data_is(as_user, company, gym):
    DatasetFactory(company=company, population=gym, row_count=812, created_at=NOON)

    listed = words(as_user.get("/user/bases/"))

    assert "Gym members" in listed and telecom_base().name in listed
    assert "Left says “yes”" in listed and "812" in listed and "2 Mar 2026" in listed


def test_the_list_keeps_the_bases_of_others_and_archived_ones_to_itself(as_user, gym, company, other_company):
    gym_of(other_company, name="Their members")
    archive_population(population=gym, by=None, at=NOON)

    listed = words(as_user.get("/user/bases/"))

    assert "Their members" not in listed and "Gym members" not in listed


def test_features_made_of_a_log_are_not_its_latest_data(as_user, company):
    log = PopulationFactory(company=company, name="Shop")
    DatasetFactory(company=company, population=log, dataset_type="raw", name="May", row_count=90_000)
    DatasetFactory(company=company, population=log, dataset_type="features", name="features of May")

    shown = words(page(as_user, "user", log))

    assert "May" in shown and "features of May" not in shown


def test_a_base_of_purchases_is_led_to_its_logs(as_user, company):
    log = PopulationFactory(company=company, name="Shop")

    shown = words(page(as_user, "user", log))

    assert "It has no purchases yet." in shown and "Add a purchase log" in shown


# --- One base --------------------------------------------------------------------------------------------


def test_the_page_says_what_each_column_is(as_user, gym):
    shown = words(page(as_user, "user", gym))

    assert "Member no. Names the customer" in shown
    assert "Left Says who left: “yes” means left" in shown
    assert re.search(r"Joined on A model reads it date, written year, month, day", shown)
    assert re.search(r"Membership A model reads it category Basic, Plus, Family, Student", shown)
    assert re.search(r"Satisfaction \(1-10\).*?number . a fact of its own", shown)


def test_the_page_of_the_telecom_base_speaks_its_own_words(as_user):
    shown = words(page(as_user, "user", telecom_base()))

    assert "Leaving means: Churn says “Yes”" in shown
    assert "tenure Tenure, months" in shown
    assert "read as 0 where tenure is 0" in shown


@pytest.mark.parametrize("address", ["", "template.csv"])
def test_the_base_of_another_company_does_not_exist(as_user, other_company, address):
    theirs = gym_of(other_company)

    assert as_user.get(f"/user/bases/{theirs.uuid}/{address}").status_code == 404


def test_a_version_that_waits_is_the_next_step_of_the_developer_alone(as_developer, as_user, gym, company):
    version = ModelVersionFactory(company=company, population=gym, number=1)

    told, kept = page(as_developer, "dev", gym), page(as_user, "user", gym)

    assert f"Deploy {version} …" in words(told)
    assert reverse("registry:deploy", args=(version.pk,)) in told.content.decode()
    assert "Deploy" not in words(kept)


def test_once_a_version_serves_everybody_is_led_to_predict(as_developer, as_user, served_gym):
    link = f"/predict/?base={served_gym.uuid}"

    assert link in page(as_user, "user", served_gym).content.decode()
    developer = page(as_developer, "dev", served_gym).content.decode()
    assert link in developer and f"/dev/retrain/?base={served_gym.uuid}" in developer


def test_an_archived_base_can_still_be_read_and_offers_nothing(as_developer, served_gym):
    archive_population(population=served_gym, by=None, at=NOON)

    shown = page(as_developer, "dev", served_gym)

    assert "Archived" in words(shown) and "Predict" not in shown.content.decode().partition("<h1>")[2]


# --- Its template ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("purpose", "has_outcome"), [("predict", False), ("train", True)])
def test_the_template_has_the_columns_of_its_files(as_user, gym, purpose, has_outcome):
    answer = as_user.get(f"/user/bases/{gym.uuid}/template.csv?for={purpose}")

    header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header[:2] == ["Member no.", "Joined on"] and ("Left" in header) == has_outcome
    assert len(rows) == 2 and {len(row) for row in rows} == {len(header)}
    assert "attachment" in answer["Content-Disposition"] and "gym-members" in answer["Content-Disposition"]


def test_the_template_of_the_telecom_base_can_be_predicted_from(as_user):
    base = telecom_base()

    answer = as_user.get(f"/user/bases/{base.uuid}/template.csv")

    header, first, _second = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert tuple(header) == base.columns_of_file(with_outcome=False)
    cells = dict(zip(header, first, strict=True))
    assert all(cells[column.name] in column.values for column in base.features.categorical)


def test_a_log_and_an_unknown_purpose_have_no_template(as_user, company, gym):
    log = PopulationFactory(company=company)

    assert as_user.get(f"/user/bases/{log.uuid}/template.csv").status_code == 404
    assert as_user.get(f"/user/bases/{gym.uuid}/template.csv?for=fun").status_code == 404


# --- Words and rules -------------------------------------------------------------------------------------


def test_the_developer_gives_columns_words_that_pages_use_at_once(as_developer, gym):
    page_of_words = as_developer.get(reverse("registry:base_describe", args=(gym.uuid,)))
    place = page_of_words.context["form"].columns.index("Fee a month")

    answer = describe(
        as_developer,
        gym,
        currency="EUR",
        risk_tiers="tiers_advisor",
        slices=["Club"],
        **{f"label-{place}": "Monthly fee", f"unit-{place}": "EUR"},
    )

    gym.refresh_from_db()
    assert answer.status_code == 302
    assert gym.wording["Fee a month"] == {"label": "Monthly fee", "unit": "EUR"}
    assert (gym.currency, gym.slices) == ("EUR", ["Club"])
    assert gym.policies["risk_tiers"] == "tiers_advisor"
    assert "Monthly fee, EUR" in words(page(as_developer, "dev", gym))


def test_names_of_values_that_the_form_does_not_ask_for_stay(as_developer, company):
    gym = gym_of(company, wording={"Club": {"label": "Site", "values": {"West": "West End"}}})

    describe(as_developer, gym)

    gym.refresh_from_db()
    assert gym.wording == {"Club": {"values": {"West": "West End"}}}


def test_a_name_that_is_taken_is_said_at_its_field(as_developer, company, gym):
    PopulationFactory(company=company, name="Shop")

    answer = describe(as_developer, gym, name="shop")

    assert answer.status_code == 409
    assert "There is a customer base called shop" in words(answer)
    assert Population.objects.get(pk=gym.pk).name == "Gym members"


def test_the_base_of_the_installation_is_nobodys_to_change(as_developer):
    base = telecom_base()

    for change in ("describe", "archive"):
        assert as_developer.get(f"/dev/bases/{base.uuid}/{change}/").status_code == 404
    assert "Words and rules" in words(page(as_developer, "dev", base))
    assert f"/dev/bases/{base.uuid}/describe/" not in page(as_developer, "dev", base).content.decode()


# --- Archiving -------------------------------------------------------------------------------------------


def test_archiving_asks_for_a_reason_and_records_it(as_developer, gym):
    url = reverse("registry:base_archive", args=(gym.uuid,))

    assert "What would change for" in words(as_developer.get(url))
    assert as_developer.post(url, {"reason": " "}).status_code == 400
    answer = as_developer.post(url, {"reason": "We sold the gyms."})

    gym.refresh_from_db()
    assert answer["Location"] == "/dev/bases/" and gym.is_archived
    assert AuditEvent.objects.get(action="population-archived").details["reason"] == "We sold the gyms."
    # The second of two clicks.
    again = as_developer.post(url, {"reason": "We sold the gyms."}, follow=True)
    assert again.redirect_chain == [("/dev/bases/", 302)] and "was archived before" in words(again)


# --- Home ------------------------------------------------------------------------------------------------


def test_the_homes_show_own_bases_with_their_next_step(as_user, as_developer, served_gym):
    for client, portal in ((as_user, "user"), (as_developer, "dev")):
        home = client.get(f"/{portal}/").content.decode()

        assert "Your customers" in home and f"/{portal}/predict/?base={served_gym.uuid}" in home


def test_the_homes_of_a_company_without_own_bases_do_not(as_user):
    assert "Your customers" not in as_user.get("/user/").content.decode()


def test_the_homes_of_who_never_used_the_telecom_base_do_not_speak_of_it(
    as_developer, served_gym, default_versions
):
    version = ModelVersion.objects.get(population=served_gym)
    ModelMetricsFactory(model=version)

    home = words(as_developer.get("/dev/"))

    assert f"{version} is suggested to whoever predicts" in home
    assert "Gym members" in home and telecom_base().name not in home
