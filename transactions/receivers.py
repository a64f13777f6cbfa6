"""What this floor does when something happened to a company: one service call each."""

from companies.signals import company_erased
from transactions.services.sweeping import remove_company_objects


def remove_objects(sender, company_uuid, **kwargs):
    remove_company_objects(company_uuid=company_uuid)


def connect():
    company_erased.connect(remove_objects, dispatch_uid="transactions.remove_objects")
