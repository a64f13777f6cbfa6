"""Where a log is cut: what features may know, and whose outcome is known by then.

Logs have no time zone. Their clock is kept as it is: an instant of a log is naive here, and stands in the
database as if it were UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.errors import Conflict, DomainError
from transactions.models import AnalysisSession

GIVEN, DEFINITION = "given", "definition"
# Until somebody has said when a customer counts as lost.
USUAL_HORIZON, SHORTEST_HORIZON = 90, 30


class LogNotRead(Conflict):
    code = "log-not-read"


class CutoffRefused(DomainError):
    code = "cutoff-refused"
    http_status = 422


@dataclass(frozen=True)
class Plan:
    """At which cutoff features are computed, and where the labels beside them come from.

    Parameters
    ----------
    as_of
        The cutoff, by the clock of the log.
    label_source
        ``"given"``, ``"definition"``, or empty: no outcome is known.
    horizon_days, gap_days, active_window_days
        The churn definition; None where it plays no role.
    why
        One sentence about where the labels come from, or why there are none.
    """

    as_of: datetime
    label_source: str
    why: str
    horizon_days: int | None = None
    gap_days: int = 0
    active_window_days: int | None = None

    def fields(self) -> dict:
        """Return what a `FeatureMatrix` keeps of it."""
        return {
            "as_of": stored(self.as_of),
            "label_source": self.label_source,
            "horizon_days": self.horizon_days,
            "gap_days": self.gap_days,
            "active_window_days": self.active_window_days,
        }


def first_at(analysis: AnalysisSession) -> datetime:
    return datetime.fromisoformat(analysis.import_report["first_at"])


def end_of_log(analysis: AnalysisSession) -> datetime:
    """Return midnight after the latest day: a log is taken to be complete up to there."""
    latest = datetime.fromisoformat(analysis.import_report["last_at"])
    return datetime.combine(latest.date() + timedelta(days=1), time.min)


def doubt_of_end(analysis: AnalysisSession) -> str:
    """Return why `end_of_log` may be too late, where a few rows stand behind the true one; else nothing."""
    # Logs that were read by an earlier version do not tell.
    return analysis.import_report.get("doubt_of_end", "")


def suggested_horizon(analysis: AnalysisSession) -> int | None:
    """Return what the gaps between purchases suggest; None where nothing can be told."""
    return analysis.profile["churn"]["suggestion"]["days"] if analysis.profile else None


def stored(moment: datetime) -> datetime:
    """Return an instant of a log as the database keeps it."""
    return moment.replace(tzinfo=UTC)


def of_log(moment: date | datetime) -> datetime:
    """Return a day, or an instant with or without a zone, by the clock of the log."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def plan_features(*, analysis: AnalysisSession, as_of: date | datetime | None = None) -> Plan:
    """Return how features of `analysis` are computed: at `as_of`, or where most can be learned from them.

    Raises
    ------
    LogNotRead
        Its columns have no meaning yet, or it is being read.
    CutoffRefused
        No event lies before `as_of`.
    """
    if not analysis.is_ready:
        raise LogNotRead(f"“{analysis}” has not been read yet. Say first what its columns mean.")
    start, end = first_at(analysis), end_of_log(analysis)
    wanted = None if as_of is None else of_log(as_of)
    if wanted is not None and wanted <= start:
        raise CutoffRefused(
            f"The log begins on {start:%Y-%m-%d}: nothing is known before {wanted:%Y-%m-%d}. "
            "Choose a later cutoff.",
            field="as_of",
        )
    if "label" in (analysis.mapping or {}):
        return Plan(as_of=wanted or end, label_source=GIVEN, why="The file says itself who left.")
    horizon = (
        analysis.horizon_days or suggested_horizon(analysis) or min(USUAL_HORIZON, (end - start).days // 2)
    )
    known_until = end - timedelta(days=horizon + analysis.gap_days)
    reason = _why_unknown(horizon, known_until, start, wanted)
    if reason:
        return Plan(as_of=wanted or end, label_source="", why=reason)
    chosen = "" if analysis.horizon_days else " That is suggested; nobody has confirmed it yet."
    return Plan(
        as_of=wanted or known_until,
        label_source=DEFINITION,
        horizon_days=horizon,
        gap_days=analysis.gap_days,
        active_window_days=analysis.active_window_days or horizon,
        why=f"Who buys nothing in {horizon} days counts as lost.{chosen}",
    )


def _why_unknown(horizon, known_until, start, wanted):
    if horizon < SHORTEST_HORIZON:
        return f"The log is too short to see who left: it takes at least {2 * SHORTEST_HORIZON} days."
    if known_until <= start:
        return "The log is shorter than the churn definition, so nobody can be said to have left."
    if wanted is not None and wanted > known_until:
        return (
            f"Of nobody is known yet what happened in the {horizon} days after this cutoff. Cutoffs until "
            f"{known_until:%Y-%m-%d} can be learned from."
        )
    return ""
