"""The tabs of a log say what is done and what comes next."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from transactions.tests.test_profile_pages import analysis, profiles  # noqa: F401

pytestmark = pytest.mark.django_db


def tabs(client, portal, analysis):  # noqa: F811
    page = client.get(reverse("transactions:profile", args=(portal, analysis.pk))).content.decode()
    found = re.search(r'<nav class="tabs".*?</nav>', page, re.DOTALL)[0]
    links = re.findall(r"<a [^>]*>(.*?)</a>", found, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", link).split()) for link in links]


def test_the_definition_is_next_until_it_is_confirmed(as_user, analysis):  # noqa: F811
    assert tabs(as_user, "user", analysis) == [
        "✓ What was read (done)", "✓ Profile (done)", "When is a customer lost? Next", "Features", "Scores",
    ]  # fmt: skip

    analysis.configured_at = timezone.now()
    analysis.save()

    assert tabs(as_user, "user", analysis)[2:] == [
        "✓ When is a customer lost? (done)",
        "Features",
        "Scores Next",
    ]


def test_for_a_developer_the_model_is_next_whose_training_computes_its_features(as_developer, analysis):  # noqa: F811
    analysis.configured_at = timezone.now()
    analysis.save()

    assert tabs(as_developer, "dev", analysis)[3:] == ["Features", "Model Next", "Scores"]


def test_a_user_reads_whom_to_ask_for_a_model(as_user, read_log, developer):
    page = as_user.get(reverse("transactions:analysis", args=("user", read_log.pk))).content.decode()
    home = as_user.get(reverse("companies:home", args=("user",))).content.decode()

    assert 'id="scores"' in page
    assert f"mailto:{developer.email}?subject=A%20model%20for%20{read_log.population}" in page
    assert f"No model serves {read_log.population} yet: the developer of {read_log.company} trains" in home


def test_what_follows_the_definition_is_the_filled_button_once_it_is_confirmed(as_developer, analysis):  # noqa: F811
    address = reverse("transactions:churn", args=("dev", analysis.pk))
    before = as_developer.get(address).content.decode()

    after = as_developer.post(address, {"horizon_days": 75, "gap_days": 0}, follow=True).content.decode()
    other = as_developer.get(address, {"horizon_days": 90}).content.decode()

    confirm = '<button class="btn primary" type="submit"><span>Confirm'
    assert confirm in before and "Next: Model" not in before
    assert confirm not in after and "Next: Model" in after
    assert confirm in other and "Next: Model" not in other


def test_a_log_that_was_not_described_is_not_said_to_be(as_user, analysis):  # noqa: F811
    analysis.profile = None
    analysis.save()

    assert tabs(as_user, "user", analysis)[1:3] == ["Profile", "When is a customer lost? Next"]
