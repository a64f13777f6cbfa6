"""Days of a log on which nothing happened although much was to be expected: closed, or missing from it."""

from __future__ import annotations

import datetime as dt

import numpy as np

from ml.logs.profile.dates import write_date

# Shorter ones are weekends and holidays.
FEWEST_DAYS = 7
# Of so many purchases at the pace of the weeks beside, chance leaves none out, restless as it may be.
FEWEST_EXPECTED = 50
PACE_DAYS = 28


def find_silence(log):
    """Return the latest stretch of days on which nothing happened where much would have been usual.

    One mistyped date far behind all others makes such a stretch, too, and moves the end of the log. An
    earlier stretch spoils fewer outcomes: where the shop was closed then, it must not hide a later one.

    Parameters
    ----------
    log : PurchaseLog

    Returns
    -------
    dict or None
        ``first``, ``last`` (ISO days), ``days``, ``expected`` (purchases at the pace of the 28 days before or
        after it, whichever is higher), ``after`` (purchases behind it) and ``sentence``; None where no
        stretch of 7 days or more would have had 50.
    """
    # All events, because the latest of them, whatever it is, ends the log.
    rows = log.rows("SELECT event_at::DATE AS day, count(*) AS n FROM events GROUP BY day ORDER BY day")
    if len(rows) < 2:
        return None
    days = np.array([row["day"].toordinal() for row in rows])
    counts = np.array([row["n"] for row in rows])
    silent = np.diff(days) - 1
    total = np.append(0, np.cumsum(counts))
    pace = np.maximum(_pace(days, total, days[:-1], -1), _pace(days, total, days[1:], 1))
    expected = np.where(silent >= FEWEST_DAYS, silent * pace, 0.0)
    found = np.flatnonzero(expected >= FEWEST_EXPECTED)
    if not len(found):
        return None
    worst = int(found[-1])
    first, last = (dt.date.fromordinal(int(day)) for day in (days[worst] + 1, days[worst + 1] - 1))
    after = int(total[-1] - total[worst + 1])
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "days": int(silent[worst]),
        "expected": float(expected[worst]),
        "after": after,
        "sentence": _describe(first, last, float(expected[worst]), after),
    }


def _pace(days, total, begin, direction):
    """Return the purchases a day in the weeks that end (-1) or begin (1) with each day of `begin`."""
    first, last = (begin - PACE_DAYS + 1, begin) if direction < 0 else (begin, begin + PACE_DAYS - 1)
    inside = np.searchsorted(days, last, side="right"), np.searchsorted(days, first, side="left")
    return (total[inside[0]] - total[inside[1]]) / PACE_DAYS


def _describe(first, last, expected, after):
    days = (last - first).days + 1
    text = (
        f"From {write_date(first)} to {write_date(last)}, {days:,} days, there is no purchase where about "
        f"{expected:,.0f} are usual. "
    )
    if after < expected / 10:
        rows = "one purchase" if after == 1 else f"{after:,} purchases"
        return f"{text}Then comes {rows}: if a date is mistyped, all customers look silent who are not."
    return f"{text}If these days are missing from the log, customers look silent who are not."
