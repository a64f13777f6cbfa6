"""How one file is to be read: decided by the check, then followed by the preview and the worker alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path

import numpy as np

from tabular.values.schema import TableSchema

CANONICAL_SUFFIX = ".canonical.csv"
SKIP_SUFFIX = ".skip.npy"
# A list of up to so many lines travels inside the specification; a longer one lies beside the upload.
INLINE_SKIPS = 1000
# From this day dates are counted until the latest one of the file is known.
FIRST_REFERENCE = date(1970, 1, 1)


@dataclass(frozen=True)
class ParseSpec:
    """How one file is to be read.

    Parameters
    ----------
    format
        ``csv`` or ``xlsx``.
    encoding
        ``utf-8``, ``utf-8-sig``, ``utf-16``, ``cp1252``, ``latin-1`` or one that a person chose
        (`encodings.BY_HAND`).
    delimiter
        Of the upload, or of its canonical copy for a workbook.
    sheet
        Name of the sheet that is read.
    header
        Column names as they stand in the file.
    header_line, first_line, data_at
        Line of the header; line and byte where the rows begin in the file that `source` names.
    positions
        Place of each schema column that the file has.
    id_place
        Place of the column with the ids, which stay text whatever they look like.
    canonical
        Whether the rows are read from a UTF-8 copy beside the upload (workbooks and other encodings).
    skip, skip_file
        Lines that the check left out: duplicates and rejected rows; in a file beside the upload when they are
        many.
    risky
        Places of the columns that hold a cell which a spreadsheet would run as a formula.
    rows
        How many rows are read after leaving out the skipped ones.
    reference
        The day, in ISO form, from which the dates of all columns of ages are counted back.
    written
        How this file writes the numbers or dates of a schema column, where it does so otherwise than the
        schema says: ``{column: {attribute of `Column`: value}}``.
    """

    format: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    first_line: int
    data_at: int
    positions: dict[str, int]
    sha256: str
    size: int
    id_place: int | None = None
    sheet: str | None = None
    canonical: bool = False
    skip: tuple[int, ...] = ()
    skip_file: bool = False
    risky: tuple[int, ...] = ()
    rows: int = 0
    warnings: tuple[str, ...] = ()
    reference: str | None = None
    written: dict[str, dict] = field(default_factory=dict)

    def counted_from(self, schema: TableSchema) -> date:
        """Return the day from which dates are counted back."""
        return date.fromisoformat(self.reference) if self.reference else schema.reference or FIRST_REFERENCE

    @property
    def names(self) -> tuple[str, ...]:
        """The header, made unique without regard to case, as Parquet and SQL need it."""
        return unique_names(self.header)

    @property
    def writes_bom(self) -> bool:
        """Whether a download starts with a byte order mark: a spreadsheet guesses UTF-8 wrongly without
        one.
        """
        return self.encoding != "utf-8"

    def source(self, path: Path | str) -> Path:
        """Return the UTF-8 file that holds the rows of the upload at `path`."""
        return Path(f"{path}{CANONICAL_SUFFIX}") if self.canonical else Path(path)

    def skipped_lines(self, path: Path | str) -> np.ndarray:
        """Return the sorted lines that are left out."""
        if self.skip_file:
            return np.load(f"{path}{SKIP_SUFFIX}", allow_pickle=False)
        return np.asarray(self.skip, dtype=np.int64)

    def companions(self, path: Path | str) -> list[Path]:
        """Return the files beside the upload that must move and be deleted with it."""
        out = [Path(f"{path}{CANONICAL_SUFFIX}")] if self.canonical else []
        return out + ([Path(f"{path}{SKIP_SUFFIX}")] if self.skip_file else [])

    def to_dict(self) -> dict:
        """Return the specification ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict) -> ParseSpec:
        """Build a specification again from `to_dict`, also after a round trip through JSON."""
        kept = {f.name: found[f.name] for f in fields(cls) if f.name in found}
        return cls(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
        )


def unique_names(header: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of which no two are equal without regard to case; blank ones become ``column_3``."""
    taken: set[str] = set()
    out = []
    for place, name in enumerate(header, 1):
        base = name.strip() or f"column_{place}"
        free, number = base, 2
        while free.casefold() in taken:
            free, number = f"{base}_{number}", number + 1
        taken.add(free.casefold())
        out.append(free)
    return tuple(out)
