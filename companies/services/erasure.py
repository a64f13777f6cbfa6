"""A company goes, with everything it owns."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from companies.models import Account, Company
from companies.services.audit import record_event
from companies.signals import company_erased
from core.errors import Forbidden, Unprocessable


class NameDiffers(Unprocessable):
    code = "name-differs"


class OperatorsOnly(Forbidden):
    code = "operators-only"


@transaction.atomic
def erase_company(*, company: Company, typed: str, by: Account, at: datetime) -> None:
    """Erase `company`, its people's accounts and every row it owns. There is no way back.

    Files follow after the commit: the floors that wrote them listen to `companies.signals.company_erased`.

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
    erased = {"company_id": company.pk, "company_uuid": company.uuid}
    people = Account.objects.filter(Q(user__company=company) | Q(developer__company=company), is_staff=False)
    # The list is read first: once the company is gone, nothing says who belonged to it.
    account_ids = list(people.values_list("pk", flat=True))
    record_event(action="company-erased", actor=by, subject=f"{company.name} ({company.pk})", at=at)
    company.delete()
    Account.objects.filter(pk__in=account_ids).delete()
    transaction.on_commit(partial(company_erased.send_robust, sender=Company, **erased))
