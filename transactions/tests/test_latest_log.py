"""Which log of a customer base is the latest: the one that ends last, not the one that was sent last."""

import pytest
from django.urls import reverse
from django.utils import timezone

from companies.identity import membership
from transactions.models import AnalysisSession
from transactions.presenting.bases import log_steps
from transactions.selectors import latest_log_of
from transactions.services.uploads import start_analysis
from transactions.tests.logs import log_file, read_here

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def send(developer):
    def do(name, *, is_read=True, **options):
        log = log_file(name, **options)
        analysis = start_analysis(member=membership(developer), upload=log, at=timezone.now())
        return read_here(analysis) if is_read else analysis

    return do


def test_the_latest_log_ends_last(developer, send):
    member = membership(developer)
    long = send("long.csv", days=300)
    short = send("short.csv", days=200)
    assert short.created_at > long.created_at

    assert latest_log_of(member.company, long.population) == long
    (step,) = log_steps(member, long.population)
    assert step.sentence.startswith("long.csv is the latest log: it ends on ")
    assert str(long.pk) in step.url

    # A mistyped date makes an end that no later log reaches, until one without doubt is sent.
    long.import_report["doubt_of_end"] = "From 22 December on the log has one row."
    long.save()
    assert latest_log_of(member.company, long.population) == short
    short.import_report["doubt_of_end"] = long.import_report["doubt_of_end"]
    short.save()
    assert latest_log_of(member.company, long.population) == long


def test_a_log_that_nobody_read_is_not_the_latest(developer, send):
    member = membership(developer)
    waiting = send("waiting.csv", is_read=False)

    assert latest_log_of(member.company, waiting.population) is None
    (step,) = log_steps(member, waiting.population)
    assert step.sentence.startswith("waiting.csv is not read yet")


def test_a_base_without_a_log_asks_for_one(developer, send):
    member = membership(developer)
    base = send("gone.csv", is_read=False).population
    AnalysisSession.objects.all().delete()

    (step,) = log_steps(member, base)
    assert step.label == "Add a purchase log"


def test_the_page_of_its_base_leads_to_the_log(as_user, send):
    log = send("shop.csv")

    page = as_user.get(reverse("registry:base", args=("user", log.population.uuid))).content.decode()

    link = reverse("transactions:analysis", args=("user", log.pk))
    assert f'<li><a href="{link}">{log.dataset}</a>' in page
