"""The files of the model versions: named, written whole, signed, and compared before they are parsed.

What becomes of a version whose files are found changed is decided above, in `registry.services.opening`.
"""

import json
from pathlib import Path

from core import signing
from core.faults import FilesAway
from core.files.media import place_of, readable_path, remove_media, write_media
from core.files.store import is_certain
from registry.engines.files import (
    GRAPH,
    MANIFEST,
    METADATA,
    MODEL,
    SIGNATURE,
    FileMismatch,
    FileUnreachable,
    compare_file,
    read_verified,
    sha256,
)
from registry.models import ModelVersion

DEFAULTS_FOLDER = "models/default_models"
RETRAINED_FOLDER = "models/retrained_models"
PURPOSE = "model-version"


class NotSigned(FileMismatch):
    """Its signature is of other bytes, or of another key."""


# --- Names -----------------------------------------------------------------------------------------------


def stem_for(*, model_type: str, number: int, company_id: str | None, base: str = "") -> str:
    """Return the path below the media folder that all files of a version begin with.

    Parameters
    ----------
    base
        UUID of a customer base of the company, which has numbers of its own and so a folder of its own; empty
        for the base of the installation.
    """
    if company_id is None:
        # The first default of a type has the name that everybody knows it by; one that replaced it carries
        # its number.
        return f"{DEFAULTS_FOLDER}/{model_type}" + (f"_v{number}" if number > 1 else "")
    folder = f"{RETRAINED_FOLDER}/{company_id}" + (f"/{base}" if base else "")
    return f"{folder}/{model_type}_v{number}"


def stem_of(version: ModelVersion) -> str:
    # A version that was imported as data has no pipeline: its row names the graph, or the manifest that
    # stands alone.
    for suffix in (MODEL, GRAPH, MANIFEST):
        if version.file_path.endswith(suffix):
            return version.file_path.removesuffix(suffix)
    return version.file_path


def path_of(version: ModelVersion, suffix: str) -> Path:
    """Return where this machine reads a file of `version`; a place without a file if it is gone."""
    return readable_path(stem_of(version) + suffix)


# --- Writing ---------------------------------------------------------------------------------------------


def write_artefacts(stem: str, payloads: dict[str, bytes]) -> dict[str, str]:
    """Write the files of a version, each whole or not at all, and return the SHA-256 of each by its suffix.

    Parameters
    ----------
    stem
        From `stem_for`.
    payloads
        The bytes of each file, by suffix.
    """
    for suffix, payload in payloads.items():
        write_media(stem + suffix, payload)
    return {suffix: sha256(payload) for suffix, payload in payloads.items()}


def remove_artefacts(stem: str) -> None:
    for suffix in (MODEL, METADATA, GRAPH, MANIFEST, SIGNATURE):
        remove_media(stem + suffix)


def statement(*, company_id: str | None, model_type: str, version: str, hashes: dict[str, str]) -> bytes:
    """Return what is signed: whose version this is, which one, and which bytes it consists of."""
    named = {"company": company_id or "", "model_type": model_type, "version": version, "files": hashes}
    return json.dumps(named, sort_keys=True, separators=(",", ":")).encode()


def sign_version(**named) -> str:
    return signing.sign(statement(**named), purpose=PURPOSE)


# --- Reading ---------------------------------------------------------------------------------------------


def read_artefacts(version: ModelVersion) -> dict[str, bytes]:
    """Return the bytes of all files of `version` by suffix, after signature and every hash were found right.

    Raises
    ------
    FileMismatch
        Row or files were changed, or a file is gone. Nothing was parsed.
    FileUnreachable
        A file cannot be read now.
    """
    payloads = {
        suffix: _verified(version, suffix, expected, read_verified)
        for suffix, expected in _signed_hashes(version).items()
    }
    # The signature also lies beside the files, so that a copied folder can be checked without the database.
    _verified(version, SIGNATURE, sha256(version.signature.encode()), read_verified)
    return payloads


def compare_artefacts(version: ModelVersion) -> None:
    """Do as `read_artefacts` for who needs none of the bytes: large files pass through in pieces."""
    for suffix, expected in _signed_hashes(version).items():
        _verified(version, suffix, expected, compare_file)
    _verified(version, SIGNATURE, sha256(version.signature.encode()), compare_file)


def _verified(version, suffix, expected, read):
    try:
        return read(path_of(version, suffix), expected)
    except FileUnreachable as error:
        # A folder may come back unless somebody gave it up; what a server lacks, it says for certain.
        if error.is_missing and is_certain(*place_of(stem_of(version))):
            raise FileMismatch(str(error)) from error
        raise
    except FilesAway as error:
        raise FileUnreachable(f"{stem_of(version)}{suffix} cannot be found (its folder is away).") from error
    except OSError as error:
        # Already the question whether it is there cannot be answered.
        raise FileUnreachable(f"{stem_of(version)}{suffix} cannot be found ({error.strerror}).") from error


def _signed_hashes(version):
    hashes = version.file_hashes
    signed = statement(
        company_id=version.company_id,
        model_type=version.model_type.slug,
        version=version.version,
        hashes=hashes,
    )
    if not signing.verify(signed, version.signature, purpose=PURPOSE):
        raise NotSigned(f"{version} is not signed with the key of this installation.")
    if hashes.get(MANIFEST) != version.manifest_sha256:
        raise FileMismatch(f"What the database says of the files of {version} contradicts itself.")
    return hashes
