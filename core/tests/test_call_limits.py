"""Counting calls: each once, by whom it was, in which minute it was; and without Redis nobody waits."""

import shutil
import socket
import subprocess
import time
from threading import Thread

import pytest
from django.core.cache import caches

from conftest import service_missing
from core.call_limits import wait_after_call, wait_before_call

# Forty seconds before the minute is over.
NOW = 1_800_000_020.0


@pytest.fixture
def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def count_in_redis(settings, free_port):
    address = f"redis://127.0.0.1:{free_port}/0"
    settings.CACHES = settings.CACHES | {
        "limits": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": address,
            "OPTIONS": {"socket_connect_timeout": 0.25, "socket_timeout": 0.25},
        }
    }


@pytest.fixture
def redis(count_in_redis, free_port, tmp_path):
    server = shutil.which("redis-server")
    if not server:
        service_missing("Redis is not installed: apt-get install -y redis-server")
    running = subprocess.Popen(
        [server, "--port", str(free_port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path],
        stdout=subprocess.DEVNULL,
    )
    for _ in range(100):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", free_port)) == 0:
                break
        time.sleep(0.05)
    yield
    running.terminate()
    running.wait(timeout=10)


@pytest.fixture(params=["memory", "redis"])
def counter(request):
    if request.param == "redis":
        request.getfixturevalue("redis")


def call(times=1, *, name="reading:x", now=NOW):
    return [wait_after_call(name, most=3, now=now) for _ in range(times)]


def test_what_is_beyond_the_limit_waits_for_the_next_minute(counter):
    assert call(5) == [0, 0, 0, 40, 40]
    assert call(now=NOW + 39.5) == [1]
    assert call(now=NOW + 40) == [0]


def test_others_are_counted_on_their_own(counter):
    call(5)

    assert call(name="reading:y") == [0]


def test_looking_counts_nothing(counter):
    assert [wait_before_call("wrong:x", most=1, now=NOW) for _ in range(3)] == [0, 0, 0]

    wait_after_call("wrong:x", most=1, now=NOW)

    assert wait_before_call("wrong:x", most=1, now=NOW) == 40


def test_calls_at_once_are_each_counted(counter):
    waits = []

    def many():
        waits.extend(wait_after_call("once", most=100, now=NOW) for _ in range(50))

    threads = [Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (waits.count(0), len(waits)) == (100, 400)


def test_a_counter_does_not_stay_for_good(redis):
    call()

    (key,) = caches["limits"]._cache.get_client().keys("*")
    assert 60 < caches["limits"]._cache.get_client().ttl(key) <= 120


def test_without_redis_nobody_is_kept_out(count_in_redis, caplog):
    began = time.monotonic()

    assert call(5) == [0] * 5
    assert wait_before_call("reading:x", most=1, now=NOW) == 0

    assert time.monotonic() - began < 5
    assert "calls are not counted" in caplog.text


@pytest.mark.django_db
def test_the_database_is_not_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        call(2)
