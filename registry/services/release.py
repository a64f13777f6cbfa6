"""Letting a version serve again, after a look at its files."""

from datetime import datetime

from django.db import transaction

from companies.models import Account
from companies.services.audit import record_event
from core.errors import Conflict
from core.faults import FilesAway
from registry.artefacts import NotSigned, path_of, read_artefacts, sign_version, stem_of, write_artefacts
from registry.engines.files import MANIFEST, SIGNATURE, FileMismatch, FileUnreachable, read_verified
from registry.models import ModelVersion
from registry.services.ledger import lock_companies_of
from registry.services.opening import read_or_report
from registry.services.states import change_state


class StillDamaged(Conflict):
    code = "still-damaged"


class NotToBeSigned(Conflict):
    code = "not-to-be-signed"


def verify_version(*, version: ModelVersion, at: datetime) -> None:
    """Read and compare every file of a READY `version`; a mismatch takes it out of service and tells the
    operators.

    Raises
    ------
    VersionNotServing
        It is not READY.
    DamagedArtefact
        Its files are not those that were registered.
    """
    read_or_report(version, at=at)


@transaction.atomic
def release_version(
    *, version: ModelVersion, by: Account | None, reason: str = "", at: datetime
) -> ModelVersion:
    """Let a quarantined or damaged `version` serve again.

    Raises
    ------
    StillDamaged
        Its files are still not those that were registered.
    Conflict
        It serves already.
    core.faults.FilesAway
        They cannot be read now.
    """
    try:
        read_artefacts(version)
    except FileUnreachable as unreachable:
        raise FilesAway from unreachable
    except FileMismatch as mismatch:
        raise StillDamaged(f"{version} stays out of service. {mismatch} {_remedy(mismatch)}") from mismatch
    return change_state(
        version,
        source=(ModelVersion.State.QUARANTINED, ModelVersion.State.DAMAGED),
        target=ModelVersion.State.READY,
        reason=reason,
        action="version-released",
        by=by,
        at=at,
    )


def _remedy(mismatch):
    if isinstance(mismatch, NotSigned):
        return (
            "If SECRET_KEY was changed, sign the version again first. If not, somebody changed its row: "
            "restore the database from a backup."
        )
    return "Restore its files from a backup, then release it again."


@transaction.atomic
def resign_version(*, version: ModelVersion, by: Account | None, reason: str = "", at: datetime) -> bool:
    """Sign `version` with the key of today, where every file still has the hash that stands in its row.

    For after a change of SECRET_KEY. The signature says that nobody changed row and files together; whoever
    signs again vouches for the rows of the database, so this is a decision of the operator and is recorded.

    Returns
    -------
    bool
        Whether it was signed; False where the signature holds already.

    Raises
    ------
    NotToBeSigned
        A file is not the one whose hash stands in the row, or the row contradicts itself.
    core.faults.FilesAway
        They cannot be read now.
    """
    lock_companies_of(version)
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    try:
        read_artefacts(version)
    except FileUnreachable as unreachable:
        raise FilesAway from unreachable
    except FileMismatch:
        pass
    else:
        return False
    hashes = version.file_hashes
    try:
        if not hashes or hashes.get(MANIFEST) != version.manifest_sha256:
            raise FileMismatch("What the database says of its files contradicts itself.")
        for suffix, expected in hashes.items():
            read_verified(path_of(version, suffix), expected)
    except FileMismatch as mismatch:
        raise NotToBeSigned(
            f"{version} is not signed again. {mismatch} Restore its files from a backup, or import it anew."
        ) from mismatch
    before = version.signature
    version.signature = sign_version(
        company_id=version.company_id,
        model_type=version.model_type.slug,
        version=version.version,
        hashes=hashes,
    )
    version.save(update_fields=("signature", "updated_at"))
    record_event(
        action="version-signed-again",
        company=version.company,
        actor=by,
        subject=str(version),
        at=at,
        model=version.pk,
        before=before,
        reason=reason,
    )
    # Last: were the transaction to fail now, the next call would find the file wrong and write it once more.
    write_artefacts(stem_of(version), {SIGNATURE: version.signature.encode()})
    if version.state == ModelVersion.State.DAMAGED:
        release_version(version=version, by=by, reason="It was signed with the new key.", at=at)
    return True
