from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from core import events
from core.files import owners


@shared_task(name="core.sweep")
def sweep():
    """Remove what killed processes left: half-written files, and files that no row names."""
    now = timezone.now()
    owners.sweep_drafts(Path(settings.MEDIA_ROOT), Path(settings.FILE_UPLOAD_TEMP_DIR), at=now)
    owners.sweep(at=now)


@shared_task(name="core.tell")
def tell():
    """Tell what could not be told when it happened: the process was killed, or the one told failed."""
    events.tell_due(at=timezone.now())
