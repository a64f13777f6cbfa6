"""Which moment a call is about that does not say: the one up to which the company's purchases are known."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from predictions.presenting.histories import LATEST, LOG, SENT, TODAY, Moment
from transactions.cutoffs import USUAL_HORIZON, doubt_of_end, end_of_log
from transactions.models import AnalysisSession


def choose_moment(
    *,
    as_of: datetime | None,
    bought_at: Sequence[datetime],
    log: AnalysisSession | None,
    window_days: int | None,
    at: datetime,
) -> Moment:
    """Return the moment that was sent, or the one that a call means where it sends none.

    Today, where the company sends its logs as they grow: where the latest was still fresh on the day on which
    it came. A log of the past has its own present: whoever sends one asks how things stood at its end, and
    today all of its customers would have lapsed. Never the latest transaction of a customer by itself: on
    that day everybody has just been there.

    Parameters
    ----------
    bought_at
        Instants of all that was sent of the customer.
    log
        The log of these customers that ends last; None where none is left.
    window_days
        After so many days of silence a customer has lapsed, and a log is no longer fresh.
    at
        Aware UTC instant of the request.
    """
    if as_of is not None:
        return Moment(as_of, SENT)
    present = Moment(_after(at.astimezone(UTC).date()), TODAY)
    if log is not None and not _was_fresh(log, window_days or USUAL_HORIZON):
        present = Moment(end_of_log(log), LOG, doubt_of_end(log))
    latest = _after(max(bought_at).date())
    return Moment(latest, LATEST) if latest > present.as_of else present


def _was_fresh(log, days):
    came = log.created_at.astimezone(UTC).replace(tzinfo=None)
    return came - end_of_log(log) <= timedelta(days=days)


def _after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min)
