"""Whether a version may serve: damaged by itself, quarantined and released by an operator."""

import logging
from datetime import datetime
from functools import partial

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from companies.models import Account, AuditEvent
from core.errors import Conflict
from registry.models import ModelVersion

logger = logging.getLogger(__name__)

MOST_REASON = 255


class VersionNotServing(Conflict):
    code = "version-not-serving"


def refuse_unless_ready(version: ModelVersion) -> None:
    """Refuse a version that was damaged or taken out of service.

    Raises
    ------
    VersionNotServing
        It is not READY.
    """
    if not version.is_ready:
        raise VersionNotServing(
            f"{version} is {version.get_state_display().lower()} and serves nobody. Choose another model.",
            extra={"model": version.pk, "state": version.state},
        )


@transaction.atomic
def mark_damaged(*, version: ModelVersion, reason: str, at: datetime) -> bool:
    """Take `version` out of service because its files are not those that were registered, and tell the operators.

    Returns
    -------
    bool
        Whether this call did it; who finds the same damage a moment later does not write a second mail.
    """
    reason = reason[:MOST_REASON]
    changed = ModelVersion.objects.filter(pk=version.pk, state=ModelVersion.State.READY).update(
        state=ModelVersion.State.DAMAGED, state_reason=reason, updated_at=at
    )
    version.state, version.state_reason = ModelVersion.State.DAMAGED, reason
    if not changed:
        return False
    logger.error("model version %s (%s) is damaged: %s", version.pk, version, reason)
    AuditEvent.objects.create(
        company=version.company,
        action="version-damaged",
        subject=str(version),
        details={"model": version.pk, "reason": reason},
        at=at,
    )
    # A mail server that does not answer must not keep the version in service.
    transaction.on_commit(partial(_tell_operators, version, reason), robust=True)
    return True


@transaction.atomic
def quarantine_version(*, version: ModelVersion, reason: str, by: Account, at: datetime) -> ModelVersion:
    """Take a READY `version` out of service until an operator releases it."""
    return change_state(
        version,
        source=(ModelVersion.State.READY,),
        target=ModelVersion.State.QUARANTINED,
        reason=reason,
        action="version-quarantined",
        by=by,
        at=at,
    )


def change_state(version, *, source, target, reason, action, by, at):
    """Move a locked version from one of the states `source` to `target`, and leave an audit event."""
    current = ModelVersion.objects.select_for_update().get(pk=version.pk)
    if current.state not in source:
        raise Conflict(f"{current} is {current.get_state_display().lower()}; nothing was changed.")
    current.state, current.state_reason = target, reason[:MOST_REASON]
    current.save(update_fields=("state", "state_reason", "updated_at"))
    AuditEvent.objects.create(
        company=current.company,
        actor=by,
        action=action,
        subject=str(current),
        details={"model": current.pk, "reason": reason},
        at=at,
    )
    version.state, version.state_reason = current.state, current.state_reason
    return current


def _tell_operators(version, reason):
    operators = Account.objects.filter(is_staff=True, is_active=True).values_list("email", flat=True)
    if not operators:
        return
    owner = f"of {version.company}" if version.company_id else "of this installation"
    send_mail(
        f"Churn Buster: {version} is damaged",
        f"{version} {owner} was taken out of service: {reason}\n\n"
        "All other models go on serving. Restore its files from a backup and release it in the admin "
        f"({settings.BASE_URL}/admin/registry/modelversion/{version.pk}/change/), or run seed_defaults, which trains a "
        "damaged default anew.\n",
        settings.DEFAULT_FROM_EMAIL,
        list(operators),
    )
