"""The accepted rows of a checked table, in batches of typed columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from tabular.errors import TableError, place
from tabular.source.encodings import BY_HAND
from tabular.source.parse import BLOCK_BYTES, Parsed, Plan, iter_parsed
from tabular.source.sentences import has_changed
from tabular.source.sniff import sha256_of, survey_file, write_text_copy
from tabular.source.spec import ParseSpec
from tabular.values.schema import TableSchema

SMALLEST_BLOCK, LARGEST_BLOCK = 64 << 10, BLOCK_BYTES


@dataclass
class Batch:
    """Some accepted rows of one file.

    Parameters
    ----------
    ids
        Text, byte for byte as in the file; None where the schema has no id.
    columns
        By name of the schema: dictionary-encoded text for categories and labels, float64 without nulls for
        numbers, timestamps without zone for dates.
    lines
        Line of the file (row of the sheet) of each row, int64.
    """

    ids: pa.Array | None
    columns: dict[str, pa.Array]
    lines: np.ndarray
    crlf: bool = False
    _raw: Callable[[], pa.RecordBatch] = field(repr=False, default=None)
    _records: Callable[[], pa.Array] | None = field(repr=False, default=None)

    @cached_property
    def raw(self) -> pa.RecordBatch:
        """All original columns as text, in their order, named by ``spec.names``; read only when asked for."""
        return self._raw()

    @property
    def records(self) -> pa.Array | None:
        """Bytes of each row as in the file, each after a line break; None where a row is not one line."""
        return self._records() if self._records is not None else None

    def __len__(self) -> int:
        return len(self.lines)

    def slice(self, offset: int, length: int) -> Batch:
        """Return some of the rows."""
        return Batch(
            ids=None if self.ids is None else self.ids.slice(offset, length),
            columns={name: array.slice(offset, length) for name, array in self.columns.items()},
            lines=self.lines[offset : offset + length],
            crlf=self.crlf,
            _raw=lambda: self.raw.slice(offset, length),
            _records=None if self._records is None else lambda: self.records.slice(offset, length),
        )


def iter_batches(
    path: Path | str,
    spec: ParseSpec,
    schema: TableSchema,
    *,
    batch_rows: int = 65536,
    verify: bool = False,
) -> Iterator[Batch]:
    """Yield the rows that the check accepted, in their order, at most `batch_rows` at a time.

    Memory stays flat whatever the size of the file.

    Parameters
    ----------
    spec
        From `check_table`. A copy that it names and that is gone is made again.
    verify
        Whether to compare the SHA-256 of the file with that of the check first.

    Raises
    ------
    TableError
        The file is not the one that was checked.
    """
    path = Path(path)
    if verify and sha256_of(path) != spec.sha256:
        raise has_changed()
    if spec.canonical and not spec.source(path).exists():
        _copy_again(path, spec)
    plan = Plan(spec, schema)
    for parsed in iter_parsed(
        path, plan, spec.skipped_lines(path), block_bytes=_block_bytes(path, spec, batch_rows)
    ):
        if parsed.faults:
            fault = parsed.faults[0]
            where = place(fault.line, fault.column)
            raise TableError(
                fault.kind,
                f"{where}: {fault.reason}. The file is not the one that was checked. Upload it again.",
                line=fault.line,
                column=fault.column,
            )
        batch = _batch(parsed)
        if len(batch) <= batch_rows:
            if len(batch):
                yield batch
            continue
        for offset in range(0, len(batch), batch_rows):
            yield batch.slice(offset, batch_rows)


def _batch(parsed: Parsed) -> Batch:
    return Batch(parsed.ids, parsed.columns, parsed.lines, parsed.crlf, parsed.raw, parsed.records)


def _block_bytes(path: Path, spec: ParseSpec, batch_rows: int) -> int:
    """Return a size of blocks that hold about `batch_rows` rows, so that few batches need cutting."""
    per_row = spec.source(path).stat().st_size / max(spec.rows, 1)
    return int(min(max(per_row * batch_rows * 0.98, SMALLEST_BLOCK), LARGEST_BLOCK))


def _copy_again(path: Path, spec: ParseSpec) -> None:
    if spec.format == "xlsx":
        from tabular.source.sheets import write_sheet_copy

        write_sheet_copy(path, spec.source(path), sheet=spec.sheet)
    else:
        chosen = spec.encoding if spec.encoding in BY_HAND else None
        write_text_copy(path, survey_file(path, encoding=chosen), spec.source(path))
