"""How often something may happen in a minute: counted without the database, and without a race.

The throttles of REST framework read a list of times, add one and write it back: two calls at once count as
one. Here a call is one step of a counter, and the number that comes back belongs to nobody else.
"""

import math
import sqlite3

import structlog
from django.core.cache import caches

try:
    from redis.exceptions import RedisError
except ImportError:  # comes with requirements-production.txt only
    RedisError = sqlite3.Error

MINUTE = 60
# What counters fail with: those of Redis, and those of a file.
UNCOUNTED = (RedisError, sqlite3.Error, OSError)
log = structlog.get_logger(__name__)


def wait_after_call(name: str, *, most: int, now: float) -> int:
    """Count one call under `name`.

    Parameters
    ----------
    most
        How many calls a minute are let through. Minutes are those of the clock.
    now
        Seconds since 1970.

    Returns
    -------
    int
        0 while the call is one of them, else the seconds until the next one may be.
    """
    calls = _guarded(_step, _key(name, now))
    return _rest_of_minute(now) if calls > most else 0


def wait_before_call(name: str, *, most: int, now: float) -> int:
    """Do as `wait_after_call` for the next call, and count nothing."""
    calls = _guarded(_read, _key(name, now))
    return _rest_of_minute(now) if calls >= most else 0


def _key(name, now):
    return f"{name}:{int(now // MINUTE)}"


def _rest_of_minute(now):
    return math.ceil(MINUTE - now % MINUTE)


def _step(cache, key):
    try:
        return cache.incr(key)
    except ValueError:
        # The first one of this minute, or of two at once: one of them makes the counter.
        return 1 if cache.add(key, 1, timeout=2 * MINUTE) else cache.incr(key)


def _read(cache, key):
    return cache.get(key, 0)


def _guarded(count, key):
    """Let everybody in while no counter can be asked: work goes on without them, not without an API."""
    try:
        return count(caches["limits"], key)
    except UNCOUNTED as error:
        log.warning("calls are not counted: their counters do not answer", error=str(error))
        return 0
