"""Opening a version: its files are compared first, and one that is found damaged goes out of service."""

import json
import threading
from collections import OrderedDict
from datetime import datetime

from django.utils import timezone

from core.errors import DomainError
from ml.serving.scoring import Scorer
from registry.artefacts import path_of, read_artefacts, read_metadata
from registry.engines.files import (
    GRAPH,
    MANIFEST,
    METADATA,
    FileMismatch,
    VerifiedFiles,
    parse_scorer,
    sha256,
)
from registry.models import ModelVersion
from registry.services.states import mark_damaged, refuse_unless_ready

MOST_LOADED = 16


class DamagedArtefact(DomainError):
    code = "artefact-damaged"
    http_status = 503


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
