"""What the pages say about a profile, beyond what `ml.logs.profile` found."""

from __future__ import annotations

from datetime import date

from core.templatetags.core_tags import MISSING, percent, thousands
from tabular.values.moments import SPOKEN
from transactions.presenting.days import write_day
from transactions.presenting.roles import ROLES

CHOICES = (30, 45, 60, 90, 120, 150, 180)
TYPES = {"VARCHAR": "text", "TIMESTAMP": "date", "DOUBLE": "number", "TINYINT": "0 or 1"}


def read_profile(profile: dict) -> dict:
    """Return `profile` with the words and sums that a page needs."""
    quality = profile["quality"]
    missing = {row["column"]: row for row in profile["missing"]}
    return {
        **profile,
        "quality": quality | {"lost": 10 - quality["score"]},
        "flagged": any(row["flagged"] for row in profile["missing"]),
        "columns": [
            {
                **missing[row["column"]],
                "name": _role(row["column"]),
                "type": TYPES.get(row["type"], row["type"].lower()),
                "as_expected": row["as_expected"],
            }
            for row in profile["schema"]
            if row["there"]
        ],
        "absent": [_role(row["column"]).lower() for row in profile["schema"] if not row["there"]],
        "imputation": [{**row, "label": _role(row["column"])} for row in profile["imputation"]],
        "date_order": SPOKEN.get(profile["consistency"]["dates"]["order"]),
        "first_on": _day(profile["time"]["first_on"]),
        "latest_on": _day(profile["time"]["latest_on"]),
        **_cards(profile),
    }


def _cards(profile):
    quality, minimum = profile["quality"], profile["minimum"]
    suggestion, balance = profile["churn"]["suggestion"], profile["balance"]
    faults = len(quality["deductions"])
    short = [check for check in minimum["checks"] if not check["passed"]]
    enough = "500 records, 100 customers and 6 months are needed"
    if short:
        enough = ", ".join(f"{check['missing']:,} {check['unit']}" for check in short) + " are missing"
    usual, typical = suggestion["typical"], "where the curve of the gaps bends"
    if usual:
        typical = f"{usual[0]} to {usual[1]} days are usual in retail"
    churn = "no outcome is known"
    if balance:
        churn = f"{balance['churned']:,} of {balance['customers']:,} customers, "
        churn += "by the label of the log" if balance["source"] == "label" else f"with {balance['days']} days"
    return {
        "score_text": f"{quality['score']:.1f} of 10",
        "score_says": _said_of_faults(faults),
        "enough_text": "No" if short else "Yes",
        "enough_says": enough,
        "threshold_text": f"{suggestion['days']} days" if suggestion["works"] else "None",
        "threshold_says": typical if suggestion["works"] else "this log cannot tell",
        "churn_text": percent(balance["churn_rate"]) if balance else MISSING,
        "churn_says": churn,
    }


def _said_of_faults(count):
    if not count:
        return "no fault costs a point"
    return "1 fault costs points" if count == 1 else f"{count} faults cost points"


def find_impact(impact: list[dict], days: int) -> dict | None:
    """Return the row of `impact` for a horizon of `days`."""
    return next((row for row in impact if row["days"] == days), None)


def list_choices(impact: list[dict], chosen: int) -> list[dict]:
    """Return the rows of `impact` that are worth a line in a table: round lengths and the chosen one."""
    return [row for row in impact if row["days"] in CHOICES or row["days"] == chosen]


def shown_impact(impact: list[dict]) -> list[dict]:
    """Return `impact` as the slider shows it: numbers written as every page writes them."""
    return [
        {
            "days": row["days"],
            "fits": row["fits"],
            "as_of": write_day(row["as_of"]),
            "churn_rate": percent(row["churn_rate"]),
            "currently_lapsed_rate": percent(row["currently_lapsed_rate"]),
            **{
                name: thousands(row[name])
                for name in ("churned", "scorable", "lapsed", "currently_scorable", "currently_lapsed")
            },
        }
        for row in impact
    ]


def _role(name):
    return ROLES[name][0] if name in ROLES else name


def _day(text):
    return date.fromisoformat(text) if text else None
