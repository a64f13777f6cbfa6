"""What predictions do when a company was erased, or a prediction deleted: one service call each."""

from django.db.models.signals import post_delete

from companies.signals import company_erased
from predictions.models import Prediction
from predictions.services.sweeping import remove_company_files
from registry.services.shadows import forget_batch


def remove_files(sender, company_id, **kwargs):
    remove_company_files(company_id=company_id)


def forget_shadow(sender, instance, **kwargs):
    forget_batch(batch=instance.uuid)


def connect():
    post_delete.connect(forget_shadow, sender=Prediction, dispatch_uid="predictions.forget_shadow")
    company_erased.connect(remove_files, dispatch_uid="predictions.remove_files")
