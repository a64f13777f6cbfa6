"""Is somebody there who works, and the clock that sets the pace? Answered for `/health`."""

import dataclasses
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

from jobs.selectors import some_worker_is_busy

# When a worker last took a message from the broker and did something with it; when it was last awake;
# and when the clock last rang.
WORKED = "jobs.worker-worked-at"
AWAKE = "jobs.worker-awake-at"
RANG = "jobs.clock-rang-at"
PATIENCE_SECONDS = 60


def note_worker(*, at: datetime) -> None:
    """Remember that a worker took a message from the broker and did something with it."""
    cache.set(WORKED, at.timestamp(), timeout=None)


def note_awake(*, at: datetime) -> None:
    """Remember that the process is there which hands messages to its pool."""
    cache.set(AWAKE, at.timestamp(), timeout=None)


def note_clock(*, at: datetime) -> None:
    """Remember that the clock handed a message to the broker, or tried to."""
    cache.set(RANG, at.timestamp(), timeout=None)


def _seconds_since(sign, now):
    noted = cache.get(sign)
    return None if noted is None else round(max(0.0, now.timestamp() - noted), 1)


def _is_fresh(age):
    return age is not None and age <= PATIENCE_SECONDS


@dataclasses.dataclass
class Worker(HealthCheck):
    """Was a worker seen lately? Workers that are all deep in jobs answer through their leases.

    Without the clock there is nothing to do: then it is enough to be awake.
    """

    def run(self):
        now = timezone.now()
        age = _seconds_since(WORKED, now)
        self.details = {"seconds_since_seen": age, "is_busy": some_worker_is_busy(at=now)}
        has_orders = _is_fresh(_seconds_since(RANG, now))
        is_there = _is_fresh(age) or (not has_orders and _is_fresh(_seconds_since(AWAKE, now)))
        if not self.details["is_busy"] and not is_there:
            raise ServiceUnavailable("No worker has been seen lately: jobs wait.")


@dataclasses.dataclass
class Clock(HealthCheck):
    """Did the clock ring lately? Without it nobody takes up what a lost worker left."""

    def run(self):
        self.details = {"seconds_since_seen": (age := _seconds_since(RANG, timezone.now()))}
        if not _is_fresh(age):
            raise ServiceUnavailable(
                "The clock has not been seen lately: jobs that lost their worker are not taken up again, and "
                "nothing is cleared away."
            )
