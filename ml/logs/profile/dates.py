"""How a day is written in a sentence."""


def write_date(day):
    """Return a day as people write it: 4 December 2024."""
    return f"{day.day} {day:%B %Y}"
