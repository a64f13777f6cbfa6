"""All that is said about a log, put together."""

from __future__ import annotations

from ml.logs.churn_definition import (
    ACTIVE_WINDOW,
    GAP,
    HORIZON,
    describe_gaps,
    impact_by_days,
    suggest_threshold,
)
from ml.logs.profile import balance, figures, quality, seasons
from ml.logs.profile.outliers import find_outliers
from ml.logs.profile.score import check_minimum, score_quality
from ml.logs.profile.silence import find_doubt, find_silences
from ml.logs.purchase_log import COLUMNS, REQUIRED, PurchaseLog
from ml.logs.visits import is_of_visits, say_visits_in

# Raised when a part changes its meaning, so that a page can tell an old profile from a new one.
VERSION = 2


def profile_events(
    events,
    *,
    report,
    as_of=None,
    closed=(),
    memory_limit="1GB",
    threads=2,
    scratch=None,
    seed=0,
    on_progress=None,
):
    """Describe a purchase log: its quality, what happens in it, and when a customer counts as lost.

    Parameters
    ----------
    events : Path or list of Path
        Canonical events, see `ml.logs.purchase_log`.
    report : dict
        The account of the import (`rows_in`, `accepted`, `duplicates`, `rejected`, `rejected_by_reason`,
        `missing_ids`, `label_conflicts`…); what is not in it counts as nothing.
    as_of : datetime, optional
        Events from here on are counted as dates in the future and otherwise not looked at.
    closed : sequence of pairs of str, optional
        First and last days on which nothing was open: they are no days that are missing.
    memory_limit : str, default "1GB"
    threads : int, default 2
    scratch : Path, optional
        Folder for what does not fit into memory.
    seed : int, default 0
        Of the isolation forest.
    on_progress : callable, optional
        Called with the name of each part before it is computed; may raise to stop.

    Returns
    -------
    dict
        Ready for JSON: `version`, `as_of`, `rows`, `schema`, `minimum`, `missing`, `imputation`,
        `duplicates`, `outliers`, `impossible`, `entry_errors`, `consistency`, `customers`, `transactions`,
        `time`, `silences`, `silence` (the one that is in doubt, or None), `products` (None without such a
        column), `churn` (`gaps`, `suggestion`, `impact`, `terms`), `balance`, `quality`. Of a log
        without amounts nothing stands there that speaks of money: neither `outliers` (None) nor what was
        earned, and no such fault.
    """

    def step(name):
        if on_progress:
            on_progress(name)

    step("open")
    with PurchaseLog(events, as_of=as_of, memory_limit=memory_limit, threads=threads, scratch=scratch) as log:
        rows = quality.count_rows(report, log)
        profile = {
            "version": VERSION,
            "as_of": as_of.isoformat() if as_of else None,
            "rows": rows,
            "schema": _schema(log),
        }
        step("quality")
        profile["missing"] = quality.find_missing(log, rows)
        profile["imputation"] = quality.advise_imputation(log, profile["missing"])
        profile["duplicates"] = quality.find_duplicates(log, rows)
        profile["impossible"] = quality.find_impossible(log, rows)
        profile["entry_errors"] = quality.find_entry_errors(log)
        profile["consistency"] = quality.check_consistency(log, rows, report)
        step("outliers")
        profile["outliers"] = find_outliers(log, seed=seed) if log.has_amounts else None
        step("customers")
        profile["customers"] = figures.describe_customers(log)
        profile["transactions"] = figures.describe_transactions(log)
        profile["products"] = figures.describe_products(log)
        step("time")
        profile["time"] = seasons.describe_time(log)
        profile["silences"] = find_silences(log)
        profile["silence"] = find_doubt(profile["silences"], closed=closed)
        step("churn")
        of_visits = is_of_visits(log.columns)
        gaps = describe_gaps(log)
        profile["churn"] = {
            "gaps": gaps,
            "suggestion": suggest_threshold(gaps, of_visits=of_visits),
            "impact": impact_by_days(log),
            "terms": {"horizon": HORIZON, "gap": GAP, "active_window": ACTIVE_WINDOW},
        }
        profile["balance"] = _balance(log, profile["churn"])
        profile["minimum"] = judge_minimum(log)
    profile["quality"] = score_quality(profile)
    return say_visits_in(profile) if of_visits else profile


def _schema(log):
    types = {row["column_name"]: row["column_type"] for row in log.rows("DESCRIBE every_event")}
    wanted = {
        "event_at": "TIMESTAMP",
        "amount": "DOUBLE",
        "quantity": "DOUBLE",
        "discount": "DOUBLE",
        "label": "TINYINT",
    }
    return [
        {
            "column": name,
            "required": name in REQUIRED,
            "there": name in types,
            "type": types.get(name),
            "as_expected": name not in types or types[name].startswith(wanted.get(name, "VARCHAR")),
        }
        for name in COLUMNS
    ]


def judge_minimum(log):
    """Tell whether there is enough in a log to learn from; see `ml.logs.profile.score.check_minimum`.

    Parameters
    ----------
    log : PurchaseLog

    Returns
    -------
    dict
    """
    found = log.row(
        "SELECT count(*) AS events, count(DISTINCT customer_id) AS customers,"
        " min(event_at)::DATE AS first_on, max(event_at)::DATE AS latest_on FROM events"
    )
    return check_minimum(**found)


def _balance(log, churn):
    """Take the labels of the log where it has them, or else the suggested definition."""
    if log.has("label"):
        found = log.row(
            "SELECT count(*) AS customers, coalesce(sum(label), 0)::BIGINT AS churned FROM"
            " (SELECT max(label) AS label FROM events WHERE label IS NOT NULL GROUP BY customer_id)"
        )
        if found["customers"]:
            return balance.describe_balance(found["churned"], found["customers"], source="label")
    days = churn["suggestion"]["days"]
    impact = next((row for row in churn["impact"] if row["days"] == days), None)
    if impact is None:
        return None
    found = balance.describe_balance(impact["churned"], impact["scorable"], source="definition")
    return found and {**found, "days": days, "as_of": impact["as_of"]}
