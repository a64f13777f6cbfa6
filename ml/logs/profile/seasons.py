"""When people buy: per day, week and month, the trend, the weekday and what returns with the season."""

from __future__ import annotations

import datetime as dt

import numpy as np

from ml.logs.profile.regularity import (
    FEWEST_CYCLES,
    FEWEST_WEEKS,
    later_share,
    season_p_value,
    trend_p_value,
    weekday_p_value,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Of what moves in later cycles a season explains this much at least, or nobody plans by it; from the second
# on it is called clear.
WEAK, STRONG = 0.1, 0.5
# These let noise pass in one of twenty logs (docs/verdicts.md). At .05 up to one in twelve passed where
# neighbours resemble each other, and of weekdays, which few weeks judge seven at a time, one in seven.
SURE, SURE_OF_A_TREND, SURE_OF_WEEKDAYS = 0.03, 0.015, 0.01
# In less than half a year of weeks that resemble each other a drift cannot be told from a trend.
WEEKS_FOR_A_TREND = 26
DAYS_KEPT = 731
# Older than this before the latest purchase is a stray date (1 January 1970), not history worth a series.
YEARS_KEPT = 15
# The week needs no more days than these to show itself, and its decomposition would take long.
DAYS_FOR_THE_WEEK = 1096
# A change of less than this share of the mean per month is called steady, however sure it is.
STEADY = 0.005


def describe_time(log):
    """Describe when purchases happen.

    Returns
    -------
    dict
        `first_on`, `latest_on`, `span_days`, `months`; `per_day`, `per_week`, `per_month` (means over whole
        calendar time); `daily` (at most two years), `weekly`, `monthly` series of purchases and, where
        amounts are known, revenue, with `whole` False for a week or month that the log only touches (they
        start at `series_from`, at most 15 years before the end, after `before_series` older purchases);
        `trend`; `weekdays`; `hours` (None without times); `seasonality`: weekly and yearly, each with its
        strength (the share of what moved later that it explains, 0 where chance explains it) and
        decomposition, or why it cannot be told.
    """
    days = log.rows(
        f"SELECT bought_at::DATE AS day, {', '.join(_sums(log))} FROM purchases GROUP BY day ORDER BY day"
    )
    if not days:
        return {"first_on": None, "latest_on": None, "span_days": 0, "months": 0.0}
    first, latest = days[0]["day"], days[-1]["day"]
    span = (latest - first).days + 1
    begin = max(first, latest - dt.timedelta(days=round(365.25 * YEARS_KEPT)))
    before = sum(row["purchases"] for row in days if row["day"] < begin)
    days = [row for row in days if row["day"] >= begin]
    daily = _filled(days, begin, (latest - begin).days + 1)
    weekly = _grouped(daily, lambda day: day - dt.timedelta(days=day.weekday()), begin, latest)
    monthly = _grouped(daily, lambda day: day.replace(day=1), begin, latest)
    total = before + sum(row["purchases"] for row in days)
    return {
        "first_on": first.isoformat(),
        "latest_on": latest.isoformat(),
        "span_days": span,
        "months": span / 30.4375,
        "series_from": begin.isoformat(),
        "before_series": before,
        "per_day": total / span,
        "per_week": 7 * total / span,
        "per_month": 30.4375 * total / span,
        "daily": [_dated(row) for row in daily] if span <= DAYS_KEPT else None,
        "weekly": [_dated(row) for row in weekly],
        "monthly": [_dated(row) for row in monthly],
        "trend": judge_trend(_whole_counts(weekly)),
        "weekdays": _weekdays(daily),
        "hours": _hours(log) if log.has_time else None,
        "seasonality": {
            "weekly": _weekly(daily[-DAYS_FOR_THE_WEEK:]),
            "yearly": _yearly(monthly),
        },
    }


def _sums(log):
    """Return what is counted of a day, as SQL; revenue where amounts are known."""
    counted = ["count(*) AS purchases"]
    return [*counted, "coalesce(sum(amount), 0) AS revenue"] if log.has_amounts else counted


def _counted(row):
    """Return the names of what was counted of a day."""
    return [name for name in ("purchases", "revenue") if name in row]


def _dated(row):
    return {**row, "day": row["day"].isoformat()}


def _filled(days, first, span):
    known = {row["day"]: row for row in days}
    nothing = dict.fromkeys(_counted(days[0]), 0)
    # A day without purchases is a zero, not a gap in the series.
    return [
        known.get(day, {"day": day, **nothing})
        for day in (first + dt.timedelta(days=number) for number in range(span))
    ]


def _grouped(daily, start_of, first, latest):
    found = {}
    for row in daily:
        start = start_of(row["day"])
        nothing = dict.fromkeys(_counted(row), 0)
        group = found.setdefault(start, {"day": start, **nothing, "whole": True})
        for name in nothing:
            group[name] += row[name]
    groups = list(found.values())
    # The log begins and ends in the middle of something: that is no decline.
    groups[0]["whole"] = groups[0]["day"] == first
    if start_of(latest + dt.timedelta(days=1)) == groups[-1]["day"]:
        groups[-1]["whole"] = False
    return groups


def _whole_counts(groups):
    return np.array([row["purchases"] for row in groups if row["whole"]], dtype=np.float64)


def judge_trend(counts):
    """Say whether purchases grow or decline.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_weeks,)
        Purchases of whole weeks.

    Returns
    -------
    dict
        `direction` ("growing", "declining", "steady", None where there are too few weeks) and `sentence`;
        also `per_month` (Theil and Sen's slope, as a share of the mean), `p_value` and `weeks`.
    """
    from scipy.stats import theilslopes

    if len(counts) < WEEKS_FOR_A_TREND:
        return {
            "direction": None,
            "sentence": f"A trend needs {WEEKS_FOR_A_TREND} whole weeks; the log has {len(counts)}.",
        }
    weeks = np.arange(len(counts))
    mean = counts.mean()
    p_value = trend_p_value(counts)
    monthly = float(theilslopes(counts, weeks)[0]) * 30.4375 / 7 / mean if mean else 0.0
    direction = "steady"
    if p_value < SURE_OF_A_TREND and abs(monthly) >= STEADY:
        direction = "growing" if monthly > 0 else "declining"
    sentence = {
        "steady": f"Purchases neither grow nor decline clearly over the {len(counts)} whole weeks.",
        "growing": f"Purchases grow by about {100 * monthly:.1f} % of their mean a month.",
        "declining": f"Purchases decline by about {-100 * monthly:.1f} % of their mean a month.",
    }[direction]
    return {
        "direction": direction,
        "per_month": monthly,
        "p_value": p_value,
        "weeks": len(counts),
        "sentence": sentence,
    }


def _whole_weeks(daily):
    """Return purchases by whole week and weekday, Monday first."""
    counts = np.array([row["purchases"] for row in daily], dtype=np.float64)
    start = -daily[0]["day"].weekday() % 7
    weeks = max(0, len(counts) - start) // 7
    return counts[start : start + 7 * weeks].reshape(weeks, 7)


def _weekdays(daily):
    sums, occurred = {name: np.zeros(7) for name in _counted(daily[0])}, np.zeros(7)
    for row in daily:
        weekday = row["day"].weekday()
        for name, total in sums.items():
            total[weekday] += row[name]
        occurred[weekday] += 1
    counts = sums["purchases"]
    weeks = _whole_weeks(daily)
    p_value = weekday_p_value(weeks) if len(weeks) >= FEWEST_WEEKS else None
    return {
        "days": [
            {
                "weekday": WEEKDAYS[number],
                "purchases": int(counts[number]),
                **({"revenue": float(sums["revenue"][number])} if "revenue" in sums else {}),
                "per_day": float(counts[number] / occurred[number]) if occurred[number] else None,
            }
            for number in range(7)
        ],
        "differ": p_value is not None and p_value < SURE_OF_WEEKDAYS,
        "p_value": p_value,
        "weeks": len(weeks),
        "weeks_needed": FEWEST_WEEKS,
        "busiest": WEEKDAYS[int(np.argmax(counts / np.maximum(occurred, 1)))],
        "quietest": WEEKDAYS[
            int(np.argmin(np.where(occurred > 0, counts / np.maximum(occurred, 1), np.inf)))
        ],
    }


def _hours(log):
    known = {
        row["hour"]: row["n"]
        for row in log.rows("SELECT hour(bought_at) AS hour, count(*) AS n FROM purchases GROUP BY hour")
    }
    return [{"hour": hour, "purchases": known.get(hour, 0)} for hour in range(24)]


def _weekly(daily):
    found = judge_week(_whole_weeks(daily))
    if found["strength"] is None:
        return found
    return found | _decomposed([row["purchases"] for row in daily], 7)


def judge_week(weeks):
    """Say whether purchases follow the week.

    Parameters
    ----------
    weeks : ndarray of float64, shape (n_weeks, 7)
        Purchases per day of whole weeks.

    Returns
    -------
    dict
        `strength` (None where there are too few weeks) and `sentence`; also `follows`, `p_value` and
        `period`.
    """
    if len(weeks) < FEWEST_WEEKS:
        return _too_short("week", FEWEST_WEEKS, "weeks", len(weeks))
    p_value = weekday_p_value(weeks)
    return _season(weeks.ravel(), 7, "week", "weeks", p_value, sure=SURE_OF_WEEKDAYS)


def _yearly(monthly):
    counts = _whole_counts(monthly)
    found = judge_year(counts)
    if found["strength"] is None:
        return found
    labels = [row["day"].isoformat() for row in monthly if row["whole"]]
    return found | _decomposed(counts, 12) | {"labels": labels}


def judge_year(counts):
    """Say whether purchases follow the year.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_months,)
        Purchases of whole months.

    Returns
    -------
    dict
        As `judge_week`.
    """
    if len(counts) < 12 * FEWEST_CYCLES:
        return _too_short("year", 12 * FEWEST_CYCLES, "months", len(counts))
    return _season(counts, 12, "year", "years", season_p_value(counts, 12))


def _too_short(name, needed, unit, there):
    return {
        "strength": None,
        "sentence": (
            f"Whether purchases follow the {name} cannot be told from this log: that needs {needed} whole "
            f"{unit}, and it has {there}."
        ),
    }


def _season(counts, period, name, unit, p_value, sure=SURE):
    """Say whether a season is there: beyond chance, and of use for a time that it was not learned from."""
    share = later_share(counts, period)
    follows = p_value < sure and share >= WEAK
    cycles = len(counts) // period
    later = max(1, cycles // 3)
    sentence = f"Purchases do not follow the {name} beyond what chance explains."
    if follows:
        how = "clearly" if share >= STRONG else "a little"
        ones = f"the last {later} {unit}" if later > 1 else f"the last {name}"
        sentence = (
            f"Purchases follow the {name} {how}: what the {cycles - later} {unit} before showed explains "
            f"{100 * share:.0f} % of what moved within {ones}."
        )
    return {
        "strength": max(0.0, share) if follows else 0.0,
        "follows": follows,
        "p_value": p_value,
        "period": period,
        "sentence": sentence,
    }


def _decomposed(series, period):
    """Return trend, season and rest of a series, to draw them.

    References
    ----------
    .. [1] R. B. Cleveland, W. S. Cleveland, J. E. McRae, I. Terpenning: STL. Journal of Official Statistics,
    1990.
    """
    if len(series) > DAYS_KEPT:
        return {}
    from statsmodels.tsa.seasonal import STL

    values = np.asarray(series, dtype=np.float64)
    parts = STL(values, period=period, robust=True).fit()
    return {
        "observed": [float(value) for value in values],
        "trend": [round(float(value), 4) for value in parts.trend],
        "seasonal": [round(float(value), 4) for value in parts.seasonal],
        "rest": [round(float(value), 4) for value in parts.resid],
    }
