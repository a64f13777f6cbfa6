"""Results on their way out: the original columns and added ones, as CSV that no spreadsheet runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.source.danger import harmless, harmless_array, may_be_dangerous, original
from tabular.source.parse import Plan
from tabular.source.read import Batch
from tabular.source.spec import ParseSpec, unique_names
from tabular.values.amounts import NumberFormat
from tabular.values.schema import TableSchema

BOM = b"\xef\xbb\xbf"
DECIMALS = 6

__all__ = ["ResultWriter", "decimal_sign", "harmless", "number_formats", "original"]


def number_formats(spec: ParseSpec, schema: TableSchema) -> dict[str, NumberFormat]:
    """Return how a file writes the numbers that were read from it, by the column's name in the schema."""
    return {
        column.name: NumberFormat.of(column)
        for column, _ in Plan(spec, schema).found
        if column.kind == "number"
    }


def decimal_sign(spec: ParseSpec, schema: TableSchema) -> str:
    """Return which sign a file has before decimals, as far as the numbers tell that were read from it.

    Whole numbers tell nothing and are taken to be written with a point.
    """
    return "," if "," in {found.decimal for found in number_formats(spec, schema).values()} else "."


class ResultWriter:
    """Write the original columns of a file and added ones as CSV in UTF-8.

    The result keeps the delimiter of the file. Rows are copied byte for byte where that is safe; where a cell
    would run as a formula, or a row is not simply a line, the rows of that batch are written anew. A cell
    that a spreadsheet would run gets an apostrophe before it (`original` takes it away); all other cells, ids
    above all, stay as they are.

    Parameters
    ----------
    target
        Path of the file to write. The caller renames it when all is done.
    spec
        How the file was read.
    added
        Names of the added columns. One that the file already has gets a number: ``prediction_2``.
    decimal
        The sign before decimals in the added columns: that of the file, so that one program reads all of it.
    """

    def __init__(self, target: Path | str, spec: ParseSpec, added: Sequence[str], *, decimal: str = "."):
        self.spec, self.decimal = spec, decimal
        self.added = tuple(added)
        self.names = unique_names(spec.header + self.added)
        self.rows = 0
        self._end = b"\n"
        self._file = Path(target).open("wb")  # noqa: SIM115 closed by close()
        header = list(spec.header) + list(self.names[len(spec.header) :])
        names = _quoted(pa.array([harmless(name) for name in header]), spec.delimiter).to_pylist()
        self._file.write((BOM if spec.writes_bom else b"") + spec.delimiter.join(names).encode())

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def close(self) -> None:
        """End the last line and close the file."""
        if not self._file.closed:
            self._file.write(self._end)
            self._file.close()

    def write(self, batch: Batch, added: Mapping[str, object]) -> None:
        """Write the rows of `batch`, each with its values of the added columns (arrays of Arrow, numpy or
        lists).
        """
        delimiter = self.spec.delimiter
        cells = [self._text(added[name]) for name in self.added]
        records = None
        if not any(self._is_dangerous(batch, place) for place in self.spec.risky):
            records = batch.records
        if records is None:
            records = self._rewritten(batch)
        self._end = b"\r\n" if batch.crlf else b"\n"
        binary = pa.binary()
        joined = pc.binary_join_element_wise(
            records, *(cell.cast(binary) for cell in cells), delimiter.encode()
        )
        _, offsets, data = joined.buffers()
        if len(joined):
            first, last = np.frombuffer(offsets, np.int32)[[joined.offset, joined.offset + len(joined)]]
            self._file.write(memoryview(data)[int(first) : int(last)])
        self.rows += len(batch)

    def _is_dangerous(self, batch: Batch, place: int) -> bool:
        return may_be_dangerous(batch.raw.column(place))

    def _rewritten(self, batch: Batch) -> pa.Array:
        """Return the rows written anew: dangerous cells harmless, quoted where they must be."""
        end = "\r\n" if batch.crlf else "\n"
        columns = [
            _quoted(harmless_array(column, numbers_too=place == self.spec.id_place), self.spec.delimiter)
            for place, column in enumerate(batch.raw.columns)
        ]
        joined = pc.binary_join_element_wise(*columns, self.spec.delimiter)
        return pc.binary_join_element_wise(pa.scalar(end), joined, "").cast(pa.binary())

    def _text(self, values: object) -> pa.Array:
        array = values if isinstance(values, pa.Array) else pa.array(values)
        if pa.types.is_floating(array.type):
            return self._numbers(array)
        if pa.types.is_dictionary(array.type):
            words = _quoted(
                harmless_array(array.dictionary.cast(pa.string()), numbers_too=False), self.spec.delimiter
            )
            return words.take(array.indices)
        text = array.cast(pa.string())
        return _quoted(harmless_array(text, numbers_too=False), self.spec.delimiter)

    def _numbers(self, array: pa.Array) -> pa.Array:
        written = fixed_decimals(array)
        if self.decimal == ".":
            return written
        return _quoted(pc.replace_substring(written, ".", self.decimal), self.spec.delimiter)


def fixed_decimals(array: pa.Array) -> pa.Array:
    """Return numbers as text with six decimals; a probability never reads ``1e-06``."""
    values = np.asarray(array.to_numpy(zero_copy_only=False), float)
    if not len(values) or not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        return pa.array(
            [f"{value:.{DECIMALS}f}" if np.isfinite(value) else "" for value in values], pa.string()
        )
    # 0.0421 -> 1042100 -> "1042100" -> "0.042100"; 1 -> "2000000" -> "1.000000"
    scaled = pa.array(np.rint(values * 10**DECIMALS).astype(np.int64) + 10**DECIMALS).cast(pa.string())
    text = pc.binary_replace_slice(scaled, 0, 1, "0.")
    if values.max() < 1 - 10**-DECIMALS:
        return text
    return pc.if_else(pc.starts_with(scaled, "2"), f"1.{'0' * DECIMALS}", text)


def _quoted(array: pa.Array, delimiter: str) -> pa.Array:
    """Return cells with quotation marks around those that need them."""
    special = "\\t" if delimiter == "\t" else f"\\{delimiter}"
    mask = pc.match_substring_regex(array, f'[{special}"\r\n]')
    if not pc.any(mask).as_py():
        return array
    doubled = pc.replace_substring(array, '"', '""')
    return pc.if_else(mask, pc.binary_join_element_wise(pa.scalar('"'), doubled, '"', ""), array)
