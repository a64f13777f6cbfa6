"""Whether a table has one row per purchase or one per customer, so that each is led to where it belongs."""

from __future__ import annotations

from tabular.errors import counted, shown
from tabular.previews.detect import MOST_DISTINCT, DetectedColumn
from tabular.previews.preview import Preview
from tabular.values.customer_words import rank_outcome
from tabular.values.words import OTHER_DATES, match_role, words_of

SURE = 0.7
# Each customer of a log stands in more than one row; in a table of customers hardly any does.
REPEATED, UNIQUE = 0.7, 0.98
OUTCOME = 0.5


def looks_like_a_log(preview: Preview) -> str | None:
    """Return why a table is a purchase log (customers repeat, beside dates), or None."""
    who = _best(preview, "customer_id", ("text", "number"))
    when = _best(preview, "event_at", ("date",)) or _only_date(preview)
    what = _best(preview, "amount", ("number",)) or _best(preview, "unit_price", ("number",))
    if not (who and when) or OTHER_DATES & set(words_of(when.name)):
        return None
    if _share(preview, who) > REPEATED:
        return None
    amounts = f" and amounts in {shown(what.name)}" if what else ""
    return (
        f"{shown(who.name)} stands in several rows ({_different(who)} in {counted(who.rows, 'row')}), beside "
        f"dates in {shown(when.name)}{amounts}: this is a purchase log, with one row for each purchase."
    )


def looks_like_a_result(preview: Preview) -> str | None:
    """Return why a table is a result of a prediction of ours, without an outcome beside it, or None."""
    named = {column.name.strip().casefold(): column for column in preview.columns}
    if "churn_probability" not in named or not named.keys() & {"prediction", "risk_tier"}:
        return None
    added = [named[name].name for name in ("prediction", "churn_probability", "risk_tier") if name in named]
    others = [column for column in preview.columns if column.name not in added]
    if any(column.distinct == 2 and rank_outcome(column.name) >= OUTCOME for column in others):
        return None
    return (
        f"{shown(added[0])} and {shown(added[1])} are columns that a prediction adds: this is a result, in "
        "which nobody said who did leave."
    )


def looks_like_customers(preview: Preview) -> str | None:
    """Return why a table has one row per customer (no id repeats, a column says who left), or None."""
    if looks_like_a_log(preview):
        return None
    outcomes = [c for c in preview.columns if c.distinct == 2 and rank_outcome(c.name) >= OUTCOME]
    who = _best(preview, "customer_id", ("text", "number"))
    if not outcomes or (who is not None and _share(preview, who) < UNIQUE):
        return None
    said = max(outcomes, key=lambda column: rank_outcome(column.name))
    ids = f" and {shown(who.name)} is different in each row" if who else ""
    return (
        f"{shown(said.name)} has two values and a name that says who left{ids}: this is a table of "
        "customers, with one row for each."
    )


def _best(preview: Preview, role: str, kinds: tuple[str, ...]) -> DetectedColumn | None:
    scored = [(match_role(c.name, role)[0], -c.place, c) for c in preview.columns if c.kind in kinds]
    score, _, column = max(scored, key=lambda item: item[:2], default=(0, 0, None))
    return column if score >= SURE else None


def _only_date(preview: Preview) -> DetectedColumn | None:
    dates = [column for column in preview.columns if column.kind == "date"]
    return dates[0] if len(dates) == 1 else None


def _share(preview: Preview, column: DetectedColumn) -> float:
    """Return which share of the rows has a customer of its own."""
    if column.distinct < MOST_DISTINCT:
        return column.distinct / max(1, column.filled)
    # Beyond that nobody counted; the first rows of a log repeat its customers, where it is sorted by them.
    first = [row["texts"][column.place] for row in preview.rows]
    return len(set(first)) / max(1, len(first))


def _different(column: DetectedColumn) -> str:
    more = "more than " if column.distinct >= MOST_DISTINCT else ""
    return f"{more}{column.distinct:,} different"
