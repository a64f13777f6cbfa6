"""A workbook's zip archive, opened as if somebody had built it to do harm."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tabular.errors import TableError

MOST_ENTRIES = 2_000
MOST_DIRECTORY_BYTES = 1 << 20
MOST_INFLATED = 2 << 30
# Real sheets shrink to a tenth, very repetitive ones to a thirtieth.
LARGEST_RATIO = 100
# Below this size no ratio hurts.
HARMLESS_SIZE = 16 << 20
CHUNK = 256 << 10
SAVE_AGAIN = "Open it in a spreadsheet program, save it as a new .xlsx file and upload that."


def corrupt(what: str, *, line: int | None = None, column: str | None = None) -> TableError:
    """Return the refusal of a workbook that is damaged or was tampered with."""
    return TableError(
        "corrupt_archive", f"The workbook is damaged: {what}. {SAVE_AGAIN}", line=line, column=column
    )


def bomb(what: str) -> TableError:
    """Return the refusal of a workbook that would grow beyond measure."""
    return TableError(
        "zip_bomb", f"The workbook would unpack to far more than it seems to hold: {what}. {SAVE_AGAIN}"
    )


class Archive:
    """The parts of a workbook, each read with a running limit.

    Sizes that the archive claims can only refuse it, never let it pass: what counts is what comes out.
    """

    def __init__(self, path: Path):
        self.size = path.stat().st_size
        _refuse_large_directory(path, self.size)
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, OSError, struct.error, UnicodeDecodeError) as error:
            raise corrupt("its directory cannot be read") from error
        self.inflated = 0
        self.parts = self._parts()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exc) -> None:
        self.zip.close()

    def _parts(self) -> dict[str, zipfile.ZipInfo]:
        entries = self.zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise bomb(f"{len(entries):,} entries, where {MOST_ENTRIES:,} is the most")
        parts = {}
        for entry in entries:
            name = entry.filename
            if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/") or "\0" in name:
                raise corrupt("an entry points outside of it")
            if name.lower() in parts:
                raise corrupt("it holds two entries of one name")
            if entry.flag_bits & 0x1:
                raise TableError(
                    "encrypted",
                    "The workbook is protected by a password. Save it without one and upload that.",
                )
            self._refuse_size(entry, entry.file_size)
            parts[name.lower()] = entry
        if sum(entry.file_size for entry in entries) > MOST_INFLATED:
            raise bomb(f"more than {MOST_INFLATED >> 30} GB")
        return parts

    def _refuse_size(self, entry: zipfile.ZipInfo, size: int) -> None:
        packed = max(1, min(entry.compress_size, self.size))
        if size > HARMLESS_SIZE and size > LARGEST_RATIO * packed:
            raise bomb(f"an entry grows to more than {LARGEST_RATIO} times its size")

    def has(self, name: str) -> bool:
        """Whether there is a part of that name."""
        return name.lower() in self.parts

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the content of a part, refusing it as soon as it grows beyond measure."""
        entry = self.parts.get(name.lower())
        if entry is None:
            raise corrupt(f"the part {posixpath.basename(name)} is missing")
        size = 0
        try:
            with self.zip.open(entry) as part:
                while chunk := part.read(CHUNK):
                    size += len(chunk)
                    self.inflated += len(chunk)
                    self._refuse_size(entry, size)
                    if self.inflated > MOST_INFLATED:
                        raise bomb(f"more than {MOST_INFLATED >> 30} GB")
                    yield chunk
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise corrupt(f"the part {posixpath.basename(name)} cannot be unpacked") from error


def _refuse_large_directory(path: Path, size: int) -> None:
    """Refuse an archive by the size of its directory, before zipfile builds an object for each entry."""
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise corrupt("its directory is missing")
    entries, length = struct.unpack("<HI", tail[at + 10 : at + 16])
    if entries > MOST_ENTRIES or length > MOST_DIRECTORY_BYTES:
        raise bomb(f"{entries:,} entries or more, where {MOST_ENTRIES:,} is the most")
