"""The quality of a log from 0 to 10, each lost point with reason and remedy; and the minimum of data."""

from __future__ import annotations

import datetime as dt

from ml.logs.profile.dates import write_date

FULL = 10.0
MINIMUM_RECORDS = 500
MINIMUM_CUSTOMERS = 100
MINIMUM_MONTHS = 6


def check_minimum(events, customers, first_on, latest_on):
    """Tell whether there is enough to learn from; if not, how far away it is and what would mend that.

    Parameters
    ----------
    events, customers : int
    first_on, latest_on : date or None

    Returns
    -------
    dict
        `passed` and `checks`: name, `needed`, `have`, `missing` (in `unit`), `passed`, `share` (of what is
        needed) and `remedy` (empty where passed).

    Examples
    --------
    >>> gate = check_minimum(800, 60, dt.date(2024, 1, 1), dt.date(2024, 9, 1))
    >>> [(check["name"], check["missing"]) for check in gate["checks"] if not check["passed"]]
    [('Customers', 40)]
    """
    checks = [
        _counted(
            "Records",
            MINIMUM_RECORDS,
            events,
            "records",
            "Export a longer time, or all customers instead of a selection: {missing:,} more records are "
            "needed.",
        ),
        _counted(
            "Customers",
            MINIMUM_CUSTOMERS,
            customers,
            "customers",
            "Export all customers instead of a selection; {missing:,} more are needed. If you have more, "
            "check which column was taken as the customer id.",
        ),
        _spanned(first_on, latest_on),
    ]
    return {"passed": all(check["passed"] for check in checks), "checks": checks}


def describe_shortfall(minimum):
    """Return one sentence for each check that was not passed: how far away it is and what would mend it.

    Parameters
    ----------
    minimum : dict
        From `check_minimum`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> gate = check_minimum(800, 60, dt.date(2024, 1, 1), dt.date(2024, 9, 1))
    >>> describe_shortfall(gate)[0][:77]
    'The log has 60 of the 100 customers that a model should learn from at least. '
    """
    return [
        f"The log has {check['have']:,} of the {check['needed']:,} {check['unit']} that a model should learn "
        f"from at least. {check['remedy']}"
        for check in minimum["checks"]
        if not check["passed"]
    ]


def _counted(name, needed, have, unit, remedy):
    missing = max(needed - have, 0)
    return {
        "name": name,
        "needed": needed,
        "have": have,
        "missing": missing,
        "unit": unit,
        "passed": not missing,
        "share": min(have / needed, 1.0),
        "remedy": remedy.format(missing=missing) if missing else "",
    }


def _spanned(first_on, latest_on):
    if first_on is None:
        needed = 183
        return _counted("Time", needed, 0, "days", "Export at least {missing:,} days of purchases.")
    reached = _add_months(first_on, MINIMUM_MONTHS)
    needed, have = (reached - first_on).days, (latest_on - first_on).days + 1
    check = _counted("Time", needed, have, "days", "")
    if check["missing"]:
        earlier = first_on - dt.timedelta(days=check["missing"])
        check["remedy"] = (
            f"Export purchases from {write_date(earlier)} or earlier (now the first is of "
            f"{write_date(first_on)}), or wait {check['missing']:,} days and export again."
        )
    return check


def _add_months(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(dt.date(year, month + 1, 1) + dt.timedelta(days=day.day - 1), following - dt.timedelta(days=1))


def score_quality(profile):
    """Return the score and what cost each point.

    Parameters
    ----------
    profile : dict
        The parts that `ml.logs.profile.profile_events` found.

    Returns
    -------
    dict
        `score` (0-10, one decimal); `deductions`, worst first: `code`, `points`, `title`, `reason`, `remedy`;
        the points add up to 10 - score exactly. `notes`: faults too small to cost a point, in the same form.
    """
    found = [fault for fault in _faults(profile) if fault["tenths"] or fault["seen"]]
    left, deductions, notes = round(FULL * 10), [], []
    for fault in sorted(found, key=lambda fault: -fault["tenths"]):
        # A log can have more faults than ten points can pay for; the rest is still told.
        tenths = min(fault["tenths"], left)
        left -= tenths
        entry = {key: fault[key] for key in ("code", "title", "reason", "remedy")} | {"points": tenths / 10}
        (deductions if tenths else notes).append(entry)
    return {"score": left / 10, "deductions": deductions, "notes": notes}


def _some(count, one, many):
    """Write a count with its noun: 1 row, 1,204 rows."""
    return f"{count:,} {one if count == 1 else many}"


def _list(*counts):
    """Write the counts that are not zero as one sentence."""
    parts = [_some(*found) for found in counts if found[0]]
    return f"{', '.join(parts)}." if parts else ""


def _share(share):
    return "Less than 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def _fault(code, amount, cap, title, reason, remedy, *, seen=None):
    """One fault: `amount` in points, at most `cap`; `seen` tells that it exists, however small."""
    return {
        "code": code,
        "tenths": round(min(amount, cap) * 10),
        "seen": amount > 0 if seen is None else seen,
        "title": title,
        "reason": reason,
        "remedy": remedy,
    }


def _faults(profile):
    return [
        *_of_amount(profile),
        *_of_days(profile),
        *_of_rows(profile),
        *_of_values(profile),
        *_of_ids(profile),
        *_of_outcomes(profile),
    ]


def _of_amount(profile):
    for check in profile["minimum"]["checks"]:
        if not check["passed"]:
            yield _fault(
                f"too-little-{check['name'].lower()}",
                # A tenth at least: a minimum that is missed is never free.
                max(2 * (1 - check["share"]), 0.1),
                2,
                f"Too little data: {check['have']:,} of {check['needed']:,} {check['unit']}",
                f"{check['missing']:,} {check['unit']} are missing to the minimum.",
                check["remedy"],
            )


def _of_days(profile):
    if silence := profile["silence"]:
        yield _fault(
            "silent-days",
            # Outcomes of all customers around them are in doubt, however few they are.
            max(10 * silence["days"] / profile["time"]["span_days"], 0.5),
            2,
            say_silence(silence),
            silence["sentence"],
            "Settle this before a model learns: it takes who seems silent for lost.",
        )


def say_silence(silence):
    """Return in a few words what stands on the days of a silence, see `ml.logs.profile.silence`.

    Parameters
    ----------
    silence : dict

    Returns
    -------
    str

    Examples
    --------
    >>> say_silence({"days": 26, "rows": 1, "of": "row", "at_end": True})
    'The last 26 days of the log have 1 row'
    >>> say_silence({"days": 9, "rows": 0, "of": "purchase", "at_end": False})
    '9 days in a row without a purchase'
    """
    days, noun = f"{silence['days']:,} days", silence["of"]
    if not silence["at_end"]:
        return f"{days} in a row without a {noun}"
    return f"The last {days} of the log have {_some(silence['rows'], noun, noun + 's')}"


def _of_rows(profile):
    rows, has_amounts = profile["rows"], _has_amounts(profile)
    total = rows["rows_in"] or 1
    # What has a fault of its own below is not counted twice.
    apart = rows["missing_ids"] + rows["rejected_by_reason"].get("future_date", 0)
    rejected = max(rows["rejected"] - apart, 0)
    yield _fault(
        "rejected-rows",
        10 * rejected / total,
        2,
        _some(rejected, "row could", "rows could") + " not be read",
        f"{_share(rejected / total)} of the rows have a date{', an amount' if has_amounts else ''} or "
        "another needed cell that cannot be read.",
        "Download the rows that were left out, correct them where they come from, and upload the log again.",
    )
    yield _fault(
        "missing-ids",
        5 * rows["missing_ids"] / total,
        2,
        _some(rows["missing_ids"], "row has", "rows have") + " no customer",
        f"{_share(rows['missing_ids'] / total)} of the rows belong to nobody and were set aside.",
        "Ask customers for a card or an e-mail at the till; purchases of guests say nothing about who leaves."
        if has_amounts
        else "Ask for a name or a card at the door; visits of guests say nothing about who leaves.",
    )
    # A label may stand on a few rows only: one is enough for its customer.
    free = ("label", *(column["column"] for column in profile["missing"] if column["critical"]))
    blanks = [column for column in profile["missing"] if column["missing"] and column["column"] not in free]
    if blanks:
        worst = max(blanks, key=lambda column: column["share"])
        yield _fault(
            "blank-cells",
            sum(column["share"] for column in blanks),
            1,
            f"Blank cells in {len(blanks)} optional column{'s' if len(blanks) > 1 else ''}",
            f"Most are in {worst['column']}, where {worst['missing']:,} cells are blank.",
            "Fill them where they come from, or let the stand-ins below take their place.",
        )
    doubles = profile["duplicates"]
    yield _fault(
        "exact-duplicates",
        5 * doubles["exact_share"],
        1,
        _some(doubles["exact_rows"], "row stands", "rows stand") + " there twice",
        f"{_share(doubles['exact_share'])} of the rows repeat another one in every column; each was counted "
        "once.",
        "Look for an export that was run twice, or for two files that overlap.",
    )
    if doubles["transactions"] is not None:
        yield _of_doubles(doubles, has_amounts=has_amounts)


def _has_amounts(profile):
    return any(column["column"] == "amount" and column["there"] for column in profile["schema"])


def _of_doubles(doubles, *, has_amounts):
    alike, why, map_them = "moment", "two people may share a card", ""
    if has_amounts:
        alike, why, map_them = (
            "day and the amount",
            "the same coffee twice a day is real",
            "map the order number, or ",
        )
    return _fault(
        "double-transactions",
        5 * doubles["transactions_share"],
        1,
        _some(doubles["transactions"], "purchase looks", "purchases look") + " entered twice",
        f"{_share(doubles['transactions_share'])} of the purchases have the customer and the {alike} of "
        "another one.",
        f"They are counted, because {why}. If they are not real: {map_them}remove them and upload the log "
        "again.",
    )


def _of_values(profile):
    purchases, has_amounts = profile["transactions"]["purchases"] or 1, _has_amounts(profile)
    outliers = profile["outliers"] and profile["outliers"]["z_score"]
    if outliers:
        yield _fault(
            "outliers",
            10 * outliers["share"],
            1,
            _some(outliers["count"], "purchase is", "purchases are") + " far from the others",
            f"{_share(outliers['share'])} are more than 3 standard deviations from the mean of "
            f"{outliers['mean']:,.2f}.",
            "Look at the examples: bulk orders may stay, typing errors should be corrected.",
        )
    impossible = profile["impossible"]
    wrongs = [
        (impossible.get("zero_amounts") or 0, "purchase for nothing", "purchases for nothing"),
        (impossible.get("negative_purchases") or 0, "purchase below zero", "purchases below zero"),
        (impossible["future_dates"], "date in the future", "dates in the future"),
        (impossible["quantities"] or 0, "quantity of zero or less", "quantities of zero or less"),
        (impossible["discounts"] or 0, "negative discount", "negative discounts"),
    ]
    wrong, reason = sum(count for count, *_ in wrongs), _list(*wrongs)
    yield _fault(
        "impossible-values",
        10 * wrong / purchases,
        1,
        _some(wrong, "value", "values") + " cannot be right",
        reason,
        "Mend them where they come from."
        + (" Samples and gifts for nothing are better left out of the export." if has_amounts else ""),
    )
    errors = profile["entry_errors"]
    unknown, usual = "for “unknown” (such as 1 January 1970)", "a hundred times the customer's usual one"
    typed = [
        (errors["zero_dates"], f"date that stands {unknown}", f"dates that stand {unknown}"),
        (errors.get("filler_amounts", 0), "amount like 9999", "amounts like 9999"),
        (errors.get("decimal_slips", 0), f"amount {usual}", f"amounts {usual}"),
    ]
    mistyped, slips = sum(count for count, *_ in typed), _list(*typed)
    yield _fault(
        "entry-errors",
        20 * mistyped / purchases,
        1,
        _some(mistyped, "value looks", "values look") + " mistyped",
        slips,
        "Check the examples against the receipts." if has_amounts else "Correct them where they come from.",
    )


def _of_ids(profile):
    ids, errors = profile["consistency"]["customer_ids"], profile["entry_errors"]
    customers = ids["customers"] or 1
    yield _fault(
        "mixed-ids",
        2 * (1 - ids["main_share"]),
        0.5,
        f"Customer ids are written in {len(ids['shapes'])} ways",
        f"{_share(1 - ids['main_share'])} of the ids look unlike the others.",
        "Check whether two systems number their customers differently: one person may count as two.",
    )
    yield _fault(
        "decimal-ids",
        0.2 if ids["read_as_decimals"] else 0,
        0.2,
        _some(ids["read_as_decimals"], "customer id ends", "customer ids end") + " in “.0”",
        "A spreadsheet took them for numbers on the way; leading zeros may be lost.",
        "Export the id as text.",
    )
    yield _fault(
        "double-spellings",
        10 * errors["double_spellings"] / customers,
        1,
        _some(errors["double_spellings"], "customer is", "customers are") + " spelled in several ways",
        "Their ids differ only by capitals or spaces, so one person counts as several.",
        "Write ids the same way everywhere before the export.",
    )
    yield _fault(
        "placeholder-ids",
        10 * errors["placeholder_ids"] / (profile["rows"]["events"] or 1),
        1,
        _some(errors["placeholder_ids"], "row has", "rows have") + " a stand-in for a customer",
        "Ids such as “guest”, “unknown” or 0 gather purchases of many people.",
        "Leave the id blank for guests; such rows are then set aside.",
    )
    if busiest := ids["busiest"]:
        yield _fault(
            "dominant-customer",
            1,
            1,
            f"One customer made {100 * busiest['share']:.0f} % of all purchases",
            f"“{busiest['customer_id']}” is rather a till, a test account or “walk-in customer”.",
            "Take that id out of the export.",
        )


def _of_outcomes(profile):
    rows, suggestion = profile["rows"], profile["churn"]["suggestion"]
    customers = profile["customers"]["customers"] or 1
    yield _fault(
        "label-conflicts",
        5 * rows["label_conflicts"] / customers,
        1,
        _some(rows["label_conflicts"], "customer is", "customers are") + " labelled both ways",
        "Some of their rows say that they churned, others that they did not; they count as churned.",
        "Decide for each customer, and write the same label on all their rows.",
    )
    if not suggestion["works"]:
        yield _fault(
            "no-churn-definition",
            2,
            2,
            "Churn cannot be defined from this log",
            suggestion["problems"][0],
            "Upload a log in which customers come back, or one that has a churn label.",
        )
