"""What an answer about one customer says of itself: of which moment it is, and what stands in for a model."""

from core.figures import counted
from predictions.services.histories import LAPSED, ONE_PURCHASE, HistoryScore
from predictions.services.moments import LATEST, LOG, TODAY
from registry.presenting.judged import how_rates_held
from transactions.presenting.days import write_day

BY_DEFAULT = {
    LOG: "the end of the latest purchase log",
    TODAY: "the end of today",
    LATEST: "the end of the day of the latest transaction",
}


def remarks_on(found: HistoryScore) -> list[str]:
    """Return sentences: the moment where none was sent, and what is known of customers of this kind."""
    judged = found.version.metrics.additional_metrics.get("judged_apart") or {}
    told = []
    if found.moment.source in BY_DEFAULT:
        told.append(
            f"As of {write_day(found.moment.as_of.isoformat())}, {BY_DEFAULT[found.moment.source]}, because "
            "no as_of was sent. Send as_of to ask about another moment."
        )
    if found.evidence == ONE_PURCHASE:
        told.append(
            "One purchase is known, which is too little for a model: how often such customers left before "
            f"stands in. {how_rates_held(judged.get('first_buyers'))}".strip()
        )
    if found.evidence == LAPSED:
        told.append(_describe_lapsed(found, judged.get("lapsed")))
    return told


def _describe_lapsed(found, judged):
    days = (
        f"The latest purchase is {counted(found.silent_days, 'day')} old. Who bought nothing for "
        f"{found.window_days} days has left already, so no model was asked"
    )
    if found.probability is None:
        return f"{days}. How many of such customers come back is not known; a newly trained model knows it."
    return f"{days}: how many of such customers stayed away stands in. {how_rates_held(judged)}".strip()
