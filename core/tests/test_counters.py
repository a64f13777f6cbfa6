"""Counters that several processes share: each step counts once, and ends with its minute."""

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.core.cache import caches

from core import counters
from core.call_limits import wait_after_call
from tests.places import REPOSITORY

OTHER_PROCESS = """
import sys
from core.counters import SharedCounters
counter = SharedCounters(sys.argv[1], {})
print(max(counter.incr("calls") for _ in range(100)))
"""


@pytest.fixture
def shared(settings, tmp_path):
    location = str(tmp_path / "calls.sqlite3")
    settings.CACHES = settings.CACHES | {
        "limits": {"BACKEND": "core.counters.SharedCounters", "LOCATION": location}
    }
    return caches["limits"], location


def test_processes_and_threads_count_together(shared):
    counter, location = shared
    counter.add("calls", 0, timeout=60)

    ours = ThreadPoolExecutor(max_workers=4)
    steps = [ours.submit(counter.incr, "calls") for _ in range(100)]
    environment = {"DJANGO_SETTINGS_MODULE": "churnbuster.settings"}
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, location],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert len({step.result() for step in steps}) == 100
    assert counter.get("calls") == 200
    assert int(done.stdout) <= 200


def test_a_counter_that_has_ended_begins_anew(shared, monkeypatch):
    counter, _ = shared
    now = [1_800_000_000.0]
    monkeypatch.setattr(counters.time, "time", lambda: now[0])
    assert counter.add("calls", 5, timeout=60)
    assert not counter.add("calls", 1, timeout=60)

    now[0] += 61

    assert counter.get("calls") is None
    with pytest.raises(ValueError):
        counter.incr("calls")
    assert counter.add("calls", 1, timeout=60)
    assert counter.incr("calls") == 2


def test_what_has_ended_is_removed(shared, monkeypatch):
    counter, _ = shared
    now = [1_800_000_000.0]
    monkeypatch.setattr(counters.time, "time", lambda: now[0])
    for number in range(counters.SWEEP_EVERY - 1):
        counter.add(f"old-{number}", 1, timeout=60)

    now[0] += 61
    counter.add("new", 1, timeout=60)

    assert [row[0].rpartition(":")[2] for row in counter._run("SELECT name FROM counters")] == ["new"]


def test_a_limit_holds_on_it(shared):
    waits = [wait_after_call("somebody", most=3, now=1_800_000_020.0) for _ in range(5)]

    assert [wait > 0 for wait in waits] == [False, False, False, True, True]


def test_a_damaged_file_is_made_anew(shared, caplog):
    counter, location = shared
    counter.add("calls", 5, timeout=60)
    with open(location, "r+b") as file:
        file.write(bytes(4096))

    assert [wait_after_call("reading:x", most=1, now=time.time()) > 0 for _ in range(2)] == [False, True]
    assert "damaged" in caplog.text


def test_nobody_is_kept_out_while_the_file_is_locked(shared, caplog):
    _, location = shared
    wait_after_call("reading:x", most=1, now=time.time())
    with closing(sqlite3.connect(location, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert [wait_after_call("reading:x", most=1, now=time.time()) for _ in range(2)] == [0, 0]

    assert "calls are not counted" in caplog.text
