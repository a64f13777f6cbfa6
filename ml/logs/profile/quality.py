"""Faults of a log: what is missing, doubled, impossible, mistyped or written in several ways."""

from __future__ import annotations

from ml.logs.purchase_log import COLUMNS, PURCHASE, RETURN

# More than this share missing in a column without which nothing works is flagged.
CRITICAL = ("customer_id", "event_at", "amount")
MISSING_FLAG = 0.20
# Words that people type where a customer is unknown.
PLACEHOLDERS = (
    "0",
    "-",
    "?",
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "unknown",
    "anonymous",
    "guest",
    "test",
    "cash",
)
# Dates that programs write where they know none: the zero of Unix, of Excel and of several databases.
ZERO_DATES = ("1970-01-01", "1900-01-01", "1899-12-30", "1899-12-31", "1904-01-01", "0001-01-01")
# 9999 and 99999.99 are typed to fill a field; 999 may be a price.
FILLED_AMOUNTS = r"^9{4,}(\.(0+|9+))?$"
# So many times the customer's own usual purchase looks like a decimal point that slipped.
SLIP_FACTOR, SLIP_PURCHASES = 100, 5
# One id with more than this share of all purchases is rather a till or "walk-in customer".
DOMINANT_SHARE = 0.20
SKEWED = 1.0

NUMBERS = ("amount", "quantity", "discount")

# Reasons of the import by the column that they are about; whatever else is counted under "other".
_REASONS = {
    "missing_id": "customer_id",
    "bad_date": "event_at",
    "bad_time": "event_at",
    "future_date": "future",
    "bad_number": "amount",
}


def count_rows(report, log):
    """Return the account of the import; without one, the events are all there is."""
    events = log.row("SELECT count(*) AS n FROM events")["n"]
    return {
        "rows_in": report.get("rows_in", events),
        "accepted": report.get("accepted", events),
        "duplicates": report.get("duplicates", 0),
        "rejected": report.get("rejected", 0),
        "rejected_by_reason": dict(report.get("rejected_by_reason") or {}),
        "missing_ids": report.get("missing_ids", 0),
        "returns": report.get("returns", 0),
        "cancellations": report.get("cancellations", 0),
        "label_conflicts": report.get("label_conflicts", 0),
        "events": events,
    }


def rejected_by_column(rows):
    """Sort the reasons for which rows were left out under the columns that they are about."""
    found = dict.fromkeys((*_REASONS.values(), "other"), 0)
    for reason, count in rows["rejected_by_reason"].items():
        found[_REASONS.get(reason, "other")] += count
    found["customer_id"] = max(found["customer_id"], rows["missing_ids"])
    return found


def find_missing(log, rows):
    """Count blanks per column, with what the import set aside for a cell that it could not use."""
    columns = [name for name in COLUMNS if log.has(name)]
    counts = log.row(
        "SELECT "
        + ", ".join(f"count(*) FILTER ({_about(name)} AND {name} IS NULL) AS {name}" for name in columns)
        + ", "
        + ", ".join(f"count(*) FILTER ({_about(name)}) AS all_{name}" for name in columns)
        + " FROM events"
    )
    refused = rejected_by_column(rows)
    found = []
    for name in columns:
        missing = counts[name] + refused.get(name, 0)
        total = counts[f"all_{name}"] + refused.get(name, 0)
        share = missing / total if total else 0.0
        found.append(
            {
                "column": name,
                "missing": missing,
                "rows": total,
                "share": share,
                "critical": name in CRITICAL,
                "flagged": name in CRITICAL and share > MISSING_FLAG,
            }
        )
    return found


def _about(column):
    # A login has no amount, and need not have one.
    return f"event_type IN ('{PURCHASE}', '{RETURN}')" if column == "amount" else "true"


def advise_imputation(log, missing):
    """Say for each column with blanks what would stand in for them: median, mean or most frequent value."""
    advice = []
    for column in missing:
        name = column["column"]
        if not column["missing"] or name == "event_type":
            continue
        if name in ("customer_id", "event_at", "amount", "order_id", "label"):
            method, value, why = "leave out", None, _WHY_NOT[name]
        elif name in NUMBERS:
            shape = log.row(
                f"SELECT avg({name}) AS mean, median({name}) AS median, skewness({name}) AS skew FROM events"
            )
            skewed = abs(shape["skew"] or 0) > SKEWED
            method = "median" if skewed else "mean"
            value = shape[method]
            why = (
                f"Its values are skewed ({shape['skew']:.1f}); a few large ones would pull a mean."
                if skewed
                else "Its values lie evenly around their mean."
            )
        else:
            usual = log.rows(
                f"SELECT {name} AS value, count(*) AS n FROM events WHERE {name} IS NOT NULL GROUP BY ALL "
                f"ORDER BY n DESC, value LIMIT 1"
            )
            method, value = "most frequent", usual[0]["value"] if usual else None
            why = "It is a name: only a value that occurs can stand in for it."
        advice.append(
            {"column": name, "missing": column["missing"], "method": method, "value": value, "why": why}
        )
    return advice


_WHY_NOT = {
    "customer_id": "Nobody can be guessed: rows without a customer are set aside and counted.",
    "event_at": "A guessed date would invent behaviour; the row is set aside.",
    "amount": "A guessed amount would invent revenue; the row is set aside.",
    "order_id": "A guessed order would join purchases that have nothing to do with each other; each row "
    "counts alone.",
    "label": "A guessed outcome would teach the model what nobody knows; the customer is left out of "
    "training.",
}


def find_duplicates(log, rows):
    """Count rows that stand there twice, and purchases that look like the same one entered again.

    Two visits of one day are nothing odd: without amounts only those of one moment look alike.
    """
    exact = {
        "exact_rows": rows["duplicates"],
        "exact_share": rows["duplicates"] / rows["rows_in"] if rows["rows_in"] else 0.0,
    }
    if not log.has_amounts:
        return exact | _count_twins(log)
    # Found once, looked at three times: on a large log nothing here costs more.
    log.remember(
        "doubles",
        "SELECT customer_id, bought_at::DATE AS day, amount, count(*) AS times FROM purchases"
        " GROUP BY ALL HAVING count(*) > 1",
    )
    doubled = log.row(
        "SELECT coalesce(sum(times - 1), 0)::BIGINT AS purchases, count(DISTINCT customer_id) AS customers"
        " FROM doubles"
    )
    same_moment = log.row(
        "SELECT coalesce(sum(n - 1), 0)::BIGINT AS n FROM (SELECT count(*) AS n FROM purchases"
        " WHERE (customer_id, bought_at::DATE, amount) IN (SELECT (customer_id, day, amount) FROM doubles)"
        " GROUP BY customer_id, bought_at, amount HAVING count(*) > 1)"
    )["n"]
    purchases = log.row("SELECT count(*) AS n FROM purchases")["n"]
    return exact | {
        "transactions": doubled["purchases"],
        "transactions_share": doubled["purchases"] / purchases if purchases else 0.0,
        "transactions_customers": doubled["customers"],
        # Without times of day the same day is all that can be asked.
        "same_moment": same_moment if log.has_time else None,
        "examples": [
            {**row, "day": row["day"].isoformat()}
            for row in log.rows("SELECT * FROM doubles ORDER BY times DESC, customer_id, day, amount LIMIT 5")
        ],
    }


def _count_twins(log):
    """Count purchases of one customer at the very same moment; None where only days are known."""
    if not log.has_time:
        return {"transactions": None, "same_moment": None, "examples": []}
    log.remember(
        "twins",
        "SELECT customer_id, bought_at, count(*) AS times FROM purchases GROUP BY ALL HAVING count(*) > 1",
    )
    found = log.row(
        "SELECT coalesce(sum(times - 1), 0)::BIGINT AS n, count(DISTINCT customer_id) AS customers FROM twins"
    )
    purchases = log.row("SELECT count(*) AS n FROM purchases")["n"]
    return {
        "transactions": found["n"],
        "transactions_share": found["n"] / purchases if purchases else 0.0,
        "transactions_customers": found["customers"],
        "same_moment": None,
        "examples": [
            {**row, "day": row["day"].isoformat(" ")}
            for row in log.rows(
                "SELECT customer_id, bought_at AS day, times FROM twins"
                " ORDER BY times DESC, customer_id, day LIMIT 5"
            )
        ],
    }


def find_impossible(log, rows):
    """Count what cannot be: dates to come, purchases for nothing, amounts below zero."""
    found = log.row("SELECT count(*) FILTER (event_type = 'return') AS returns FROM events")
    if log.has_amounts:
        found |= log.row(
            "SELECT count(*) FILTER (event_type = 'purchase' AND amount = 0) AS zero_amounts,"
            " count(*) FILTER (event_type = 'purchase' AND amount < 0) AS negative_purchases,"
            " coalesce(sum(amount) FILTER (event_type = 'return'), 0) AS returned FROM events"
        )
        found["negative_amounts"] = found["negative_purchases"] + found["returns"]
    later = log.row("SELECT count(*) AS n FROM every_event")["n"] - rows["events"]
    quantities = (
        log.row("SELECT count(*) AS n FROM events WHERE event_type = 'purchase' AND quantity <= 0")["n"]
        if log.has("quantity")
        else None
    )
    discounts = (
        log.row("SELECT count(*) AS n FROM events WHERE discount < 0")["n"] if log.has("discount") else None
    )
    return {
        **found,
        "future_dates": later + rejected_by_column(rows)["future"],
        "quantities": quantities,
        "discounts": discounts,
    }


def find_entry_errors(log):
    """Count what looks mistyped: filler ids, filler dates and amounts, slipped decimal points, double ids."""
    placeholders = ", ".join(f"'{word}'" for word in PLACEHOLDERS)
    zero_dates = ", ".join(f"DATE '{day}'" for day in ZERO_DATES)
    found = log.row(
        f"SELECT count(*) FILTER (lower(trim(customer_id)) IN ({placeholders})) AS placeholder_ids,"
        f" count(*) FILTER (event_at::DATE IN ({zero_dates})) AS zero_dates FROM events"
    )
    spellings = log.rows(
        "SELECT list(customer_id ORDER BY customer_id) AS ids FROM"
        " (SELECT DISTINCT customer_id FROM events) GROUP BY lower(trim(customer_id)) HAVING count(*) > 1"
        " ORDER BY ids"
    )
    return {
        **found,
        **(_find_slips(log) if log.has_amounts else {}),
        "double_spellings": len(spellings),
        "spelling_examples": [row["ids"][:4] for row in spellings[:5]],
    }


def _find_slips(log):
    """Count amounts that look mistyped."""
    found = log.row(
        "SELECT count(*) FILTER (event_type = 'purchase' AND amount >= 9999"
        f"   AND regexp_matches(try_cast(amount AS DECIMAL(38, 2))::VARCHAR, '{FILLED_AMOUNTS}')) AS "
        "filler_amounts FROM events"
    )
    slips = log.rows(
        "SELECT customer_id, bought_at::DATE AS day, amount, usual FROM purchases JOIN"
        " (SELECT customer_id, median(amount) AS usual FROM purchases GROUP BY customer_id"
        "  HAVING count(*) >= $fewest) USING (customer_id)"
        " WHERE usual > 0 AND amount >= $factor * usual ORDER BY amount / usual DESC, customer_id, day",
        fewest=SLIP_PURCHASES,
        factor=SLIP_FACTOR,
    )
    return {
        **found,
        "decimal_slips": len(slips),
        "slip_examples": [{**row, "day": row["day"].isoformat()} for row in slips[:5]],
    }


def check_consistency(log, rows, report):
    """Check how dates, amounts and customer ids are written."""
    refused = rejected_by_column(rows)
    shapes = log.rows(
        "SELECT regexp_replace(regexp_replace(customer_id, '[0-9]+', '9', 'g'), '[A-Za-z]+', 'A', 'g') AS "
        "shape, count(*) AS customers, min(customer_id) AS example, min(length(customer_id)) AS shortest,"
        " max(length(customer_id)) AS longest FROM (SELECT DISTINCT customer_id FROM events)"
        " GROUP BY shape ORDER BY customers DESC, shape LIMIT 10"
    )
    customers = log.row(
        "SELECT count(*) AS n, count(*) FILTER (customer_id ~ '^[0-9]+\\.0+$') AS decimals FROM"
        " (SELECT DISTINCT customer_id FROM events)"
    )
    odd_cents = log.row(
        "SELECT count(*) AS n FROM events WHERE abs(amount * 100 - round(amount * 100)) > 1e-6"
    )["n"]
    busiest = log.rows(
        "SELECT customer_id, purchases, purchases / sum(purchases) OVER () AS share FROM customers"
        " ORDER BY purchases DESC, customer_id LIMIT 1"
    )
    return {
        "dates": {
            "unreadable": refused["event_at"],
            "has_time": log.has_time,
            "order": report.get("date_order"),
            "consistent": refused["event_at"] == 0,
        },
        "currency": {
            "unreadable": refused["amount"],
            # More than two decimals come from unit prices, or from another currency turned into this one.
            "more_than_cents": odd_cents,
            "decimal": report.get("decimal"),
            "consistent": refused["amount"] == 0,
        }
        if log.has_amounts
        else None,
        "customer_ids": {
            "customers": customers["n"],
            "shapes": shapes,
            "main_share": shapes[0]["customers"] / customers["n"] if shapes else 1.0,
            "read_as_decimals": customers["decimals"],
            "consistent": len(shapes) <= 1,
            "busiest": busiest[0]
            if busiest and busiest[0]["share"] > DOMINANT_SHARE and customers["n"] > 1
            else None,
        },
    }
