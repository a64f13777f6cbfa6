"""Days by the clock of a log, which knows no time zone, as sentences write them."""

from datetime import date, datetime


def write_day(day: date | str) -> str:
    """Write a day or an instant in ISO: 9 December 2011."""
    found = datetime.fromisoformat(day) if isinstance(day, str) else day
    return f"{found.day} {found:%B %Y}"
