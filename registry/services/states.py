"""Whether a version may serve: damaged by itself, quarantined and released by an operator."""

import logging
from datetime import datetime

from django.db import transaction

from companies.models import Account
from companies.services.audit import record_event
from core.errors import Conflict
from registry.models import DeploymentEvent, ModelVersion
from registry.services.alerts import alert_operators
from registry.services.ledger import lock_companies_of, write_for_all

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
    """Take `version` out of service because its files are not those that were registered, and tell the
    operators.

    Returns
    -------
    bool
        Whether this call did it; who finds the same damage a moment later does not write a second mail.
    """
    reason = reason[:MOST_REASON]
    lock_companies_of(version)
    changed = ModelVersion.objects.filter(pk=version.pk, state=ModelVersion.State.READY).update(
        state=ModelVersion.State.DAMAGED, state_reason=reason, updated_at=at
    )
    version.state, version.state_reason = ModelVersion.State.DAMAGED, reason
    if not changed:
        return False
    logger.error("model version %s (%s) is damaged: %s", version.pk, version, reason)
    record_event(
        action="version-damaged",
        company=version.company,
        subject=str(version),
        at=at,
        model=version.pk,
        reason=reason,
    )
    write_for_all(version=version, action=DeploymentEvent.Action.SUSPENDED, reason=reason, by=None, at=at)
    alert_operators(version=version, at=at)
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
    """Move a locked version from one of the states `source` to `target`, and leave an audit event.

    The companies that it serves are told in their ledgers.
    """
    lock_companies_of(version)
    current = ModelVersion.objects.select_for_update().get(pk=version.pk)
    if current.state not in source:
        raise Conflict(
            f"{current} is {current.get_state_display().lower()}; nothing was changed. "
            "Reload the page to see how it stands."
        )
    was_ready = current.is_ready
    # Why it may serve again stands in audit and ledger; on the version it would read like a fault.
    current.state = target
    current.state_reason = "" if current.is_ready else reason[:MOST_REASON]
    current.save(update_fields=("state", "state_reason", "updated_at"))
    record_event(
        action=action,
        company=current.company,
        actor=by,
        subject=str(current),
        at=at,
        model=current.pk,
        reason=reason,
    )
    if was_ready != current.is_ready:
        action = DeploymentEvent.Action.RESUMED if current.is_ready else DeploymentEvent.Action.SUSPENDED
        told = reason or f"{current} may serve again."
        write_for_all(version=current, action=action, reason=told, by=by, at=at)
    version.state, version.state_reason = current.state, current.state_reason
    return current
