"""The first contact with an upload: streamed to disk, measured and hashed while it comes in."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tabular.errors import TableError

DEFAULT_MAX_BYTES = 100 << 20
LONGEST_NAME = 120


@dataclass(frozen=True)
class Received:
    """What came in."""

    sha256: str
    size: int


def receive(chunks: Iterable[bytes], target: Path | str, *, max_bytes: int) -> Received:
    """Write `chunks` to `target`, which appears only when all of them are there.

    Parameters
    ----------
    chunks
        Of any size, such as ``request.FILES["file"].chunks()``. Their number is not trusted.
    max_bytes
        The transfer stops as soon as it is exceeded.

    Raises
    ------
    TableError
        ``too_large``. Nothing is left behind.
    """
    target = Path(target)
    part = target.with_name(f".{target.name}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise TableError(
                        "too_large",
                        f"The file has more than {max_bytes / 1e6:,.0f} MB, which is the most. Split it, "
                        "or leave out columns.",
                    )
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Received(digest.hexdigest(), size)


def display_name(name: str) -> str:
    """Return the name a client gave to its file, fit for showing: one line, no folders, no control
    characters.

    Only for people to read. Where the file is stored never depends on it.

    Examples
    --------
    >>> display_name("../../etc/customers.csv"), display_name("a\\r\\nSet-Cookie: b.csv"), display_name("..")
    ('customers.csv', 'aSet-Cookie: b.csv', 'upload')
    """
    base = name.replace("\\", "/").rpartition("/")[2]
    # Control characters, line separators, and marks that turn the reading direction around ("vsc.exe" for
    # "exe.csv").
    text = "".join(c for c in base if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).strip()
    if len(text) > LONGEST_NAME:
        text = text[: LONGEST_NAME - 1] + "…"
    return text if text.strip(". ") else "upload"
