from celery import shared_task
from django.utils import timezone

from registry.services.sweeping import sweep_bucket, sweep_orphans


@shared_task(name="registry.sweep")
def sweep():
    """Remove the files of models that no row names, here and in the bucket."""
    at = timezone.now()
    sweep_orphans(at=at)
    sweep_bucket(at=at)
