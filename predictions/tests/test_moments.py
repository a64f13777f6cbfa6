"""Which moment a call is about that does not say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from companies.identity import membership
from predictions.presenting.histories import LATEST, LOG, SENT, TODAY, Moment
from predictions.services.moments import choose_moment
from transactions.cutoffs import end_of_log
from transactions.services.uploads import start_analysis
from transactions.tests.logs import log_file, read_here

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def log(developer):
    analysis = start_analysis(member=membership(developer), upload=log_file("shop.csv"), at=timezone.now())
    return read_here(analysis)


def chosen(log, *, came, at, bought_days_before_end=20, **asked):
    """Return the moment of a call at `at` days after the end of a log that came so many days after it."""
    end = end_of_log(log)
    log.created_at = (end + timedelta(days=came)).replace(tzinfo=UTC)
    return choose_moment(
        as_of=asked.get("as_of"),
        bought_at=[end - timedelta(days=bought_days_before_end, hours=5)],
        log=asked.get("known", log),
        window_days=90,
        at=(end + timedelta(days=at, hours=12)).replace(tzinfo=UTC),
    )


def test_what_was_sent_is_what_it_is_about(log):
    moment = datetime(2024, 5, 1)

    assert chosen(log, came=0, at=0, as_of=moment) == Moment(moment, SENT)


def test_a_log_of_the_past_has_its_own_present(log):
    assert chosen(log, came=900, at=1000) == Moment(end_of_log(log), LOG)


def test_an_end_of_few_rows_is_doubted_where_it_is_the_present(log):
    log.import_report["doubt_of_end"] = "From 22 December on the log has 5 rows."

    assert chosen(log, came=900, at=1000).doubt == "From 22 December on the log has 5 rows."
    assert chosen(log, came=0, at=120).doubt == ""


@pytest.mark.parametrize("came", [0, 90])
def test_where_logs_are_sent_as_they_grow_today_is_meant(log, came):
    assert chosen(log, came=came, at=120) == Moment(end_of_log(log) + timedelta(days=121), TODAY)


def test_a_transaction_after_the_end_of_an_old_log_moves_the_present(log):
    # Bought 100 days after the end: nobody can ask about a time before that.
    found = chosen(log, came=900, at=1000, bought_days_before_end=-100)

    assert found == Moment(end_of_log(log) + timedelta(days=100), LATEST)


def test_without_a_log_today_is_meant(log):
    assert chosen(log, came=900, at=1000, known=None).source == TODAY
