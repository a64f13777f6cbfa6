"""What predictions do when one of them was deleted."""

from django.db.models.signals import post_delete

from predictions.models import Prediction
from registry.services.shadows import forget_batch


def forget_shadow(sender, instance, **kwargs):
    forget_batch(batch=instance.uuid)


def connect():
    post_delete.connect(forget_shadow, sender=Prediction, dispatch_uid="predictions.forget_shadow")
