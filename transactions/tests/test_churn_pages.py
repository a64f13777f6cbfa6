"""The churn definition: what each length of time would mean, and confirming one."""

import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from companies.identity import membership
from ml.logs.profile import profile_events
from ml.tests.purchases import FIRST, write_log
from transactions.services.closures import closed_days_of
from transactions.services.configuration import LONGEST_HORIZON, SHORTEST_HORIZON
from transactions.services.profiling import say_doubt
from transactions.services.uploads import start_analysis
from transactions.tests.logs import log_file
from transactions.tests.test_profile_pages import REPORT, analysis, make, profiles, purchases  # noqa: F401

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
    # The number moves with the slider, so that no word beside it may be a plural of another one.
    assert not re.search(r"data-impact=[^>]*>[^<]*</b> customers?\b", page)


def test_closed_days_are_said_once_and_known_to_the_next_log(log_in, company, developer, user, tmp_path):
    events = [one for one in purchases() if not 150 <= (one["event_at"] - FIRST).days < 190]
    said = profile_events(write_log(tmp_path / "events.parquet", events), report=REPORT)
    closed, doubt = make(company, said), said["silence"]
    closed.import_report |= say_doubt(said, [])
    closed.save()
    page, address = (reverse(f"transactions:{name}", args=("dev", closed.pk)) for name in ("churn", "closed"))
    client, days = log_in(developer), {"first": doubt["first"], "last": doubt["last"]}
    assert "We were closed then" in client.get(page).content.decode()
    assert "We were closed then" not in log_in(user).get(page.replace("/dev/", "/user/")).content.decode()
    assert log_in(developer).post(address, days | {"last": "2024-12-24"}).status_code == 422

    shown = log_in(developer).post(address, days, follow=True).content.decode()

    assert "Closed from " in shown and doubt["sentence"] not in shown
    closed.refresh_from_db()
    assert closed.profile["silence"] is None and closed.import_report["warnings"] == []
    assert closed.profile["quality"]["score"] > said["quality"]["score"]
    assert closed_days_of(company, closed.population) == [[doubt["first"], doubt["last"]]]
    log = start_analysis(member=membership(developer), upload=log_file("next.csv"), at=timezone.now())
    assert log.closed_days == closed.closed_days

    log_in(developer).post(address, days)
    log.refresh_from_db()
    assert log.closed_days == closed.closed_days
    page = log_in(developer).post(address, days | {"withdrawn": "on"}, follow=True).content.decode()

    # Said twice it is kept once, and taken back it is warned of as before.
    assert doubt["sentence"] in page and "We were open then" not in page
    closed.refresh_from_db()
    log.refresh_from_db()
    # So it is for those that came after it.
    assert log.closed_days == closed.closed_days == [] and closed.profile["quality"] == said["quality"]
    assert closed.import_report["warnings"] == [doubt["sentence"]]


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

    assert "too short: it spans 1 day." in page
    assert "Nobody has confirmed a definition yet." in page
