"""The clock and the worker say that they are there: what Celery runs in them besides their work."""

from celery.beat import Scheduler
from django.db import close_old_connections
from django.utils import timezone

from core.hurry import in_a_hurry
from jobs.health import note_awake, note_clock

# Celery's own heart beats every two seconds; each note is a write.
HEARTBEATS_PER_NOTE = 8


class Clock(Scheduler):
    """Celery's clock, which keeps its times in memory, and says with each message that it rings.

    Without a file two clocks at once, or one that was killed, have nothing to fight over or to repair.
    """

    def apply_async(self, *args, **kwargs):
        try:
            return super().apply_async(*args, **kwargs)
        finally:
            close_old_connections()
            note_clock(at=timezone.now())


class Heart:
    """Notes now and then that the main process of a worker is awake."""

    def __init__(self):
        self.beats = 0

    def beat(self, **_):
        # The process waits for this write, and its pool for messages: so it does not wait long for a database
        # that others write to. It keeps no connection, because its pool is forked from it.
        if self.beats % HEARTBEATS_PER_NOTE == 0:
            with in_a_hurry():
                note_awake(at=timezone.now())
        self.beats += 1
