"""The profile of a log, and what other lengths of time would mean for it. Runs in a child, without Django."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

Progress = Callable[[str, int, int], None]

STEPS = {
    "open": "Sorting purchases by customer",
    "quality": "Looking for faults",
    "outliers": "Looking for outliers",
    "customers": "Counting customers and money",
    "time": "Looking at trend and season",
    "churn": "Looking how long customers stay away",
}


def profile_log(*, events: str, report: dict, as_of: str | None, memory_limit: str, on_progress: Progress):
    """Return the profile of the events in a file; all arguments are plain JSON."""
    from ml.log_profile import profile_events

    names = list(STEPS)
    return profile_events(
        Path(events),
        report=report,
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        memory_limit=memory_limit,
        on_progress=lambda step: on_progress(STEPS[step], names.index(step), len(names)),
    )


def weigh_thresholds(
    *, events: str, gap_days: int, active_window_days: int | None, memory_limit: str, on_progress: Progress
):
    """Return what each horizon of the slider would mean with this gap and active window."""
    from ml.churn_definition import impact_by_days
    from ml.purchase_log import PurchaseLog

    on_progress("Counting who would be lost", 0, 1)
    with PurchaseLog(Path(events), memory_limit=memory_limit) as log:
        return impact_by_days(log, gap_days=gap_days, active_window_days=active_window_days)
