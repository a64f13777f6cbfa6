"""A company goes, with everything it owns."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from companies.events import COMPANY_ERASED
from companies.models import Account, Company
from companies.services.audit import let_audit_rows_go, record_event
from companies.services.conditions import refuse_all_but_operators, refuse_other_name
from core.events import forget, publish
from core.files.owners import erase_files

_companions: dict[str, Callable[[str], AbstractContextManager]] = {}


def accompany(name: str, companion: Callable[[str], AbstractContextManager]) -> None:
    """Enter `companion` with the ID of a company around the deletion of its rows, in the same transaction.

    For rows that refuse to go otherwise. An app calls it in its ``apps.py``.
    """
    _companions[name] = companion


@transaction.atomic
def erase_company(*, company: Company, typed: str, by: Account, at: datetime) -> None:
    """Erase `company`, its people's accounts and every row it owns. There is no way back.

    Files follow after the commit, and again until none is left: every app declared which of them are whose.

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
    refuse_all_but_operators(by, act="erases a company")
    refuse_other_name(typed, company.name, field="typed")
    keys = {"id": company.pk, "uuid": str(company.uuid)}
    people = Account.objects.filter(Q(user__company=company) | Q(developer__company=company), is_staff=False)
    # The list is read first: once the company is gone, nothing says who belonged to it.
    account_ids = list(people.values_list("pk", flat=True))
    record_event(action="company-erased", actor=by, subject=f"{company.name} ({company.pk})", at=at)
    with ExitStack() as stack:
        stack.enter_context(let_audit_rows_go(company.pk))
        for companion in _companions.values():
            stack.enter_context(companion(company.pk))
        company.delete()
    Account.objects.filter(pk__in=account_ids).delete()
    forget(about=keys["id"])
    publish(COMPANY_ERASED, about=keys["id"], at=at, **keys)


def erase_files_of_company(*, id: str, uuid: str, at: datetime) -> None:
    """Remove the files of a company whose rows are gone."""
    erase_files(id=id, uuid=uuid)
