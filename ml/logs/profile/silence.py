"""Days of a log on which nothing, or next to nothing, happened although much was to be expected.

Closed, missing from the log, or never there: a few dates that are mistyped or lie ahead make such days, too,
and move the end of the log.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from ml.logs.profile.dates import write_date

# Shorter ones are weekends and holidays.
FEWEST_DAYS = 7
BY_DAY = """
SELECT event_at::DATE AS day, count(*) AS n, count(*) FILTER (event_type = 'purchase') AS bought
FROM events GROUP BY day ORDER BY day
"""
# And no longer than what is usual between two days with rows, as where all is charged once a month.
USUAL_SILENCES = 3
PACE_DAYS, WEEK, HALF_YEAR, YEAR = 28, 7, 182, 364
# The end of a log is called thin where so much of the usual is left, over its first two weeks, too: seasons
# and a decline take less away, or slowly. What lasts for longer than two months may be a season all the same,
# and where so little was left of the best four weeks, a launch, a campaign or a trade comes to its end by
# itself: there next to nothing may be left.
THIN, ABRUPT_DAYS = 0.3, 14
LONG_DAYS, HAS_DECLINED, NEXT_TO_NOTHING = 62, 0.25, 0.05
# And where the log is about the time before: of all its rows no more than these stand at its end.
MOST_ROWS = 0.05
# Chance, as restless as it is in this log, makes as little in fewer than one of twenty logs (verdicts.md).
LEAST_EVIDENCE, LEAST_EVIDENCE_INSIDE = 10.0, 50.0
# Half of a chi-squared with one degree of freedom is below it.
MEDIAN_CHI2 = 0.455


@dataclass(frozen=True)
class Days:
    """The days of a log on which anything happened, and how much; and what that adds up to.

    Parameters
    ----------
    days, counts : ndarray of int, shape (n_days,)
        Ordinals in ascending order, and rows of any kind.
    """

    days: np.ndarray
    counts: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """How many rows there are before each of the days, and of all."""
        return np.append(0, np.cumsum(self.counts))

    def between(self, first, last):
        """Return how many rows the days from `first` to `last` have."""
        total = self.total
        until = np.searchsorted(self.days, last, side="right")
        return total[until] - total[np.searchsorted(self.days, first, side="left")]

    def pace(self, day):
        """Return the rows a day of the four weeks before `day`."""
        return self.between(day - PACE_DAYS, day - 1) / PACE_DAYS

    @property
    def restlessness(self) -> float:
        """How much more weeks vary than independent rows would, by the median; never below 1."""
        weeks = np.bincount((self.days - self.days[0]) // WEEK, weights=self.counts)
        if len(weeks) < 4:
            return 1.0
        beside = (weeks[:-2] + weeks[2:]) / 2
        known = beside > 0
        varied = (weeks[1:-1] - beside)[known] ** 2 / (1.5 * beside[known])
        return max(1.0, float(np.median(varied)) / MEDIAN_CHI2) if len(varied) else 1.0


def find_silences(log):
    """Return the stretches of days with nothing, or next to nothing, where much would have been usual.

    Rows of any kind count: the latest one, whatever it is, ends the log. Where there are other kinds,
    purchases are looked at by themselves as well: logins may go on while those are missing.

    Parameters
    ----------
    log : PurchaseLog

    Returns
    -------
    list of dict
        The end of the log first, where it is thin, then the latest stretch: ``first``, ``last`` (ISO days),
        ``days``, ``of`` (what is counted), ``rows`` (on them), ``expected``, ``at_end``, and ``sentence``.
    """
    rows = log.rows(BY_DAY)
    found = silences_of(_days(rows, "n"))
    if all(row["n"] == row["bought"] for row in rows):
        return found
    named = [(each["first"], each["last"]) for each in found]
    bought = silences_of(
        _days([*(row for row in rows[:-1] if row["bought"]), rows[-1]], "bought"), "purchase"
    )
    found += [each for each in bought if not any(a <= each["last"] and each["first"] <= b for a, b in named)]
    return sorted(found, key=lambda each: (each["at_end"], each["first"]), reverse=True)


def _days(rows, what):
    return Days(np.array([row["day"].toordinal() for row in rows]), np.array([row[what] for row in rows]))


def silences_of(found, noun="row"):
    """Do as `find_silences`, where the days of a log were counted already.

    Parameters
    ----------
    found : Days
        The last one may have a count of 0: the log goes on until then.
    noun : str
        What was counted.

    Returns
    -------
    list of dict
    """
    if len(found.days) < 2:
        return []
    ending = _thin_end(found)
    until = ending["start"] if ending else np.inf
    inside = [each for each in _gaps(found) if each["start"] < until]
    return [_write(each, noun) for each in ([ending] if ending else []) + inside]


def unknown_days(first, last):
    """Return days of which no log tells as `find_silences` returns a stretch, however few they are.

    Parameters
    ----------
    first, last : date

    Returns
    -------
    dict
        Without what is usual: nobody can tell it of so few.
    """
    days = (last - first).days + 1
    until = f" to {write_date(last)}, {days:,} days," if days > 1 else ""
    span = f"{'From' if until else 'On'} {write_date(first)}{until}"
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "days": days,
        "at_end": False,
        "sentence": f"{span} no log has a row. {_say_missing('row')}",
    }


def find_doubt(silences, *, closed=(), since=None):
    """Return the first stretch that still matters and that is not explained.

    Parameters
    ----------
    silences : list of dict
        As `find_silences` returns them.
    closed : iterable of pairs of str
        First and last days, in ISO form, on which nothing was open.
    since : date, optional
        The day from which on silence counts in what is learned or forecast: earlier ones do not matter, and
        closed days among later ones do, which ``sentence`` then says. Default: all days matter, and closed
        ones are explained.

    Returns
    -------
    dict or None

    Examples
    --------
    >>> silence = {"first": "2024-07-02", "last": "2024-07-19", "days": 18, "at_end": False}
    >>> find_doubt([silence], closed=[("2024-07-01", "2024-07-20")]) is None
    True
    >>> find_doubt([silence], since=dt.date(2024, 8, 1)) is None, find_doubt([silence]) == silence
    (True, True)
    """
    late = [each for each in silences if since is None or each["last"] >= since.isoformat()]
    for each in late:
        if not is_closed(each["first"], each["last"], closed):
            return each
    return late[0] | {"sentence": _say_closed(late[0])} if late and since is not None else None


def dates_in_doubt(silences, *, closed=()):
    """Return the days whose rows may be missing, or whose end may be mistyped: all but closed ones.

    Parameters
    ----------
    silences : list of dict
        As `find_silences` returns them.
    closed : iterable of pairs of str

    Returns
    -------
    list of date

    Examples
    --------
    >>> silence = {"first": "2024-07-02", "last": "2024-07-03", "at_end": False}
    >>> dates_in_doubt([silence])
    [datetime.date(2024, 7, 2), datetime.date(2024, 7, 3)]
    >>> dates_in_doubt([silence], closed=[("2024-07-01", "2024-07-20")])
    []
    """
    open_ones = (each for each in silences if not is_closed(each["first"], each["last"], closed))
    ends = ((dt.date.fromisoformat(each["first"]), dt.date.fromisoformat(each["last"])) for each in open_ones)
    return [first + dt.timedelta(days=n) for first, last in ends for n in range((last - first).days + 1)]


def is_closed(first, last, closed):
    """Tell whether all days from `first` to `last`, in ISO form, are among one stretch of closed ones.

    Parameters
    ----------
    first, last : str
    closed : iterable of pairs of str

    Returns
    -------
    bool
    """
    return any(begin <= first and last <= end for begin, end in closed)


def _thin_end(found):
    """Return the days at the end that have next to nothing; None where there are none."""
    begin, end = found.days[:-1] + 1, int(found.days[-1])
    length, observed, pace = end - begin + 1, found.total[-1] - found.total[1:-1], _usual(found, begin, end)
    at_first, best = np.minimum(length, ABRUPT_DAYS), np.maximum.accumulate(found.pace(begin))
    may_be_less = (length > LONG_DAYS) | (found.pace(begin) < HAS_DECLINED * best)
    is_thin = (
        (length >= _least_days(found))
        & (observed <= MOST_ROWS * found.total[-1])
        & (observed <= np.where(may_be_less, NEXT_TO_NOTHING, THIN) * length * pace)
        & (found.between(begin, begin + at_first - 1) <= THIN * at_first * pace)
    )
    evidence = np.where(is_thin, _evidence(observed, length * pace) / found.restlessness, 0)
    best = int(np.argmax(evidence))
    if evidence[best] < LEAST_EVIDENCE:
        return None
    return {
        "start": int(begin[best]),
        "stop": end,
        "rows": int(observed[best]),
        "expected": float(length[best] * pace[best]),
        "at_end": True,
    }


def _usual(found, begin, end):
    """Return the rows a day that may be expected from each day of `begin` on: the least that can be argued.

    Those of four weeks before, those of an ordinary week of the half year before (the weeks before may have
    been the best of the year), and, as some trades rest then, those of the same days a year ago, times the
    growth since.
    """
    before = found.pace(begin)
    return np.minimum(before, np.minimum(_ordinary(found, begin, before), _a_year_ago(found, begin, end)))


def _ordinary(found, begin, before):
    usual = _ordinary_week(_weeks_before(found, begin))
    return np.where(np.isnan(usual), before, usual)


def _weeks_before(found, begin):
    """Return the rows of each week of the half year before each day; NaN before the log begins."""
    starts = begin[:, None] - np.arange(1, HALF_YEAR // WEEK + 1) * WEEK
    return np.where(starts < found.days[0], np.nan, found.between(starts, starts + WEEK - 1))


def _ordinary_week(weeks):
    """Return the rows a day of the median of the known weeks; NaN where none is."""
    known = ~np.isnan(weeks).all(axis=1)
    usual = np.full(len(weeks), np.nan)
    usual[known] = np.nanmedian(weeks[known], axis=1) / WEEK
    return usual


def _a_year_ago(found, begin, end):
    first, last = begin - YEAR, np.minimum(end - YEAR, begin - 1)
    then = found.between(first, last) / (last - first + 1)
    growth = np.maximum(1, found.pace(begin) / np.maximum(found.pace(first), 1e-9))
    return np.where(first - PACE_DAYS >= found.days[0], then * growth, np.inf)


def _evidence(observed, expected):
    """Return twice the log of how much likelier the rows are at a pace of their own than at the usual one."""
    observed, expected = np.asarray(observed, float), np.maximum(expected, 1e-9)
    ratio = np.where(observed > 0, observed / expected, 1.0)
    return 2 * (observed * np.log(ratio) - observed + expected) * (observed < expected)


def _gaps(found):
    """Return the stretches without any row, the latest first."""
    silent = np.diff(found.days) - 1
    beside = np.maximum(found.pace(found.days[:-1] + 1), found.pace(found.days[1:] + PACE_DAYS))
    # Where all is billed within a few days, the weeks about a gap may hold them, and most weeks do not.
    beside = np.minimum(beside, _ordinary_about(found))
    evidence = _evidence(0 * silent, silent * beside) / found.restlessness
    places = np.flatnonzero((silent >= _least_days(found)) & (evidence >= LEAST_EVIDENCE_INSIDE))
    return [
        {
            "start": int(found.days[at] + 1),
            "stop": int(found.days[at + 1] - 1),
            "rows": 0,
            "expected": float(silent[at] * beside[at]),
            "at_end": False,
        }
        for at in places[::-1]
    ]


def _ordinary_about(found):
    """Return the rows a day of an ordinary week of the half year on each side of the gap after each day."""
    after = found.days[1:, None] + np.arange(HALF_YEAR // WEEK) * WEEK
    later = np.where(after + WEEK - 1 > found.days[-1], np.nan, found.between(after, after + WEEK - 1))
    usual = _ordinary_week(np.hstack([_weeks_before(found, found.days[:-1] + 1), later]))
    return np.where(np.isnan(usual), np.inf, usual)


def _least_days(found):
    return max(FEWEST_DAYS, USUAL_SILENCES * float(np.median(np.diff(found.days) - 1)))


def _write(found, noun):
    first, last = (dt.date.fromordinal(found[name]) for name in ("start", "stop"))
    days = (last - first).days + 1
    span = f"From {write_date(first)} to {write_date(last)}, {days:,} days, "
    usual = f"where about {found['expected']:,.0f} are usual. "
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "days": days,
        "of": noun,
        "rows": found["rows"],
        "expected": found["expected"],
        "at_end": found["at_end"],
        "sentence": (
            _say_end(span, usual, found["rows"], noun, first)
            if found["at_end"]
            else _say_gap(span, usual, noun)
        ),
    }


def _say_end(span, usual, rows, noun, first):
    complete = first - dt.timedelta(days=1)
    has = f"the log has {('no', 'one')[rows] if rows < 2 else f'{rows:,}'} {noun}{'s' if rows > 1 else ''}"
    return (
        f"{span}{has} {usual}If dates are mistyped or lie ahead, or {noun}s are missing, customers look "
        f"silent who are not. Correct the dates, wait until all {noun}s are there, or leave these days out, "
        f"so that the log ends on {write_date(complete)}."
    )


def _say_gap(span, usual, noun):
    return f"{span}the log has no {noun} {usual}{_say_missing(noun)}"


def _say_missing(noun):
    return (
        f"If {noun}s are missing, customers look silent who are not. Export the log again, with these days."
    )


def _say_closed(found):
    first, last = (write_date(dt.date.fromisoformat(found[name])) for name in ("first", "last"))
    return (
        f"Nothing was open from {first} to {last}, {found['days']:,} days, and they count as silence here: "
        "probabilities are too high, the more so the longer that was."
    )
