"""What predictions do when something happened to a company: one service call each."""

from companies.signals import company_erased
from predictions.services.sweeping import remove_company_files


def remove_files(sender, company_id, **kwargs):
    remove_company_files(company_id=company_id)


def connect():
    company_erased.connect(remove_files, dispatch_uid="predictions.remove_files")
