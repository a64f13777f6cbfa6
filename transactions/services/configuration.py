"""When a customer of a log counts as lost: horizon, gap and active window, confirmed by a person."""

from datetime import datetime

from companies.models import Account
from companies.services.audit import record_event
from core.errors import DomainError
from transactions.models import AnalysisSession

# What people may choose; the slider of the page has the same ends.
SHORTEST_HORIZON, LONGEST_HORIZON = 30, 180
LONGEST_GAP = 90
LONGEST_WINDOW = 730


class DaysOutOfRange(DomainError):
    code = "days-out-of-range"
    http_status = 422


def configure_analysis(
    *,
    analysis: AnalysisSession,
    horizon_days: int,
    gap_days: int = 0,
    active_window_days: int | None = None,
    by: Account | None = None,
    at: datetime,
) -> AnalysisSession:
    """Confirm when a customer of `analysis` counts as lost.

    Parameters
    ----------
    horizon_days
        Without a purchase for so many days after the cutoff, and the gap, a customer has churned.
    gap_days
        Days between the cutoff and the horizon, in which acting is possible.
    active_window_days
        Who bought within so many days before the cutoff is active; everybody else has lapsed already and is
        not scored. Default: as long as the horizon.

    Raises
    ------
    DaysOutOfRange
        With the field and what it may be.
    """
    check_days(horizon_days=horizon_days, gap_days=gap_days, active_window_days=active_window_days)
    analysis.horizon_days = horizon_days
    analysis.gap_days = gap_days
    analysis.active_window_days = active_window_days
    analysis.configured_at = at
    analysis.save(update_fields=("horizon_days", "gap_days", "active_window_days", "configured_at"))
    record_event(
        action="churn-defined",
        company=analysis.company,
        actor=by or analysis.account,
        subject=str(analysis),
        at=at,
        horizon_days=horizon_days,
        gap_days=gap_days,
        active_window_days=active_window_days,
    )
    return analysis


def check_days(*, horizon_days: int, gap_days: int = 0, active_window_days: int | None = None) -> None:
    """Refuse days that nobody can mean; see `configure_analysis`."""
    for field, days, least, most in (
        ("horizon_days", horizon_days, SHORTEST_HORIZON, LONGEST_HORIZON),
        ("gap_days", gap_days, 0, LONGEST_GAP),
        ("active_window_days", active_window_days, 1, LONGEST_WINDOW),
    ):
        if days is not None and not least <= days <= most:
            name = field.removesuffix("_days").replace("_", " ")
            raise DaysOutOfRange(
                f"The {name} cannot be {days:,} days. Choose {least} to {most}.", field=field
            )
