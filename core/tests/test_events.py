"""What happened is told to whom it concerns: after the commit, once, and again where that failed."""

import json
import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from django.test import Client

from core import events
from core.events import NotTold, forget, publish, subscribe, tell_due, tell_now
from core.health import MOST_ATTEMPTS
from core.models import UntoldEvent
from core.tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nobody_else_listens(monkeypatch):
    monkeypatch.setattr(events, "_subscribers", {})


@pytest.fixture
def heard():
    """Return what the subscriber "ear" was told, as it is told."""
    told = []
    subscribe("ship-arrived", name="ear", react=lambda **given: told.append(given))
    return told


@pytest.fixture
def weak():
    """Return a subscriber that fails as often as its `failures` say, and notes when it was told."""

    class Weak:
        failures, told_at = 1, []

        def __call__(self, *, ship, at):
            if self.failures:
                self.failures -= 1
                raise OSError("the quay is flooded")
            self.told_at.append(at)

    reaction = Weak()
    subscribe("ship-arrived", name="weak", react=reaction)
    return reaction


def arrive(ship=7, **options):
    with transaction.atomic():
        publish("ship-arrived", about=f"ship {ship}", at=NOON, ship=ship, **options)


def test_who_subscribed_is_told_once_it_is_stored(heard):
    with transaction.atomic():
        publish("ship-arrived", about="ship 7", at=NOON, ship=7, port="Cork")
        assert (heard, UntoldEvent.objects.count()) == ([], 1)

    assert heard == [{"ship": 7, "port": "Cork", "at": NOON}]
    assert not UntoldEvent.objects.exists()


def test_what_nobody_wants_to_know_leaves_nothing():
    arrive()

    assert not UntoldEvent.objects.exists()


def test_event_and_change_are_rolled_back_together(heard):
    with pytest.raises(RuntimeError, match="sank"), transaction.atomic():
        publish("ship-arrived", about="ship 7", at=NOON, ship=7)
        raise RuntimeError("it sank")

    assert not UntoldEvent.objects.exists()
    assert tell_due(at=NOON + timedelta(days=1)) == 0
    assert heard == []


def test_outside_the_transaction_of_the_change_nothing_is_published(heard):
    with pytest.raises(RuntimeError, match="in the transaction"):
        publish("ship-arrived", about="ship 7", at=NOON, ship=7)


def test_who_fails_undoes_nothing_holds_up_nobody_and_is_told_again(weak, heard, caplog):
    arrive()

    assert len(heard) == 1
    row = UntoldEvent.objects.get()
    assert (row.subscriber, row.attempts, row.error) == ("weak", 1, "OSError: the quay is flooded")
    assert "will be tried again" in caplog.text

    assert tell_due(at=NOON + timedelta(seconds=4)) == 0
    assert tell_due(at=NOON + timedelta(seconds=5)) == 1

    assert weak.told_at == [NOON + timedelta(seconds=5)]
    assert len(heard) == 1
    assert not UntoldEvent.objects.exists()


def test_the_waits_double_up_to_an_hour(weak):
    weak.failures = 30
    arrive()

    waits, at = [], NOON
    for _ in range(13):
        due_at = UntoldEvent.objects.get().due_at
        waits.append((due_at - at).total_seconds())
        at = due_at
        tell_due(at=at)

    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 3600


def test_what_a_subscriber_of_an_earlier_release_waits_for_stays_visible(heard):
    UntoldEvent.objects.create(
        event="ship-arrived", subscriber="gone", ids={"ship": 7}, about="7", happened_at=NOON, due_at=NOON
    )

    assert tell_due(at=NOON) == 0

    assert "no part that wants to know" in UntoldEvent.objects.get().error


def test_what_is_about_somebody_who_goes_is_taken_back(weak):
    arrive(ship=7)
    weak.failures = 1
    arrive(ship=8)

    forget(about="ship 7")

    assert UntoldEvent.objects.get().about == "ship 8"


# --- Killed and at once ----------------------------------------------------------------------------------


def killed(call):
    """Do `call` in a process of its own that is expected to be killed in it."""
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=call)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def die(**given):
    os.kill(os.getpid(), signal.SIGKILL)


def test_who_is_killed_between_commit_and_telling_leaves_it_to_the_clock(heard):
    def publish_and_die():
        with transaction.atomic():
            transaction.on_commit(die)
            publish("ship-arrived", about="ship 7", at=NOON, ship=7)

    killed(publish_and_die)

    assert UntoldEvent.objects.get().attempts == 0
    assert tell_due(at=NOON) == 1
    assert heard == [{"ship": 7, "at": NOON}]


def test_who_is_killed_while_telling_has_another_do_it_later(heard):
    subscribe("ship-arrived", name="ear", react=die)
    killed(arrive)
    subscribe("ship-arrived", name="ear", react=lambda **given: heard.append(given))

    assert tell_due(at=NOON + timedelta(minutes=1)) == 0  # the first might still be at it
    assert tell_due(at=NOON + timedelta(minutes=5)) == 1
    assert len(heard) == 1


def test_of_several_at_once_one_tells(monkeypatch):
    told = []

    def slowly(**given):
        told.append(given)
        time.sleep(0.2)

    subscribe("ship-arrived", name="slow", react=slowly)
    for ship in range(3):
        UntoldEvent.objects.create(
            event="ship-arrived",
            subscriber="slow",
            ids={"ship": ship},
            about="",
            happened_at=NOON,
            due_at=NOON,
        )

    at_once(*[lambda: tell_due(at=NOON + timedelta(seconds=1))] * 4)

    assert sorted(given["ship"] for given in told) == [0, 1, 2]
    assert not UntoldEvent.objects.exists()


# --- Operators -------------------------------------------------------------------------------------------


def test_an_operator_may_have_it_told_before_its_time(weak):
    weak.failures = 2
    arrive()

    with pytest.raises(NotTold, match="flooded"):
        tell_now(event=UntoldEvent.objects.get(), at=NOON)
    tell_now(event=UntoldEvent.objects.get(), at=NOON)

    assert weak.told_at == [NOON]


def test_what_keeps_failing_makes_the_installation_unhealthy(settings, weak):
    settings.HEALTH_CHECKS = ["core.health.Events"]
    weak.failures = MOST_ATTEMPTS
    arrive()

    assert Client().get("/health").status_code == 200
    for _ in range(MOST_ATTEMPTS - 1):
        tell_due(at=UntoldEvent.objects.get().due_at)

    answer = Client().get("/health")
    found = json.loads(answer.content)["checks"]["events"]
    assert (answer.status_code, found["waiting"], found["failing"]) == (503, 1, 1)
    assert "flooded" not in answer.content.decode()
