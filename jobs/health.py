"""Is somebody there who works? Answered for `/health`."""

import dataclasses
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

from jobs.selectors import some_worker_is_busy

SEEN = "jobs.worker-seen-at"
PATIENCE_SECONDS = 60


def note_worker(*, at: datetime) -> None:
    """Remember that a worker took a message from the broker and did something with it."""
    cache.set(SEEN, at.timestamp(), timeout=None)


@dataclasses.dataclass
class Worker(HealthCheck):
    """Was a worker seen lately? Workers that are all deep in jobs answer through their leases."""

    def run(self):
        now = timezone.now()
        seen_at = cache.get(SEEN)
        age = None if seen_at is None else max(0.0, now.timestamp() - seen_at)
        self.details = {
            "seconds_since_seen": None if age is None else round(age, 1),
            "is_busy": some_worker_is_busy(at=now),
        }
        if not self.details["is_busy"] and (age is None or age > PATIENCE_SECONDS):
            raise ServiceUnavailable("No worker has been seen lately: jobs wait.")
