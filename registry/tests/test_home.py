"""What the home pages say of the models."""

import re

import pytest
from django.urls import reverse

from registry.selectors import best_default

pytestmark = pytest.mark.django_db


def words(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_developer_reads_how_good_the_suggested_version_is_beside_chance(default_versions, as_developer):
    home = as_developer.get("/dev/")

    assert f"{best_default()} is suggested to whoever predicts" in words(home)
    assert re.search(r"\d+ in 100 precision \(churners\); picked at random: \d+ in 100", words(home))
    assert reverse("registry:version", args=["dev", best_default().pk]) in home.content.decode()


def test_a_user_is_not_bothered_with_figures_of_models(default_versions, as_user):
    assert "precision (churners)" not in words(as_user.get("/user/"))


def test_before_the_first_seeding_nothing_is_claimed(as_developer):
    assert "suggested" not in words(as_developer.get("/dev/"))
