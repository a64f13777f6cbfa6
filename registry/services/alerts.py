"""Mails to the operators about what they alone can mend."""

from datetime import datetime

from companies import mail
from companies.models import Account
from core.events import publish
from registry.models import ModelVersion

# `version_id` and the `account_id` of one operator: what one mailbox refuses is not sent again to the others.
VERSION_DAMAGED = "version-damaged"


def alert_operators(*, version: ModelVersion, at: datetime) -> None:
    """Have every operator told that `version` is out of service, in the transaction that takes it out."""
    operators = Account.objects.filter(is_staff=True, is_active=True).order_by("pk")
    for account_id in operators.values_list("pk", flat=True):
        publish(
            VERSION_DAMAGED,
            about=version.company_id or "",
            at=at,
            version_id=version.pk,
            account_id=account_id,
        )


def write_to_operator(*, version_id: int, account_id: int, at: datetime) -> None:
    """Send the mail, unless it is mended meanwhile or its reader is no operator any more."""
    damaged = ModelVersion.objects.filter(pk=version_id, state=ModelVersion.State.DAMAGED)
    version = damaged.select_related("company", "model_type").first()
    operator = Account.objects.filter(pk=account_id, is_staff=True, is_active=True).first()
    if version and operator:
        mail.deliver("registry/mail/damaged.txt", operator.email, version=version)
