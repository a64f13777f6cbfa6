"""The profile of a log is computed within the job that reads it, by a child with a memory limit."""

import logging
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings

from core.errors import Conflict, Unprocessable
from core.faults import FilesAway, WorkLost, fault_of
from core.files.store import local_copy
from core.files.stored import DATASETS
from jobs.runner import JobRun, TookTooMuch
from sandbox.child import ChildFailed, ChildRefused, LimitReached, run_in_child
from transactions.files import scratch_folder
from transactions.models import AnalysisSession
from transactions.services.configuration import check_days

PROFILE = "transactions.engines.profile:profile_log"
WEIGH = "transactions.engines.profile:weigh_thresholds"
# Somebody waits for the answer in front of the page.
PATIENCE_SECONDS = 45

logger = logging.getLogger(__name__)


class NoProfile(Conflict):
    code = "no-profile"


class TooMuchToWeigh(Unprocessable):
    code = "too-much-to-weigh"


def profile_of(
    analysis: AnalysisSession, *, run: JobRun, events: Path | None = None, report: dict | None = None
) -> dict | None:
    """Return what the log of `analysis` says about itself; see `ml.logs.profile.profile_events`.

    Parameters
    ----------
    run
        The attempt: shows progress, and tells when to stop.
    events, report
        What the import made; default: what is stored.

    Returns
    -------
    dict or None
        None where time or memory did not suffice, or we failed: a log can be used without its profile.
    """
    report = analysis.import_report if report is None else report
    spec = analysis.parse_spec or {}
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        path = events or stack.enter_context(local_copy(DATASETS, analysis.events_path))
        try:
            return run.in_child(
                run_in_child,
                PROFILE,
                {
                    "events": str(path),
                    "closed": analysis.closed_days or [],
                    "report": {**report, "date_order": spec.get("date_order")},
                    "scratch": str(scratch),
                    "memory_limit": _library_memory(),
                },
                memory_mb=settings.FEATURE_MEMORY_MB,
            )
        except (TookTooMuch, ChildRefused) as reason:
            logger.warning("The log %s got no profile: %s", analysis.pk, reason)
        except ChildFailed as error:
            # Perhaps only this once. A log that nobody can profile is read all the same: else it is a mistake
            # of ours, and features can be made of it.
            if isinstance(fault_of(error), FilesAway | WorkLost) and not run.job.is_last_attempt:
                raise
            logger.exception("The log %s got no profile", analysis.pk)
        return None


def say_doubt(profile: dict | None, warnings: list[str]) -> dict:
    """Return what the account of a log says of days whose rows may be missing, or may not belong there.

    Its ``warnings``, that one first, and ``doubt_of_end``: the sentence where it is about the end of the log.
    """
    silence = profile and profile["silence"]
    if not silence:
        return {"warnings": warnings, "doubt_of_end": ""}
    told = silence["sentence"]
    return {"warnings": [told, *warnings], "doubt_of_end": told if silence["at_end"] else ""}


def impact_of(
    analysis: AnalysisSession, *, gap_days: int = 0, active_window_days: int | None = None
) -> list[dict]:
    """Return what each horizon would mean; see `ml.logs.churn_definition.impact_by_days`.

    Raises
    ------
    NoProfile
        The log was not read, or has no profile.
    transactions.services.configuration.DaysOutOfRange
        The gap or the window is no length that anybody can mean.
    TooMuchToWeigh
        The log is too large to count it anew while somebody waits.
    """
    profile = require_profile(analysis)
    check_days(horizon_days=30, gap_days=gap_days, active_window_days=active_window_days)
    if not gap_days and active_window_days is None:
        return profile["churn"]["impact"]
    with local_copy(DATASETS, analysis.events_path) as path, scratch_folder() as scratch:
        try:
            return run_in_child(
                WEIGH,
                {
                    "events": str(path),
                    "gap_days": gap_days,
                    "active_window_days": active_window_days,
                    "scratch": str(scratch),
                    "memory_limit": _library_memory(),
                },
                memory_bytes=settings.FEATURE_MEMORY_MB * 1024 * 1024,
                seconds=PATIENCE_SECONDS,
            )
        except (LimitReached, ChildRefused) as reason:
            raise TooMuchToWeigh(
                "This log is too large to count it anew for another gap or active window while you wait. "
                "Confirm them all the same, or choose others."
            ) from reason


def require_profile(analysis: AnalysisSession) -> dict:
    """Return the profile of `analysis`, or refuse where there is none."""
    if not analysis.is_ready:
        raise NoProfile(f"“{analysis}” has not been read yet. Say first what its columns mean.")
    if not analysis.profile:
        raise NoProfile(
            f"“{analysis}” has no profile: describing it took more time or memory than is allowed, "
            "or failed. Compute its features without it."
        )
    return analysis.profile


def _library_memory():
    # The rest is for the libraries themselves.
    return f"{settings.FEATURE_MEMORY_MB // 2}MB"
