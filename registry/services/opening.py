"""Opening a version: its files are compared first, and one that is found damaged goes out of service."""

import json
import logging
import threading
from collections import OrderedDict
from datetime import datetime

from core.errors import DomainError
from core.faults import FilesAway
from ml.serving.scoring import Scorer
from registry.artefacts import path_of, read_artefacts
from registry.engines.files import (
    GRAPH,
    MANIFEST,
    METADATA,
    FileMismatch,
    FileUnreachable,
    VerifiedFiles,
    parse_scorer,
    sha256,
)
from registry.engines.metadata import read_metadata
from registry.models import ModelVersion
from registry.services.states import mark_damaged, refuse_unless_ready

logger = logging.getLogger(__name__)

MOST_LOADED = 16


class DamagedArtefact(DomainError):
    code = "artefact-damaged"
    http_status = 503


def read_or_report(version: ModelVersion, *, at: datetime) -> dict[str, bytes]:
    """Return the files of a READY version; what is found damaged is marked so, the operators are told, and it
    is refused.

    Call it outside a transaction: a refusal that rolls one back takes the mark with it (the refusal itself
    stands).

    Raises
    ------
    VersionNotServing
        It was marked damaged or quarantined before.
    DamagedArtefact
        Its files are not those that were registered.
    core.faults.FilesAway
        They cannot be read now: nothing is marked.
    """
    refuse_unless_ready(version)
    try:
        return read_artefacts(version)
    except FileMismatch as mismatch:
        raise report_damage(version, mismatch, at=at) from mismatch


def report_damage(version: ModelVersion, mismatch: FileMismatch, *, at: datetime) -> DomainError:
    """Mark `version` as damaged, unless it only could not be read, and return the refusal to raise."""
    if isinstance(mismatch, FileUnreachable):
        logger.error("model version %s (%s) cannot be read: %s", version.pk, version, mismatch)
        return FilesAway()
    mark_damaged(version=version, reason=str(mismatch), at=at)
    return DamagedArtefact(
        f"{version} cannot be used: its stored files are not those that were registered. "
        "The operator was told. Choose another model: they go on serving.",
        extra={"model": version.pk},
    )


def load_scorer(version: ModelVersion, *, at: datetime) -> Scorer:
    """Return what scores customers with `version`, from verified bytes, or from memory if they were read
    before. A version found damaged is marked so, as of `at`.

    Raises
    ------
    VersionNotServing
        It was marked damaged or quarantined before.
    DamagedArtefact
        Its files are not those that were registered.
    """
    refuse_unless_ready(version)
    return _loaded.get((version.pk, version.manifest_sha256), lambda: _scorer_of(version, at))


def _scorer_of(version, at):
    payloads = read_or_report(version, at=at)
    return parse_scorer(payloads[MANIFEST], payloads.get(GRAPH))


def load_manifest(version: ModelVersion, *, at: datetime) -> dict:
    """Return the manifest of `version`. Does and raises what `read_or_report` does."""
    return json.loads(read_or_report(version, at=at)[MANIFEST])


def verified_files(version: ModelVersion, *, at: datetime) -> VerifiedFiles:
    """Return the paths and hashes with which a child process opens `version`.

    It does so by `registry.engines.files.open_scorer`.

    Does and raises what `read_or_report` does. The child compares again what it reads; a mismatch that it
    reports is marked with `registry.services.states.mark_damaged`.
    """
    hashes = {suffix: sha256(payload) for suffix, payload in read_or_report(version, at=at).items()}
    has_graph = GRAPH in hashes
    return VerifiedFiles(
        manifest_path=str(path_of(version, MANIFEST)),
        manifest_sha256=hashes[MANIFEST],
        onnx_path=str(path_of(version, GRAPH)) if has_graph else None,
        onnx_sha256=hashes.get(GRAPH),
    )


def load_metadata(version: ModelVersion, *, at: datetime) -> dict:
    """Return the ``_metadata.pkl`` of `version`: texts and numbers, read without running anything.

    Does and raises what `read_or_report` does.
    """
    return read_metadata(read_or_report(version, at=at)[METADATA])


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
