"""When people buy: per day, week and month, the trend, the weekday and what returns with the season."""

from __future__ import annotations

import datetime as dt

import numpy as np

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# A decomposition needs two whole seasons, or it takes the trend for the season.
SEASONS_NEEDED = 2
# The strength of Wang, Smith and Hyndman: below the first hardly any, above the second a clear season.
WEAK, STRONG = 0.3, 0.6
SURE = 0.05
FEWEST_WEEKS = 8
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
        calendar time); `daily` (at most two years), `weekly`, `monthly` series of purchases and revenue, with
        `whole` False for a week or month that the log only touches (they start at `series_from`, at most 15
        years before the end, after `before_series` older purchases); `trend`; `weekdays`; `hours` (None
        without times); `seasonality`: weekly and yearly decomposition, each with its strength or why there is
        none.
    """
    days = log.rows(
        "SELECT bought_at::DATE AS day, count(*) AS purchases, coalesce(sum(amount), 0) AS revenue FROM "
        "purchases GROUP BY day ORDER BY day"
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
        "trend": _trend(weekly),
        "weekdays": _weekdays(daily),
        "hours": _hours(log) if log.has_time else None,
        "seasonality": {
            "weekly": _season([row["purchases"] for row in daily[-DAYS_FOR_THE_WEEK:]], 7, "week", "days"),
            "yearly": _yearly(weekly, monthly),
        },
    }


def _dated(row):
    return {**row, "day": row["day"].isoformat()}


def _filled(days, first, span):
    known = {row["day"]: row for row in days}
    # A day without purchases is a zero, not a gap in the series.
    return [
        known.get(day, {"day": day, "purchases": 0, "revenue": 0.0})
        for day in (first + dt.timedelta(days=number) for number in range(span))
    ]


def _grouped(daily, start_of, first, latest):
    found = {}
    for row in daily:
        start = start_of(row["day"])
        group = found.setdefault(start, {"day": start, "purchases": 0, "revenue": 0.0, "whole": True})
        group["purchases"] += row["purchases"]
        group["revenue"] += row["revenue"]
    groups = list(found.values())
    # The log begins and ends in the middle of something: that is no decline.
    groups[0]["whole"] = groups[0]["day"] == first
    if start_of(latest + dt.timedelta(days=1)) == groups[-1]["day"]:
        groups[-1]["whole"] = False
    return groups


def _trend(weekly):
    """Return slope and verdict over whole weeks: Theil-Sen's slope, and Mann and Kendall's test of it."""
    from scipy.stats import kendalltau, theilslopes

    counts = np.array([row["purchases"] for row in weekly if row["whole"]], dtype=np.float64)
    if len(counts) < FEWEST_WEEKS:
        return {
            "direction": None,
            "sentence": f"A trend needs {FEWEST_WEEKS} whole weeks; the log has {len(counts)}.",
        }
    weeks = np.arange(len(counts))
    mean = counts.mean()
    test = kendalltau(weeks, counts)
    monthly = float(theilslopes(counts, weeks)[0]) * 30.4375 / 7 / mean if mean else 0.0
    certain = bool(np.isfinite(test.pvalue) and test.pvalue < SURE)
    direction = "steady"
    if certain and abs(monthly) >= STEADY:
        direction = "growing" if monthly > 0 else "declining"
    sentence = {
        "steady": f"Purchases neither grow nor decline clearly over the {len(counts)} whole weeks.",
        "growing": f"Purchases grow by about {monthly:.1%} of their mean a month.",
        "declining": f"Purchases decline by about {-monthly:.1%} of their mean a month.",
    }[direction]
    return {
        "direction": direction,
        "per_month": monthly,
        "p_value": float(test.pvalue) if np.isfinite(test.pvalue) else None,
        "weeks": len(counts),
        "sentence": sentence,
    }


def _weekdays(daily):
    from scipy.stats import chisquare

    counts, revenue, occurred = np.zeros(7), np.zeros(7), np.zeros(7)
    for row in daily:
        weekday = row["day"].weekday()
        counts[weekday] += row["purchases"]
        revenue[weekday] += row["revenue"]
        occurred[weekday] += 1
    expected = counts.sum() * occurred / occurred.sum()
    seen = expected > 0
    p_value = (
        float(chisquare(counts[seen], expected[seen]).pvalue) if seen.sum() > 1 and counts.sum() else 1.0
    )
    return {
        "days": [
            {
                "weekday": WEEKDAYS[number],
                "purchases": int(counts[number]),
                "revenue": float(revenue[number]),
                "per_day": float(counts[number] / occurred[number]) if occurred[number] else None,
            }
            for number in range(7)
        ],
        "differ": p_value < SURE,
        "p_value": p_value,
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


def _yearly(weekly, monthly):
    whole = [row for row in monthly if row["whole"]]
    return _season(
        [row["purchases"] for row in whole], 12, "year", "months", [row["day"].isoformat() for row in whole]
    )


def _season(series, period, name, unit, labels=None):
    """Decompose a series into trend, season and rest, and say how much of it the season explains.

    References
    ----------
    .. [1] R. B. Cleveland, W. S. Cleveland, J. E. McRae, I. Terpenning: STL. Journal of Official Statistics,
    1990.
    .. [2] X. Wang, K. Smith, R. Hyndman: Characteristic-based clustering for time series data. Data Mining
    and
       Knowledge Discovery, 2006; section 3, seasonality: max(0, 1 - Var(rest) / Var(season + rest)).
    """
    needed = SEASONS_NEEDED * period
    if len(series) < needed:
        return {
            "strength": None,
            "sentence": (
                f"Whether purchases follow the {name} needs {needed} whole {unit}, two of its seasons; the "
                f"log has {len(series)}."
            ),
        }
    from statsmodels.tsa.seasonal import STL

    values = np.asarray(series, dtype=np.float64)
    parts = STL(values, period=period, robust=True).fit()
    around = np.var(parts.seasonal + parts.resid)
    strength = float(max(0.0, 1 - np.var(parts.resid) / around)) if around > 1e-12 else 0.0
    sentence = f"Purchases hardly follow the {name}."
    if strength >= WEAK:
        how = "clearly" if strength >= STRONG else "a little"
        sentence = (
            f"Purchases follow the {name} {how}: it explains {strength:.0%} of what moves beside the trend."
        )
    found = {"strength": strength, "period": period, "sentence": sentence}
    if labels:
        found["labels"] = labels
    if len(series) <= DAYS_KEPT:
        found |= {
            "observed": [float(value) for value in values],
            "trend": [round(float(value), 4) for value in parts.trend],
            "seasonal": [round(float(value), 4) for value in parts.seasonal],
            "rest": [round(float(value), 4) for value in parts.resid],
        }
    return found
