from celery import shared_task
from django.utils import timezone

from registry.services.sweeping import sweep_orphans


@shared_task(name="registry.sweep")
def sweep():
    """Remove the files of models that no row names."""
    sweep_orphans(at=timezone.now())
