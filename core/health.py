"""`GET /health`: can this installation do its work right now? JSON for monitors, without a login."""

import dataclasses
import os
import shutil
import tempfile
import uuid
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import Error as DatabaseError
from django.http import JsonResponse
from django.utils import timezone
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable
from health_check.views import HealthCheckView
from kombu.exceptions import OperationalError as BrokerError

from core.call_limits import UNCOUNTED
from core.faults import FilesAway, fault_of
from core.files.stored import BUCKETS
from core.hurry import in_a_hurry
from core.models import HealthMark, UntoldEvent

# After so many attempts, some minutes, it is no longer a hiccup: somebody has to look.
MOST_ATTEMPTS = 6


@dataclasses.dataclass
class Broker(HealthCheck):
    """Can a job be handed over?"""

    def run(self):
        if not settings.REDIS_URL:
            # Where it is missing, whoever needs it first makes it.
            folder = Path(settings.CELERY_BROKER_FOLDER)
            messages = folder / "messages"
            if not os.access(messages if messages.exists() else folder, os.W_OK | os.X_OK):
                raise ServiceUnavailable("The folder for messages cannot be written to.")
            return
        try:
            with current_app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
        except (BrokerError, OSError) as error:
            raise ServiceUnavailable("The message broker does not answer.") from error


@dataclasses.dataclass
class Cache(HealthCheck):
    """Does the cache give back what it was given? Where it lies in the database, others may hold that."""

    def run(self):
        name, value = f"health-{uuid.uuid4()}", str(uuid.uuid4())
        try:
            with in_a_hurry():
                cache.set(name, value, timeout=5)
                found = cache.get(name)
        except (DatabaseError, *UNCOUNTED) as error:
            raise ServiceUnavailable("The cache does not answer.") from error
        if found != value:
            raise ServiceUnavailable("The cache does not keep what it is given.")


@dataclasses.dataclass
class Disk(HealthCheck):
    """Is there room for the next upload and its result?"""

    def run(self):
        for name, folder in (("data", settings.MEDIA_ROOT), ("state", settings.STATE_DIR)):
            free_mb = shutil.disk_usage(folder).free // 2**20
            if free_mb < settings.HEALTH_MIN_FREE_MB:
                raise ServiceUnavailable(f"Only {free_mb} MB are free where the {name} lies.")


@dataclasses.dataclass
class Storage(HealthCheck):
    """Is the place of stored files there, be it a folder or a server?"""

    def run(self):
        for bucket in BUCKETS:
            try:
                storages[bucket].check()
            except FilesAway as error:
                raise ServiceUnavailable(f"The stored files ({bucket}) cannot be reached.") from error


@dataclasses.dataclass
class Writing(HealthCheck):
    """Can something be kept, as a file and in the database? Each call tries it."""

    def run(self):
        self.write_files()
        try:
            _write_row()
        except DatabaseError as error:
            raise self._unavailable("Nothing can be written into the database.", error) from error

    def write_files(self):
        """Try the files alone: trying the database ends the connection of whoever asks."""
        places = {
            "data": settings.MEDIA_ROOT,
            "state": settings.STATE_DIR,
            "uploads": settings.FILE_UPLOAD_TEMP_DIR,
        }
        for name, folder in places.items():
            try:
                _write_file(folder)
            except OSError as error:
                raise self._unavailable(
                    f"No file can be written where the {name} should lie.", error
                ) from error

    def _unavailable(self, sentence, error):
        fault = fault_of(error)
        self.details = {"reason": fault.code if fault else "unknown"}
        return ServiceUnavailable(sentence)


def _write_file(folder):
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"written")
        file.flush()
        os.fsync(file.fileno())


def _write_row():
    # A write that waits longer is a write that people wait for.
    with in_a_hurry():
        HealthMark.write(at=timezone.now())


@dataclasses.dataclass
class Events(HealthCheck):
    """Does everybody hear of what happened?"""

    def run(self):
        untold = UntoldEvent.objects
        failing = untold.filter(attempts__gte=MOST_ATTEMPTS).count()
        self.details = {"waiting": untold.count(), "failing": failing}
        if failing:
            raise ServiceUnavailable(
                "Something that happened has consequences that keep failing: an operator finds it, with the "
                "reason, among the events to be told."
            )


class HealthView(HealthCheckView):
    """Runs the checks that the settings name: floors above this one add theirs there.

    The library's page, feeds and metrics stay away: one answer, in one shape.
    """

    http_method_names = ("get", "head", "options")

    def get_checks(self):
        self.checks = settings.HEALTH_CHECKS
        return super().get_checks()

    async def get(self, request, *args, **kwargs):
        await super().get(request, *args, **kwargs)
        is_healthy = not any(result.error for result in self.results)
        body = {
            "status": "healthy" if is_healthy else "unhealthy",
            "checks": {type(result.check).__name__.lower(): _show(result) for result in self.results},
        }
        return JsonResponse(body, status=200 if is_healthy else 503)

    def render_to_response(self, context, **kwargs):
        """Answer nothing of the library's own: `get` throws this away."""
        return None


def _show(result):
    shown = {"ok": result.error is None, "milliseconds": round(result.time_taken * 1000, 1)}
    shown |= getattr(result.check, "details", {})
    if result.error is not None:
        # The library's own checks quote drivers, which quote hosts and accounts; ours are plain sentences.
        is_ours = not type(result.check).__module__.startswith("health_check.")
        shown["message"] = result.error.message if is_ours else "It does not answer."
    return shown
