import json
import time

import pytest
from django.db import connection, transaction
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def checks_of_this_floor(settings):
    own = [name for name in settings.HEALTH_CHECKS if name.startswith(("health_check.", "core."))]
    settings.HEALTH_CHECKS = own


def ask():
    response = Client().get("/health")
    return response.status_code, json.loads(response.content)


def ask_of(check, settings):
    settings.HEALTH_CHECKS = [check]
    return ask()


def test_all_is_well(broker_folder):
    status, body = ask()

    assert (status, body["status"]) == (200, "healthy")
    assert set(body["checks"]) == {"database", "cache", "broker", "disk", "storage", "writing", "events"}
    assert all(check["ok"] and check["milliseconds"] >= 0 for check in body["checks"].values())


def test_a_full_disk_makes_it_unhealthy(settings):
    settings.HEALTH_MIN_FREE_MB = 10**9

    status, body = ask()

    assert status == 503
    assert "MB are free" in body["checks"]["disk"]["message"]


def test_a_folder_that_cannot_be_written_makes_it_unhealthy(settings):
    settings.FILE_UPLOAD_TEMP_DIR = "/proc/self"

    status, body = ask()

    assert status == 503
    assert body["checks"]["writing"]["message"] == "No file can be written where the uploads should lie."


@pytest.mark.any_database
def test_a_database_that_somebody_holds_makes_it_unhealthy_at_once(settings, on_mariadb, monkeypatch):
    if on_mariadb:
        pytest.skip("there a transaction holds rows, not the whole database")
    monkeypatch.setattr("core.hurry.PATIENCE_MS", 100)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE healthmarks SET written_at = written_at")
        began = time.monotonic()
        assert ask_of("core.health.Cache", settings)[0] == 503
        status, body = ask_of("core.health.Writing", settings)

    assert time.monotonic() - began < 3
    assert status == 503
    assert body["checks"]["writing"]["reason"] == "database-busy"
    assert body["checks"]["writing"]["message"] == "Nothing can be written into the database."


def test_a_broker_folder_that_is_gone_makes_it_unhealthy(settings, tmp_path):
    settings.CELERY_BROKER_FOLDER = tmp_path / "gone"

    assert not ask()[1]["checks"]["broker"]["ok"]
    # A file in its place: nobody can put a message there.
    settings.CELERY_BROKER_FOLDER = tmp_path
    (tmp_path / "messages").write_text("")
    assert not ask()[1]["checks"]["broker"]["ok"]


def test_a_redis_that_is_down_makes_it_unhealthy(settings, broker_down):
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"

    status, body = ask()

    assert status == 503
    assert body["checks"]["broker"]["message"] == "The message broker does not answer."
    assert "secret" not in json.dumps(body)


def test_a_library_check_that_fails_quotes_no_driver(settings):
    settings.HEALTH_CHECKS = [("health_check.checks.Database", {"alias": "nowhere"})]

    status, body = ask()

    assert status == 503
    assert body["checks"]["database"]["message"] == "It does not answer."


def test_it_is_never_cached_and_only_read():
    assert "no-store" in Client().get("/health")["Cache-Control"]
    assert Client().post("/health").status_code == 405


def test_the_formats_of_the_library_stay_away():
    for name in ("rss", "text", "openmetrics"):
        assert Client().get(f"/health?format={name}")["Content-Type"] == "application/json"
