"""The profile of a log, and what other lengths of time would mean for it. Runs in a child, without Django."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from tabular.errors import TableError

Progress = Callable[[str, int, int], None]

STEPS = {
    "open": "Sorting rows by customer",
    "quality": "Looking for faults",
    "outliers": "Looking for outliers",
    "customers": "Counting customers",
    "time": "Looking at trend and season",
    "churn": "Looking how long customers stay away",
}


def profile_log(
    *,
    events: str,
    closed: list[list[str]],
    report: dict,
    scratch: str,
    memory_limit: str,
    on_progress: Progress,
) -> dict:
    """Return the profile of the events in a file; all arguments are plain JSON."""
    from ml.logs.profile import profile_events

    with _within_memory():
        return profile_events(
            Path(events),
            report=report,
            closed=closed,
            memory_limit=memory_limit,
            scratch=scratch,
            on_progress=lambda step: on_progress(STEPS[step], 0, 0),
        )


def weigh_thresholds(
    *,
    events: str,
    gap_days: int,
    active_window_days: int | None,
    scratch: str,
    memory_limit: str,
    on_progress: Progress,
) -> list[dict]:
    """Return what each horizon of the slider would mean with this gap and active window."""
    from ml.logs.churn_definition import impact_by_days
    from ml.logs.purchase_log import PurchaseLog

    on_progress("Counting who would be lost", 0, 1)
    with _within_memory(), PurchaseLog(Path(events), memory_limit=memory_limit, scratch=scratch) as log:
        return impact_by_days(log, gap_days=gap_days, active_window_days=active_window_days)


@contextmanager
def _within_memory():
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        if "failed to offload" in str(error):
            raise  # the disk has no room for what memory has none for
        raise TableError("too_much_memory", "The log is too large to be described. Split it.") from error
