import time
from pathlib import Path

from celery import shared_task
from django.conf import settings

from core.storage import sweep_partial

# Longer than any upload or job may take to fill one file.
ABANDONED_SECONDS = 24 * 60 * 60


@shared_task(name="core.sweep")
def sweep():
    """Remove what killed processes left half-written."""
    for folder in (settings.MEDIA_ROOT, settings.FILE_UPLOAD_TEMP_DIR):
        sweep_partial(Path(folder), older_than=ABANDONED_SECONDS, now=time.time())
