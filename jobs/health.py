"""Is somebody there who works? Answered for `/health`."""

from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

from jobs.selectors import some_worker_is_busy

SEEN = "jobs.worker-seen-at"
PATIENCE_SECONDS = 60


def note_worker(*, at: datetime) -> None:
    """Remember that a worker took a message from the broker and did something with it."""
    cache.set(SEEN, at.timestamp(), timeout=None)


def check_worker() -> dict:
    """Tell when a worker was last seen. Workers that are all deep in jobs answer through their leases."""
    now = timezone.now()
    seen_at = cache.get(SEEN)
    age = None if seen_at is None else max(0.0, now.timestamp() - seen_at)
    is_busy = some_worker_is_busy(at=now)
    return {
        "ok": is_busy or (age is not None and age <= PATIENCE_SECONDS),
        "seconds_since_seen": None if age is None else round(age, 1),
        "is_busy": is_busy,
    }
