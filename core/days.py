"""Days of the calendar as instants, in the time zone of this installation."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone


def beginning_of(day: date) -> datetime:
    """Return the first instant of `day`."""
    return _in_utc(datetime.combine(day, time.min), otherwise=datetime.min)


def end_of(day: date) -> datetime:
    """Return the first instant after `day`; the very last instant there is where no day follows."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return _in_utc(datetime.combine(day + timedelta(days=1), time.min), otherwise=datetime.max)


def _in_utc(moment, *, otherwise):
    # The database gets UTC, and at both ends of the calendar the same instant has no date there.
    try:
        return timezone.make_aware(moment).astimezone(UTC)
    except OverflowError:
        return otherwise.replace(tzinfo=UTC)
