"""The files of one version: what they are called, and how they are read without trusting the disk. Knows no
Django.

The engine that scores large files runs in a child process without settings or a database; it opens a version
with `open_scorer` and the hashes that the registry handed it.
"""

import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path

from ml.serving.scoring import Scorer

MODEL = ".pkl"
METADATA = "_metadata.pkl"
GRAPH = ".onnx"
MANIFEST = ".json"
SIGNATURE = ".sig"


class FileMismatch(Exception):
    """The bytes of a file are not those that were registered. Nothing of it was parsed."""


class FileUnreachable(FileMismatch):
    """It cannot be read now, and so nothing is known of its bytes: no reason to write anything down."""

    @property
    def is_missing(self) -> bool:
        """Whether there is no such file: gone for good, where somebody has asked that no volume is away."""
        return isinstance(self.__cause__, FileNotFoundError)


@dataclass(frozen=True)
class VerifiedFiles:
    """Where manifest and graph of a version stand, and which bytes they must hold. Plain texts, ready for
    JSON.
    """

    manifest_path: str
    manifest_sha256: str
    onnx_path: str | None
    onnx_sha256: str | None

    def to_dict(self) -> dict:
        return asdict(self)


def sha256(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def read_verified(path: Path | str, expected: str) -> bytes:
    """Return the bytes of the file at `path`, the very ones whose hash is `expected`.

    Raises
    ------
    FileMismatch
        The file is missing, or holds something else.
    FileUnreachable
        It cannot be read, or its folder is missing too: then a volume is not there.
    """
    path = Path(path)
    with _naming(path):
        payload = path.read_bytes()
    if not hmac.compare_digest(sha256(payload), expected):
        raise FileMismatch(f"{path.name} is not the file that was registered.")
    return payload


def compare_file(path: Path | str, expected: str) -> None:
    """Do as `read_verified` for a file that may be too large for memory, without returning it."""
    path = Path(path)
    with _naming(path), path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not hmac.compare_digest(found, expected):
        raise FileMismatch(f"{path.name} is not the file that was registered.")


def copy_registered(path: Path | str, target: Path) -> None:
    """Copy the file at `path`, whatever it holds, to `target`.

    Raises
    ------
    FileMismatch, FileUnreachable
        As `read_verified`, where it cannot be opened.
    OSError
        `target` cannot be written.
    """
    path = Path(path)
    with _naming(path):
        file = path.open("rb")
    with file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy)


@contextmanager
def _naming(path):
    try:
        yield
    except OSError as error:
        is_gone = isinstance(error, FileNotFoundError) and os.path.isdir(path.parent)
        kind = FileMismatch if is_gone or isinstance(error, IsADirectoryError) else FileUnreachable
        raise kind(f"{path.name} cannot be read ({error.strerror or error}).") from error


def what_it_found(mismatch: FileMismatch) -> dict:
    """Return what an engine answers where it could not open a version: it writes down nothing itself."""
    kind = "unreachable" if isinstance(mismatch, FileUnreachable) else "mismatch"
    return {kind: str(mismatch)}


def answering_where_unreachable(engine: Callable[..., dict]) -> Callable[..., dict]:
    """Let `engine` answer as `what_it_found` where a file cannot be read now."""

    @wraps(engine)
    def answer(**arguments):
        try:
            return engine(**arguments)
        except FileUnreachable as unreachable:
            return what_it_found(unreachable)

    return answer


def parse_scorer(manifest: bytes, onnx: bytes | None) -> Scorer:
    """Build a scorer from bytes that were verified. Nothing is unpickled on this way."""
    return Scorer(json.loads(manifest), onnx)


def open_scorer(files: VerifiedFiles | dict) -> Scorer:
    """Read, compare and parse in that order: between a check in one process and this one a file may have
    changed.

    Raises
    ------
    FileMismatch
        A file holds other bytes than `files` says.
    """
    if isinstance(files, dict):
        files = VerifiedFiles(**files)
    manifest = read_verified(files.manifest_path, files.manifest_sha256)
    onnx = read_verified(files.onnx_path, files.onnx_sha256) if files.onnx_path else None
    return parse_scorer(manifest, onnx)
