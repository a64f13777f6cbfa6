"""A company goes, with everything it owns."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from companies.models import Account, Company
from companies.services.audit import record_event
from core.errors import Forbidden, Unprocessable
from core.files.owners import erase_files


class NameDiffers(Unprocessable):
    code = "name-differs"


class OperatorsOnly(Forbidden):
    code = "operators-only"


@transaction.atomic
def erase_company(*, company: Company, typed: str, by: Account, at: datetime) -> None:
    """Erase `company`, its people's accounts and every row it owns. There is no way back.

    Files follow after the commit: every app declared which of them are whose.

    Parameters
    ----------
    typed
        The name of the company, typed to confirm.

    Raises
    ------
    OperatorsOnly
        `by` is no operator.
    NameDiffers
        `typed` is another name.
    """
    if not by.is_staff:
        raise OperatorsOnly("Only an operator erases a company.")
    if typed.strip() != company.name:
        raise NameDiffers(f"Type {company.name} to confirm.", field="typed")
    keys = {"id": company.pk, "uuid": company.uuid}
    people = Account.objects.filter(Q(user__company=company) | Q(developer__company=company), is_staff=False)
    # The list is read first: once the company is gone, nothing says who belonged to it.
    account_ids = list(people.values_list("pk", flat=True))
    record_event(action="company-erased", actor=by, subject=f"{company.name} ({company.pk})", at=at)
    company.delete()
    Account.objects.filter(pk__in=account_ids).delete()
    transaction.on_commit(partial(erase_files, **keys), robust=True)
