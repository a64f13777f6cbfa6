"""What the home pages say of the models."""

import re

import pytest
from django.urls import reverse

from registry.selectors import best_default, telecom_base
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, ModelMetricsFactory, ModelVersionFactory, PopulationFactory

pytestmark = pytest.mark.django_db


def words(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_developer_reads_how_good_the_suggested_version_is_beside_chance(
    default_versions, company, as_developer
):
    deploy_version(
        version=best_default(telecom_base()), company=company, by=None, reason="Enough for us.", at=NOON
    )

    home = as_developer.get("/dev/")

    assert f"{best_default(telecom_base())} is suggested to whoever predicts {telecom_base()}" in words(home)
    assert re.search(r"\d+ in 100 precision \(churners\); picked at random: \d+ in 100", words(home))
    assert reverse("registry:version", args=["dev", best_default(telecom_base()).pk]) in home.content.decode()


def test_who_has_brought_nothing_reads_no_figures_of_other_customers(default_versions, as_developer):
    home = words(as_developer.get("/dev/"))

    assert "What do you have?" in home
    assert "precision (churners)" not in home and "is suggested" not in home


def test_the_figures_are_those_of_the_base_that_the_company_uses(default_versions, company, as_developer):
    base = PopulationFactory(company=company, name="Shop")

    assert "precision (churners)" not in words(as_developer.get("/dev/"))

    model = ModelMetricsFactory(model=ModelVersionFactory(company=company, population=base)).model
    deploy_version(version=model, company=company, by=None, reason="The first.", at=NOON)

    assert f"{model} is suggested to whoever predicts Shop" in words(as_developer.get("/dev/"))


def test_a_user_is_not_bothered_with_figures_of_models(default_versions, as_user):
    assert "precision (churners)" not in words(as_user.get("/user/"))


def test_before_the_first_seeding_nothing_is_claimed(as_developer):
    assert "suggested" not in words(as_developer.get("/dev/"))
