"""When a customer counts as lost: how long customers usually stay away, and what each threshold would mean.

Three lengths of time that are easily mixed up, all in days and all half-open:

- **active window** before the cutoff: who bought in it is a customer who can still be lost;
- **gap** after the cutoff: the time that acting takes, in which nothing is counted;
- **horizon** after the gap: who was active and buys nothing in it has churned.

Who was not active before the cutoff has **lapsed already**: shown, never scored as a risk.
"""

from __future__ import annotations

import datetime as dt
import itertools
from contextlib import nullcontext

import numpy as np

from ml.logs.purchase_log import PurchaseLog

SHORTEST, LONGEST = 30, 180
SLIDER = range(SHORTEST, LONGEST + 1)
# Of thresholds as long as these, most shops say that they fit them.
TYPICAL = (45, 90)
# Below so many gaps the shape of their distribution is mostly chance.
FEWEST_GAPS = 100
# The elbow is looked for up to here: beyond, a handful of very long gaps would pull the line.
ELBOW_SHARE = 0.99
GAP_BINS = (1, 8, 15, 31, 46, 61, 91, 121, 181, 366)
CURVE_DAYS = 365

HORIZON = "Horizon: a customer who was active and buys nothing for this many days counts as churned."
GAP = "Gap: days between the cutoff and the horizon, left free because acting on a warning takes time."
ACTIVE_WINDOW = (
    "Active window: only who bought within this many days before the cutoff can still be lost. Everybody "
    "else has lapsed already: listed, never scored as a risk."
)
ELBOW = (
    "Elbow: gaps between buying days are counted from 0 to D, the 99th percentile. S(d) is the share of "
    "gaps longer than d days. The elbow is the d where (1 - d / D) - S'(d) is largest, S' being S "
    "stretched to run from 1 to 0: there the curve stops falling steeply (Satopää et al., Finding a "
    "Kneedle in a Haystack, 2011)."
)


def describe_gaps(events, *, as_of=None):
    """Describe how many days pass between two buying days of a customer.

    Parameters
    ----------
    events : Path or PurchaseLog
        The purchases; days with several count once.
    as_of : datetime, optional
        Only purchases before it are seen; ignored for an open log.

    Returns
    -------
    dict
        `gaps`, `customers`, `repeat_customers`, `span_days`; `mean` and `quantiles` (days by percentile);
        `histogram` (start, end, count; days, half-open, the last one open: end None); `longer_than` (for
        every d of 0..365 the share of gaps longer than d days); `elbow_days` (None without gaps).
    """
    with _opened(events, as_of) as log:
        found = log.row(
            "SELECT count(*) AS customers, count(*) FILTER (latest_day > first_day) AS repeat_customers, "
            "count(*) FILTER (purchases > 1) AS buyers_again, min(first_day) AS first_day, "
            "max(latest_day) AS latest_day FROM customers"
        )
        counted = log.arrays(
            "SELECT next_day - day AS days, count(*) AS n FROM buying_days WHERE next_day IS NOT NULL "
            "GROUP BY days ORDER BY days"
        )
    first, latest = found.pop("first_day"), found.pop("latest_day")
    days, counts = np.asarray(counted["days"], dtype=np.int64), np.asarray(counted["n"], dtype=np.int64)
    result = {
        **found,
        "gaps": int(counts.sum()),
        "span_days": (latest - first).days + 1 if first else 0,
        "first_on": first.isoformat() if first else None,
        "latest_on": latest.isoformat() if latest else None,
        "mean": None,
        "quantiles": {},
        "histogram": [],
        "longer_than": [],
        "elbow_days": None,
    }
    if len(days):
        result["mean"] = float((days * counts).sum() / counts.sum())
        result["quantiles"] = {
            str(q): _quantile(days, counts, q / 100) for q in (10, 25, 50, 75, 80, 90, 95, 99)
        }
        result["histogram"] = _histogram(days, counts)
        result["longer_than"] = [round(float(share), 6) for share in _longer_than(days, counts, CURVE_DAYS)]
        result["elbow_days"] = find_elbow(_longer_than(days, counts, _quantile(days, counts, ELBOW_SHARE)))
    return result


def find_elbow(longer_than):
    """Return the day at which a falling curve stops falling steeply.

    Parameters
    ----------
    longer_than : array of float, shape (n_days + 1,)
        S(d) for d = 0..n_days: the share of gaps that are longer than d days.

    Returns
    -------
    int or None
        The d >= 1 that maximises (1 - d / D) - S'(d), where D = n_days and S' is S stretched to run from 1 to
        0; the smallest such d where several are equal. None for a curve that does not fall.

    References
    ----------
    .. [1] V. Satopää, J. Albrecht, D. Irwin, B. Raghavan: Finding a "Kneedle" in a Haystack: Detecting Knee
    Points
       in System Behavior. ICDCS Workshops, 2011; section III, the difference curve.

    Examples
    --------
    >>> find_elbow([1.0, 0.4, 0.2, 0.1, 0.05, 0.0])
    1
    >>> find_elbow([0.5, 0.5]) is None
    True
    """
    curve = np.asarray(longer_than, dtype=np.float64)
    if len(curve) < 2 or curve[0] <= curve[-1]:
        return None
    stretched = (curve - curve[-1]) / (curve[0] - curve[-1])
    difference = 1 - np.arange(len(curve)) / (len(curve) - 1) - stretched
    # Rounded, or the last bit of a division would choose between two equal days.
    # Day 0 is an end of the line, not a bend: it would win where everybody comes back after the same time.
    return int(np.argmax(np.round(difference[1:], 12))) + 1


def suggest_threshold(gaps, *, of_visits=False):
    """Suggest after how many days without a purchase a customer counts as lost, and say why.

    Parameters
    ----------
    gaps : dict
        From `describe_gaps`.
    of_visits : bool
        Nobody is known to say what is usual for visits; of purchases shops do.

    Returns
    -------
    dict
        `days` (30..180, None where it cannot work), `elbow_days`, `works`, `reliable`, `reason` (sentence),
        `problems` (sentences: why it cannot work, or why it is shaky), `typical` (45, 90; None of visits),
        `formula`.
    """
    problems = _blocking(gaps)
    typical = None if of_visits else list(TYPICAL)
    result = {"elbow_days": gaps["elbow_days"], "typical": typical, "formula": ELBOW}
    if problems:
        return {**result, "days": None, "works": False, "reliable": False, "reason": "", "problems": problems}
    elbow, fits = gaps["elbow_days"], gaps["span_days"] // 2
    days = min(max(elbow, SHORTEST), LONGEST, fits)
    reason = f"Most customers who come back do so within {elbow} days: there the curve of the gaps bends."
    if days != elbow:
        why = {
            SHORTEST: f"{SHORTEST} days is the shortest threshold offered",
            LONGEST: f"{LONGEST} days is the longest threshold offered",
        }.get(days, f"the log spans {gaps['span_days']:,} days, and a threshold needs twice its length")
        reason += f" {why[0].upper()}{why[1:]}, so {days} is suggested."
    reason += _say_longer(_share_longer(gaps, days), days)
    if not of_visits:
        reason += f" Retailers usually choose {TYPICAL[0]} to {TYPICAL[1]} days{_beside_retailers(days)}."
    if gaps["gaps"] < FEWEST_GAPS:
        problems.append(
            f"The log has only {gaps['gaps']:,} gaps between purchases ({FEWEST_GAPS} are needed for a "
            "steady curve): take the suggestion as a rough guess, and rather trust what you know of your "
            "customers."
        )
    once = 1 - gaps["repeat_customers"] / gaps["customers"]
    if once > 0.5:
        problems.append(
            f"{100 * once:.0f} % of the customers bought on one day only. They have no gap, so the "
            "suggestion speaks for the others."
        )
    return {
        **result,
        "days": int(days),
        "works": True,
        "reliable": gaps["gaps"] >= FEWEST_GAPS,
        "reason": reason,
        "problems": problems,
    }


def _say_longer(share, days):
    if not share:
        return f" None of the gaps is longer than {days} days."
    if share == 1:
        return f" All of the gaps are longer than {days} days."
    # What is neither none nor all is not rounded to it.
    said = "Fewer than 1 %" if share < 0.01 else "More than 99 %" if share > 0.99 else f"{100 * share:.0f} %"
    return f" {said} of the gaps are longer than {days} days."


def _beside_retailers(days):
    if TYPICAL[0] <= days <= TYPICAL[1]:
        return ""
    return f"; your customers {'return faster' if days < TYPICAL[0] else 'take longer'}"


def impact_by_days(events, days=SLIDER, *, gap_days=0, active_window_days=None, as_of=None):
    """Tell for each threshold what it would mean, at the latest cutoff whose outcome the log already knows.

    With the end of the log E (midnight after its latest day), a horizon of d days and a gap of g days the
    cutoff is E - g - d. Of the customers who bought in the active window before it, those have churned who
    bought nothing in the horizon `[E - d, E)`.

    Parameters
    ----------
    events : Path or PurchaseLog
    days : sequence of int, default 30..180
        Horizons to try, consecutive and rising.
    gap_days : int, default 0
    active_window_days : int, optional
        Default: as long as the horizon, so that "lapsed" means past the threshold.
    as_of : datetime, optional
        Only purchases before it are seen; ignored for an open log.

    Returns
    -------
    list of dict
        One per horizon: `days`, `as_of` (the cutoff), `fits` (whether the log reaches back far enough),
        `scorable` (active at the cutoff), `churned`, `churn_rate` (None where nobody is scorable), `lapsed`
        (bought before the active window of the cutoff); and as things stand at the end of the log
        `currently_scorable`, `currently_lapsed` and `currently_lapsed_rate`: days since the latest purchase >
        d, the rule of thumb that needs no future and predicts nothing.

    Raises
    ------
    ValueError
        `days` is not a rising run of positive numbers, or the gap or the window is out of range.
    """
    days = list(days)
    if not days or days[0] < 1 or days != list(range(days[0], days[0] + len(days))):
        raise ValueError(f"days must be consecutive and positive, not {days[:3]}…")
    if gap_days < 0:
        raise ValueError(f"gap_days must not be negative, but is {gap_days}.")
    if active_window_days is not None and active_window_days < 1:
        raise ValueError(f"active_window_days must be at least 1, but is {active_window_days}.")
    with _opened(events, as_of) as log:
        if log.end is None:
            return []
        # Each buying day is its customer's latest before the cutoffs in (day, next_day]. In horizons, counted
        # back from the end, that is an interval; so is being active. One pass finds all horizons at once.
        intervals = log.arrays(
            "WITH places AS (SELECT $end::DATE - $gap - day AS until, "
            "  $end::DATE - $gap - coalesce(next_day, $end::DATE + 1000000) AS since, "
            "  $end::DATE - latest_day AS quiet FROM buying_days JOIN customers USING (customer_id)) "
            # Cut off where nothing is compared any more, which leaves few different intervals.
            "SELECT greatest(since, $low) AS since, least(until, $far) AS until, "
            "  least(greatest(quiet, $low), $high + 1) AS quiet, count(*) AS n "
            "FROM places WHERE until > $low AND since <= $high GROUP BY ALL",
            end=log.end,
            gap=gap_days,
            low=days[0],
            high=days[-1],
            far=days[-1] + (active_window_days or days[-1]) + 1,
        )
        latest = log.arrays(
            "SELECT $end::DATE - latest_day AS quiet, count(*) AS n FROM customers GROUP BY quiet",
            end=log.end,
        )
        first = log.row("SELECT min(first_day) AS day FROM customers")["day"]
    return [
        _impact(horizon, gap_days, active_window_days or horizon, log.end, first, intervals, latest)
        for horizon in days
    ]


def _impact(horizon, gap_days, window, end, first, intervals, latest):
    cutoff = end - dt.timedelta(days=horizon + gap_days)
    # `until` is how many days before the end, less the gap, the customer's latest purchase before the cutoff
    # lies.
    seen = (intervals["since"] <= horizon) & (intervals["until"] > horizon)
    active = seen & (intervals["until"] <= horizon + window)
    counts = intervals["n"]
    scorable = int(counts[active].sum())
    # Quiet for more days than the horizon is long: nothing in [end - horizon, end).
    churned = int(counts[active & (intervals["quiet"] > horizon)].sum())
    customers = int(latest["n"].sum())
    past = int(latest["n"][latest["quiet"] > horizon].sum())
    return {
        "days": horizon,
        "as_of": cutoff.isoformat(),
        "fits": first is not None and (cutoff - first).days >= window,
        "scorable": scorable,
        "churned": churned,
        "churn_rate": churned / scorable if scorable else None,
        "lapsed": int(counts[seen].sum()) - scorable,
        "currently_scorable": int(latest["n"][latest["quiet"] <= window].sum()),
        "currently_lapsed": past,
        "currently_lapsed_rate": past / customers if customers else None,
    }


def _blocking(gaps):
    """Say why no threshold can be suggested; an empty list where one can."""
    if not gaps["customers"]:
        return ["The log has no purchases, so there is nothing to lose and nobody to keep."]
    problems, spans = [], f"{gaps['span_days']:,} day{'s' if gaps['span_days'] != 1 else ''}"
    if gaps["span_days"] < 2 * SHORTEST:
        problems.append(
            f"The log is too short: it spans {spans}. Even the shortest threshold of "
            f"{SHORTEST} days needs {2 * SHORTEST}: {SHORTEST} to see who was a customer, {SHORTEST} to "
            "see who stayed away. Upload an export that reaches further back; half a year or more is best."
        )
    if gaps["customers"] == 1:
        problems.append(
            "All purchases are by one customer. Check which column was taken as the customer id: it may be "
            "the shop or the till."
        )
    elif not gaps["repeat_customers"]:
        again = gaps["buyers_again"]
        problems.append(
            "There are no repeat purchases: every customer bought "
            + ("on one day only" if again else "exactly once")
            + ", so nobody can be seen to come back or to stay away. If your customers do return, check "
            "whether the column taken as the customer id is really an order number."
        )
    return problems


def _opened(events, as_of):
    """Return the log as something that `with` can close; one that is open stays open for its owner."""
    return nullcontext(events) if isinstance(events, PurchaseLog) else PurchaseLog(events, as_of=as_of)


def _quantile(days, counts, share):
    """Return the smallest number of days that at least `share` of the gaps do not exceed."""
    cumulated = np.cumsum(counts)
    return int(days[np.searchsorted(cumulated, share * cumulated[-1])])


def _longer_than(days, counts, longest):
    per_day = np.zeros(longest + 1)
    within = days <= longest
    per_day[days[within]] = counts[within]
    return 1 - np.cumsum(per_day) / counts.sum()


def _share_longer(gaps, days):
    return gaps["longer_than"][days]


def _histogram(days, counts):
    edges = [*GAP_BINS, None]
    bins = []
    for start, end in itertools.pairwise(edges):
        chosen = (days >= start) & (days < end if end else True)
        bins.append({"start": start, "end": end, "count": int(counts[chosen].sum())})
    return bins
