"""Days of the calendar as instants, in the time zone of this installation."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone


def beginning_of(day: date) -> datetime:
    """Return the first instant of `day`."""
    return in_utc(timezone.make_aware(datetime.combine(day, time.min)))


def end_of(day: date) -> datetime:
    """Return the first instant after `day`; the very last instant there is where no day follows."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return beginning_of(day + timedelta(days=1))


def in_utc(moment: datetime) -> datetime:
    """Return `moment` as the database gets it; the nearest one there is where it has no date in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        end = datetime.min if moment.year == 1 else datetime.max
        return end.replace(tzinfo=UTC)
