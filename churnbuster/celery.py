"""The Celery app: how jobs travel. What they are, and whether they are done, stands in the Job table."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")

app = Celery("churnbuster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
