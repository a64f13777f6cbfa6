"""Letting a version serve again, after a look at its files."""

from datetime import datetime

from django.db import transaction

from companies.models import Account
from core.errors import Conflict
from registry.artefacts import check_version, read_artefacts
from registry.files import FileMismatch
from registry.models import ModelVersion
from registry.services.states import change_state


class StillDamaged(Conflict):
    code = "still-damaged"


def verify_version(*, version: ModelVersion) -> None:
    """Read and compare every file of a READY `version`; a mismatch takes it out of service and tells the
    operators.

    Raises
    ------
    VersionNotServing
        It is not READY.
    DamagedArtefact
        Its files are not those that were registered.
    """
    check_version(version)


@transaction.atomic
def release_version(*, version: ModelVersion, by: Account, at: datetime) -> ModelVersion:
    """Let a quarantined or damaged `version` serve again.

    Raises
    ------
    StillDamaged
        Its files are still not those that were registered.
    Conflict
        It serves already.
    """
    try:
        read_artefacts(version)
    except FileMismatch as mismatch:
        raise StillDamaged(
            f"{version} stays out of service: {mismatch} Restore its files first."
        ) from mismatch
    return change_state(
        version,
        source=(ModelVersion.State.QUARANTINED, ModelVersion.State.DAMAGED),
        target=ModelVersion.State.READY,
        reason="",
        action="version-released",
        by=by,
        at=at,
    )
