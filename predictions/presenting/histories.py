"""An answer about one customer, and what it says of itself: its moment, and what stands in for a model."""

from dataclasses import dataclass
from datetime import datetime

from core.figures import counted
from ml.logs.visits import say_visits
from predictions.selectors import outcomes_known_until
from registry.models import ModelVersion
from registry.presenting.judged import how_rates_held
from transactions.presenting.days import write_day

FULL, ONE_PURCHASE, LAPSED = "full", "one_purchase", "lapsed"
SENT, TODAY, LOG, LATEST = "sent", "today", "log", "latest_transaction"
BY_DEFAULT = {
    LOG: "the end of the latest purchase log",
    TODAY: "the end of today",
    LATEST: "the end of the day of the latest transaction",
}


@dataclass(frozen=True)
class Moment:
    """What a prediction is about: nothing at or after `as_of` is looked at.

    Parameters
    ----------
    as_of
        By the clock of the purchases, which knows no time zone.
    source
        ``"sent"``; ``"today"``: its end; ``"log"``: the end of the latest log; ``"latest_transaction"``: the
        end of its day, where the log knows nothing so late.
    doubt
        What speaks against the end of the log, where that is the source.
    """

    as_of: datetime
    source: str
    doubt: str = ""


@dataclass(frozen=True)
class HistoryScore:
    """What was found for one customer.

    Parameters
    ----------
    probability, segment
        Calibrated, unrounded, and its tier; None where the version does not know how many of the lapsed stay
        away.
    moment
        What it is about.
    evidence
        ``"full"``; ``"one_purchase"``: too little is known, the rate of such customers stands in;
        ``"lapsed"``: silent for so long that the customer has left already, and the rate of those who then
        stay away stands in.
    window_days, horizon_days
        After so many days of silence a customer has lapsed, and leaving means to buy nothing for so many;
        None where nobody knows.
    silent_days
        Full days since the latest purchase.
    version
        Which scored.
    """

    probability: float | None
    segment: str | None
    moment: Moment
    evidence: str
    window_days: int | None
    horizon_days: int | None
    silent_days: int
    version: ModelVersion


def remarks_on(found: HistoryScore) -> list[str]:
    """Return sentences: the moment where none was sent, and what is known of customers of this kind."""
    judged = found.version.metrics.additional_metrics.get("judged_apart") or {}
    told = []
    if found.moment.source in BY_DEFAULT:
        told.append(
            f"As of {write_day(found.moment.as_of.isoformat())}, {BY_DEFAULT[found.moment.source]}, because "
            "no as_of was sent. Send as_of to ask about another moment."
        )
    if knows := _describe_foreknowledge(found):
        told.append(knows)
    if found.moment.doubt:
        told.append(found.moment.doubt)
    if found.evidence == ONE_PURCHASE:
        told.append(
            "One purchase is known, which is too little for a model: how often such customers left before "
            f"stands in. {how_rates_held(judged.get('first_buyers'))}".strip()
        )
    if found.evidence == LAPSED:
        told.append(_describe_lapsed(found, judged.get("lapsed")))
    return [say_visits(each) for each in told] if found.version.is_of_visits else told


def _describe_foreknowledge(found):
    knew_until = outcomes_known_until(found.version) if found.moment.source == SENT else None
    if knew_until is None or knew_until <= found.moment.as_of:
        return ""
    return (
        f"The model learned from what customers did until {write_day(knew_until)}, after this "
        "moment: it may already know a part of what it predicts. Do not judge it by this answer."
    )


def _describe_lapsed(found, judged):
    days = (
        f"The latest purchase is {counted(found.silent_days, 'day')} old. Who bought nothing for "
        f"{found.window_days} days has left already, so no model was asked"
    )
    if found.probability is None:
        return f"{days}. How many of such customers come back is not known; a newly trained model knows it."
    return f"{days}: how many of such customers stayed away stands in. {how_rates_held(judged)}".strip()
