"""The Celery app: how jobs travel. What they are, and whether they are done, stands in the Job table."""

import logging.config
import os

from celery import Celery
from celery.signals import setup_logging, worker_init
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")

# kombu's own folder transport lets a worker read a message before it is written to its end.
TRANSPORT_ALIASES["filesystem"] = "core.folder_broker:Transport"

app = Celery("churnbuster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def log_as_the_pages_do(**kwargs):
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def note_what_is_there(**kwargs):
    from django.db import connections

    from core.files.owners import note_roots

    try:
        note_roots()
    finally:
        # None that is open now may be shared by the processes of the pool.
        connections.close_all()
