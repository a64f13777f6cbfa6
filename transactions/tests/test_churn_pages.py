"""The churn definition: what each length of time would mean, and confirming one."""

import json
import re

import pytest
from django.urls import reverse

from transactions.services.configuration import LONGEST_HORIZON, SHORTEST_HORIZON
from transactions.tests.test_profile_pages import analysis, make, profiles  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(analysis):  # noqa: F811
    return reverse("transactions:churn", args=("user", analysis.pk))


def impact_on(page):
    return json.loads(re.search(r'<script id="impact"[^>]*>(.*?)</script>', page).group(1))


def test_begins_with_the_suggestion_and_its_reason(log_in, user, analysis, address):  # noqa: F811
    page = log_in(user).get(address).content.decode()

    suggestion = analysis.profile["churn"]["suggestion"]
    assert f"Suggested: {suggestion['days']} days" in page
    assert suggestion["reason"] in page
    for term in analysis.profile["churn"]["terms"].values():
        assert term in page


def test_the_slider_has_a_row_for_each_of_its_days(log_in, user, analysis, address):  # noqa: F811
    answer = log_in(user).get(address)

    page = answer.content.decode()
    # A star is explained where there is one.
    assert ("* The log is too short" in page) == any(not row["fits"] for row in answer.context["choices"])
    assert 'type="range"' in page and 'min="30"' in page and 'max="180"' in page
    assert [row["days"] for row in impact_on(page)] == list(range(SHORTEST_HORIZON, LONGEST_HORIZON + 1))


def test_works_without_a_script(log_in, user, analysis, address):  # noqa: F811
    page = log_in(user).get(address, {"horizon_days": 60}).content.decode()

    shown = next(row for row in impact_on(page) if row["days"] == 60)
    assert f'<b data-impact="churned">{shown["churned"]}</b>' in page
    assert f'data-impact="churn_rate">{shown["churn_rate"]}<' in page
    assert 'name="horizon_days" value="60"' in page


def test_confirming_writes_it_down(log_in, user, analysis, address):  # noqa: F811
    client = log_in(user)

    answer = client.post(address, {"horizon_days": 75, "gap_days": 7, "active_window_days": ""})

    assert answer.status_code == 302
    analysis.refresh_from_db()
    assert (analysis.horizon_days, analysis.gap_days, analysis.active_window_days) == (75, 7, None)
    assert analysis.configured_at


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon_days": 29},
        {"horizon_days": 181},
        {"horizon_days": "x"},
        {"horizon_days": 60, "gap_days": 91},
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_refuses_lengths_beside_the_slider(log_in, user, analysis, address, method, wrong):  # noqa: F811
    answer = getattr(log_in(user), method)(address, wrong)

    assert answer.status_code == 400
    analysis.refresh_from_db()
    assert analysis.configured_at is None


def test_a_log_that_cannot_tell_says_why(log_in, user, company, profiles):  # noqa: F811
    poor = make(company, profiles["one"])

    page = log_in(user).get(reverse("transactions:churn", args=("user", poor.pk))).content.decode()

    assert "too short: it spans 1 days" in page
    assert "Nobody has confirmed a definition yet." in page
