"""The files of the model versions on disk: written whole, signed, and compared before anything of them is
parsed.
"""

import io
import json
import pickle
import threading
from collections import OrderedDict
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from core import signing
from core.errors import Conflict, DomainError
from core.files.media import readable_path, remove_media, write_media
from ml.serving.scoring import Scorer
from registry.engines.files import (
    GRAPH,
    MANIFEST,
    METADATA,
    MODEL,
    SIGNATURE,
    FileMismatch,
    VerifiedFiles,
    compare_file,
    parse_scorer,
    read_verified,
    sha256,
)
from registry.models import ModelVersion
from registry.services.states import mark_damaged, refuse_unless_ready

DEFAULTS_FOLDER = "models/default_models"
RETRAINED_FOLDER = "models/retrained_models"
PURPOSE = "model-version"
MOST_LOADED = 16


class DamagedArtefact(DomainError):
    code = "artefact-damaged"
    http_status = 503


class NoPipeline(Conflict):
    code = "no-pipeline"


class UnsafeMetadata(FileMismatch):
    """A metadata file holds more than texts, numbers and lists."""


# --- Names -----------------------------------------------------------------------------------------------


def stem_for(*, model_type: str, number: int, company_id: str | None) -> str:
    """Return the path below the media folder that all files of a version begin with."""
    if company_id is None:
        # The first default of a type has the name that everybody knows it by; one that replaced it carries
        # its number.
        return f"{DEFAULTS_FOLDER}/{model_type}" + (f"_v{number}" if number > 1 else "")
    return f"{RETRAINED_FOLDER}/{company_id}/{model_type}_v{number}"


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
    """
    payloads = {
        suffix: read_verified(path_of(version, suffix), expected)
        for suffix, expected in _signed_hashes(version).items()
    }
    # The signature also lies beside the files, so that a copied folder can be checked without the database.
    read_verified(path_of(version, SIGNATURE), sha256(version.signature.encode()))
    return payloads


def compare_artefacts(version: ModelVersion) -> None:
    """Do as `read_artefacts` for who needs none of the bytes: large files pass through in pieces."""
    for suffix, expected in _signed_hashes(version).items():
        compare_file(path_of(version, suffix), expected)
    compare_file(path_of(version, SIGNATURE), sha256(version.signature.encode()))


def _signed_hashes(version):
    hashes = version.file_hashes
    signed = statement(
        company_id=version.company_id,
        model_type=version.model_type.slug,
        version=version.version,
        hashes=hashes,
    )
    if not signing.verify(signed, version.signature, purpose=PURPOSE):
        raise FileMismatch(f"The signature of {version} does not hold.")
    if hashes.get(MANIFEST) != version.manifest_sha256:
        raise FileMismatch(f"The row of {version} contradicts its signature.")
    return hashes


def check_version(version: ModelVersion) -> dict[str, bytes]:
    """Return the files of a READY version, or refuse it; what is found damaged is marked so and reported.

    Call it outside a transaction: a refusal that rolls one back takes the mark with it (the refusal itself
    stands).

    Raises
    ------
    VersionNotServing
        It was marked damaged or quarantined before.
    DamagedArtefact
        Its files are not those that were registered.
    """
    refuse_unless_ready(version)
    try:
        return read_artefacts(version)
    except FileMismatch as mismatch:
        raise report_damage(version, mismatch, at=timezone.now()) from mismatch


def report_damage(version: ModelVersion, mismatch: FileMismatch, *, at: datetime) -> DamagedArtefact:
    """Mark `version` as damaged, and return the refusal to raise."""
    mark_damaged(version=version, reason=str(mismatch), at=at)
    return DamagedArtefact(
        f"{version} cannot be used: its stored files are not those that were registered. "
        "The operator was told; the other models go on serving, choose one of them.",
        extra={"model": version.pk},
    )


def load_scorer(version: ModelVersion) -> Scorer:
    """Return what scores customers with `version`, from verified bytes, or from memory if they were read
    before.

    Raises
    ------
    VersionNotServing
        It was marked damaged or quarantined before.
    DamagedArtefact
        Its files are not those that were registered.
    """
    refuse_unless_ready(version)
    return _loaded.get((version.pk, version.manifest_sha256), lambda: _scorer_of(version))


def _scorer_of(version):
    payloads = check_version(version)
    return parse_scorer(payloads[MANIFEST], payloads.get(GRAPH))


def load_manifest(version: ModelVersion) -> dict:
    """Return the manifest of `version`. Raises what `check_version` raises."""
    return json.loads(check_version(version)[MANIFEST])


def verified_files(version: ModelVersion) -> VerifiedFiles:
    """Return the paths and hashes with which a child process opens `version`.

    It does so by `registry.engines.files.open_scorer`.

    Raises what `check_version` raises. The child compares again what it reads; a mismatch that it reports is
    marked with `registry.services.states.mark_damaged`.
    """
    hashes = {suffix: sha256(payload) for suffix, payload in check_version(version).items()}
    has_graph = GRAPH in hashes
    return VerifiedFiles(
        manifest_path=str(path_of(version, MANIFEST)),
        manifest_sha256=hashes[MANIFEST],
        onnx_path=str(path_of(version, GRAPH)) if has_graph else None,
        onnx_sha256=hashes.get(GRAPH),
    )


def load_metadata(version: ModelVersion) -> dict:
    """Return the ``_metadata.pkl`` of `version`: texts and numbers, read without running anything."""
    return read_metadata(check_version(version)[METADATA])


def read_metadata(payload: bytes) -> dict:
    """Read the bytes of a metadata file.

    Raises
    ------
    UnsafeMetadata
        It names code, or is no pickle.
    """
    try:
        return _PlainUnpickler(io.BytesIO(payload)).load()
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
    ) as error:
        raise UnsafeMetadata("This is no metadata file.") from error


def rebuild_model(version: ModelVersion):
    """Return the fitted pipeline of `version`. The one place where a pickle is opened, and never on the way
    to a score.

    For retraining and inspection by those who run the installation. Raises what `check_version` raises, and
    `NoPipeline` for a version that was imported.
    """
    # Imported here: no way to a score passes this line.
    import joblib

    payloads = check_version(version)
    if MODEL not in payloads:
        raise NoPipeline(f"{version} was imported as data: it can be scored with, but not rebuilt.")
    return joblib.load(io.BytesIO(payloads[MODEL]))


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise UnsafeMetadata(f"A metadata file names {module}.{name}; it may hold texts and numbers only.")


class _Loaded:
    """The scorers in memory, least recently used first out. Threads that ask for one build it once."""

    def __init__(self, most: int):
        self._most = most
        self._lock = threading.Lock()
        self._scorers = OrderedDict()
        self._building = {}

    def get(self, key, build):
        with self._lock:
            if key in self._scorers:
                self._scorers.move_to_end(key)
                return self._scorers[key]
            gate = self._building.setdefault(key, threading.Lock())
        # One gate per version: building a large one does not hold up the others.
        with gate:
            with self._lock:
                if key in self._scorers:
                    return self._scorers[key]
            try:
                scorer = build()
            finally:
                with self._lock:
                    self._building.pop(key, None)
            with self._lock:
                self._scorers[key] = scorer
                while len(self._scorers) > self._most:
                    self._scorers.popitem(last=False)
            return scorer

    def clear(self):
        with self._lock:
            self._scorers.clear()


_loaded = _Loaded(MOST_LOADED)


def forget_loaded() -> None:
    """Drop every scorer in memory; the next use reads and compares the files again."""
    _loaded.clear()
