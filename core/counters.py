"""A cache for counters that the web processes of one machine share: a file that nobody waits for.

The database would make a write of each call, behind whatever else is written; memory is of one process only.
This file is a database of its own, holds nothing but counters of this minute and the one before, and is never
synced: what a power cut takes is a minute's count.
"""

import contextlib
import os
import sqlite3
import threading
import time

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

TABLE = "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value, ends REAL) WITHOUT ROWID"
STEP = "UPDATE counters SET value = value + ? WHERE name = ? AND ends > ? RETURNING value"
# Takes the place of one that has ended, and leaves one that counts.
ADD = (
    "INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
    "SET value = excluded.value, ends = excluded.ends WHERE ends <= ? RETURNING 1"
)
# A call does not wait for its counter.
PATIENCE_SECONDS = 0.25
# Every so many new counters, those that have ended are removed.
SWEEP_EVERY = 500
log = structlog.get_logger(__name__)


class SharedCounters(BaseCache):
    """A counter under a name goes up in one step, whichever process asks."""

    def __init__(self, location, params):
        super().__init__(params)
        self._location = location
        self._local = threading.local()
        self._added = 0

    def incr(self, key, delta=1, version=None):
        rows = self._run(STEP, delta, self.make_and_validate_key(key, version), time.time())
        if not rows:
            raise ValueError(f"There is no counter {key!r}.")
        return rows[0][0]

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        now, name = time.time(), self.make_and_validate_key(key, version)
        ends = self.get_backend_timeout(timeout) or float("inf")
        self._added += 1
        if self._added % SWEEP_EVERY == 0:
            self._run("DELETE FROM counters WHERE ends <= ?", now)
        return bool(self._run(ADD, name, value, ends, now))

    def get(self, key, default=None, version=None):
        name = self.make_and_validate_key(key, version)
        rows = self._run("SELECT value FROM counters WHERE name = ? AND ends > ?", name, time.time())
        return rows[0][0] if rows else default

    def clear(self):
        self._run("DELETE FROM counters")

    def _run(self, statement, *values):
        try:
            return self._execute(statement, values)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            # Never synced, it may be damaged by what kills a machine, and would stay so.
            log.warning("the file of counters is damaged and made anew", error=str(error))
            self._remove()
            return self._execute(statement, values)

    def _execute(self, statement, values):
        if not hasattr(self._local, "connection"):
            self._connect()
        return self._local.connection.execute(statement, values).fetchall()

    def _connect(self):
        connection = sqlite3.connect(
            self._location, timeout=PATIENCE_SECONDS, isolation_level=None, cached_statements=16
        )
        self._local.connection, self._local.file = connection, os.stat(self._location).st_ino
        try:
            for setting in ("journal_mode = MEMORY", "synchronous = OFF"):
                connection.execute(f"PRAGMA {setting}")
            connection.execute(TABLE)
        except sqlite3.OperationalError:
            # Locked: the next call finds out again whether the table is there.
            del self._local.connection
            raise

    def _remove(self):
        """Remove the file that this thread has open; one that another thread has made since stays."""
        self._local.connection.close()
        del self._local.connection
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self._location).st_ino == self._local.file:
                os.remove(self._location)
