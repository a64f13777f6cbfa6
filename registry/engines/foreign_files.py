"""The files of a model that was made elsewhere, before anything in them is believed: is it what it says?

Runs in the child that tries the model out: whatever a hand-made file does to its reader, it does there.
"""

from __future__ import annotations

import io
import json
import pickletools
import zipfile
from pathlib import Path

from registry.engines.metadata import UnsafeMetadata, read_metadata

PICKLES = (".pkl", ".pickle", ".pkcls", ".joblib", ".sav")
NEEDED = ("model_type", "model_name", "schema", "serving", "golden")
# How joblib compresses: zlib, gzip, bzip2, xz, lzma, lz4.
_COMPRESSED = (
    b"x\x01",
    b"x^",
    b"x\x9c",
    b"x\xda",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"]\x00\x00",
    b"\x04\x22M\x18",
)
_ZIP, _NUMPY = b"PK\x03\x04", b"\x93NUMPY"
LOOKED_AT = 4096


class IsAPickle(ValueError):
    """Reading it would run whatever program it holds, so nothing of it was read."""


def refuse_pickle(path: str) -> None:
    """Raise `IsAPickle` for a pickle whatever it is called, looking at bytes and never loading them."""
    head = _head(path)
    if _holds_pickle(path) if head.startswith(_ZIP) else _reads_like_pickle(head):
        raise IsAPickle(path)


def is_archive(path: str) -> bool:
    return _head(path).startswith(_ZIP)


def read_manifest(path: str) -> dict:
    """Return a manifest that has its parts; what they hold is for who uses them to refuse.

    Raises
    ------
    ValueError
        It is no JSON, nested too deeply, holds what is no number, or lacks a part.
    """
    try:
        manifest = json.loads(Path(path).read_bytes())
        json.dumps(manifest, allow_nan=False)
    except RecursionError as error:
        raise ValueError("It is no manifest: its parts lie within each other without end.") from error
    except ValueError as error:
        raise ValueError(f"It is no manifest: {error}") from error
    missing = [name for name in NEEDED if name not in manifest] if isinstance(manifest, dict) else NEEDED
    if missing:
        raise ValueError(f"The manifest lacks {', '.join(missing)}.")
    if not all(isinstance(manifest[name], str) for name in ("model_type", "model_name")):
        raise ValueError("In the manifest, model_type and model_name must be texts.")
    return manifest


def read_figures(manifest: dict, metadata: str | None, names: tuple[str, ...]) -> dict[str, float]:
    """Return the five figures that somebody claims, from the metadata file or else from the manifest.

    Raises
    ------
    ValueError
        One of them is not there, or cannot be one.
    """
    try:
        if metadata:
            found = read_metadata(Path(metadata).read_bytes())["metrics"]
        else:
            found = manifest["metrics"]["weighted"]
        figures = {name: float(found[name]) for name in names}
    except UnsafeMetadata as error:
        raise ValueError(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The five figures {', '.join(names)} are not all there: {error}.") from error
    outside = [name for name, value in figures.items() if not 0 <= value <= 1]
    if outside:
        raise ValueError(f"{', '.join(outside)} must lie between 0 and 1.")
    return figures


def _head(path):
    with Path(path).open("rb") as file:
        return file.read(LOOKED_AT)


def _holds_pickle(path):
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as file:
                    head = file.read(LOOKED_AT)
                if member.filename.lower().endswith(PICKLES) or _reads_like_pickle(head):
                    return True
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return False
    return False


def _reads_like_pickle(head):
    """Say whether bytes begin as a pickle does, compressed or not, or as one of the old, textual kind."""
    if head.startswith(_NUMPY):
        return False
    if head.startswith((b"\x80", *_COMPRESSED)):
        return True
    names = []
    try:
        for code, _, _ in pickletools.genops(io.BytesIO(head)):
            names.append(code.name)
    except (ValueError, UnicodeDecodeError, IndexError):
        pass
    return bool({"GLOBAL", "INST", "STACK_GLOBAL"}.intersection(names)) or names[-1:] == ["STOP"]
