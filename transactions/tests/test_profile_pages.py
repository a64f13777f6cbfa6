"""The profile of a log: on the page, as a file, and with as few data as one can have."""

import json
import re

import pytest
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone

from ml.logs.churn_definition import impact_by_days
from ml.logs.profile import profile_events
from ml.tests.purchases import event, write_log
from registry.services.populations import purchases_of
from registry.tests.factories import NOON, DatasetFactory
from transactions.models import AnalysisSession
from transactions.presenting.profile_charts import list_charts
from transactions.services.importing import start_import
from transactions.services.profiling import impact_of
from transactions.tests.logs import MAPPING

pytestmark = pytest.mark.django_db
REPORT = {
    "rows_in": 2_000,
    "accepted": 1_900,
    "duplicates": 60,
    "rejected": 40,
    "missing_ids": 30,
    "rejected_by_reason": {"missing_id": 30, "bad_date": 10},
    "first_at": "2024-01-01T00:00:00",
    "last_at": "2025-03-01T00:00:00",
}


def purchases(customers=120, months=14):
    return [
        event(
            f"<b>C-{number}</b>",
            30 * month + number % 28 + number % 10 / 24,
            10 + number % 13 + month,
            product=f"tea & {number % 12}",
            quantity=1.0 + number % 3,
        )
        for number in range(customers)
        for month in range(months)
        if number % 3 or month < 6
    ]


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profiles")
    logs = {"full": purchases(), "one": [event("a", 0)], "empty": []}
    return {
        name: profile_events(write_log(folder / f"{name}.parquet", events), report=REPORT)
        for name, events in logs.items()
    }


@pytest.fixture
def analysis(company, profiles):
    return make(company, profiles["full"])


def make(company, profile):
    base = purchases_of(company=company, at=NOON)
    return AnalysisSession.objects.create(
        company=company,
        population=base,
        dataset=DatasetFactory(company=company, population=base, name="Shop & co"),
        state=AnalysisSession.State.READY,
        import_report=REPORT,
        mapping={"customer_id": "c"},
        profile=profile,
    )


def address(name, analysis, portal="user"):
    return reverse(f"transactions:{name}", args=(portal, analysis.pk))


def test_reading_leaves_a_profile_that_another_gap_is_counted_beside(uploaded, do_jobs):
    start_import(analysis=uploaded, mapping=MAPPING, at=timezone.now())
    do_jobs()

    log = AnalysisSession.objects.get(pk=uploaded.pk)
    assert log.profile["customers"]["customers"] == 40
    assert log.profile["rows"]["rows_in"] == log.import_report["rows_in"]
    assert log.profile["rows"]["missing_ids"] == 1
    events = storages["datasets"].path(log.events_path)
    anew = impact_of(log, gap_days=10, active_window_days=90)
    assert anew == impact_by_days(events, gap_days=10, active_window_days=90)
    assert anew != impact_of(log)


def test_shows_faults_first_and_a_table_with_every_chart(log_in, user, analysis):
    page = log_in(user).get(address("profile", analysis)).content.decode()

    assert page.index("and how to fix it") < page.index("customers bought")
    for chart in list_charts(analysis.profile, "EUR").values():
        assert f'data-chart="chart-{chart.name}"' in page
    assert page.count("<summary>Numbers as a table</summary>") == page.count("data-chart=")
    assert "&lt;b&gt;C-" in page and "<b>C-" not in page


def test_every_lost_point_stands_on_the_page_with_its_remedy(log_in, developer, analysis):
    page = log_in(developer).get(address("profile", analysis, "dev")).content.decode()

    assert analysis.profile["quality"]["deductions"]
    for row in analysis.profile["quality"]["deductions"]:
        assert row["title"] in page
        assert row["remedy"] in page


def test_the_report_is_one_file_without_scripts(log_in, user, analysis):
    answer = log_in(user).get(address("profile_html", analysis))

    page = answer.content.decode()
    assert answer["Content-Disposition"] == 'attachment; filename="shop-co-profile.html"'
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == len(list_charts(analysis.profile, "EUR"))
    for picture in pictures:
        assert "<rect" in picture or "<polyline" in picture
        assert "&lt;rect" not in picture
    for forbidden in ("<script", "http://localhost", "<link", "src="):
        assert forbidden not in page
    assert "&lt;b&gt;C-" in page and "<b>C-" not in page


def test_the_report_can_be_printed(log_in, user, analysis):
    answer = log_in(user).get(address("profile_pdf", analysis))

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_the_numbers_can_be_read_by_programs(log_in, user, analysis):
    answer = log_in(user).get(address("profile_json", analysis))

    assert json.loads(answer.content) == analysis.profile


@pytest.mark.parametrize("name", ["one", "empty"])
def test_a_log_with_next_to_nothing_has_a_page_and_a_report(log_in, user, company, profiles, name):
    poor = make(company, profiles[name])
    client = log_in(user)

    for door in ("profile", "profile_html", "churn"):
        page = client.get(address(door, poor))
        assert page.status_code == 200
    assert "Too little data" in client.get(address("profile", poor)).content.decode()


def test_a_log_without_a_profile_says_so(log_in, user, company):
    analysis = make(company, None)
    client = log_in(user)

    assert "This log was not described" in client.get(address("profile", analysis)).content.decode()
    assert client.get(address("profile_pdf", analysis)).status_code == 409


def test_a_log_that_was_not_read_leads_to_its_columns(log_in, user, company, profiles):
    analysis = make(company, profiles["full"])
    AnalysisSession.objects.update(state=AnalysisSession.State.UPLOADED)

    for door in ("profile", "churn"):
        assert log_in(user).get(address(door, analysis)).status_code == 302


def test_strangers_find_nothing(log_in, stranger, analysis):
    client = log_in(stranger)

    for door in ("profile", "profile_html", "profile_pdf", "profile_json", "churn"):
        assert client.get(address(door, analysis, "dev")).status_code == 404
