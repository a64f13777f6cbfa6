from datetime import UTC, date, datetime

import pytest
from django.utils import timezone
from django.utils.formats import localize

from core.days import beginning_of, end_of

EAST, WEST = "Pacific/Auckland", "America/Los_Angeles"


def test_a_day_is_one_of_this_installation():
    with timezone.override("Europe/Berlin"):
        assert beginning_of(date(2026, 3, 2)) == datetime(2026, 3, 1, 23, tzinfo=UTC)
        assert end_of(date(2026, 3, 2)) == datetime(2026, 3, 2, 23, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", EAST, WEST])
@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_day_of_the_calendar_are_days_as_well(zone, day):
    with timezone.override(zone):
        assert beginning_of(day).tzinfo == end_of(day).tzinfo == UTC
        assert beginning_of(day) < end_of(day)


def test_the_admin_writes_an_instant_as_our_pages_do():
    assert localize(datetime(2026, 3, 2, 18, 5)) == "2 Mar 2026, 18:05"
