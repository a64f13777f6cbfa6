"""Two tables of customers become one: nobody is in it twice, the newer row counts. Knows no Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tabular.source.read import iter_batches
from tabular.source.spec import ParseSpec
from tabular.values.schema import TableSchema

EXAMPLES = 10

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CheckedTable:
    """A file that the check accepted, and how it is read."""

    path: Path
    spec: ParseSpec


@dataclass
class Combination:
    """What became of the customers of both tables.

    Parameters
    ----------
    kept
        Customers of the older table who are not in the newer one.
    added
        Customers whom only the newer table knows.
    replaced
        Customers of both: the newer row counts.
    newer_churned
        How many of the newer table left.
    examples
        Ids of some of those who were replaced.
    twins
        How many of the newer table are equal to a customer of the older one, or to one above them, in
        everything the model reads, under another id.
    uploads
        How many customers each upload brought last, in the order in which they stand: the oldest first.
    """

    kept: int = 0
    added: int = 0
    replaced: int = 0
    newer_churned: int = 0
    examples: list[str] = field(default_factory=list)
    twins: int = 0
    uploads: list[int] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.kept + self.added + self.replaced

    def count_twins(self, groups: np.ndarray | None) -> None:
        """Count those of the newer table whose group (`ml.learning.twins.find_twins`) was there before them.

        The customers of the older table stand first.
        """
        if groups is not None:
            _, first = np.unique(groups, return_index=True)
            self.twins = self.rows - self.kept - int((first >= self.kept).sum())

    def to_dict(self) -> dict:
        return asdict(self) | {"rows": self.rows}


def combine(
    older: CheckedTable | None,
    newer: CheckedTable,
    schema: TableSchema,
    target: Path,
    *,
    stored: TableSchema | None = None,
    upload: int = 1,
    uploads: list[int] | None = None,
    on_progress: Progress | None = None,
) -> Combination:
    """Write the customers of `older` who are not in `newer`, then all of `newer`, to a CSV at `target`.

    Only the columns of `schema` are kept, in its order. The same two tables give the same bytes. Beside the
    ids of `newer` one batch is in memory at a time.

    Parameters
    ----------
    older
        None where `newer` is the first table of its customers.
    schema, stored
        How `newer` is read, and how `older` is and the combined table will be; by default alike.
    upload
        The number of `newer` among the uploads, by which customers without an id are told apart: nobody
        knows whether Row 17 of two files is the same one, so neither replaces the other.
    uploads
        `Combination.uploads` of `older`; by default it came with one upload.
    """
    report = on_progress or (lambda step, done, total: None)
    done, total = 0, (older.spec.rows if older else 0) + newer.spec.rows
    newer_ids = _all_ids(newer, schema, upload)
    found, brought = Combination(), _Brought(uploads or [older.spec.rows if older else 0])
    label = schema.the("label")
    names = [column.name for column in schema.columns]
    layout = pa.schema([(name, pa.string()) for name in names])
    with target.open("wb") as file, csv.CSVWriter(file, layout) as writer:
        for batch in iter_batches(older.path, older.spec, stored or schema) if older else ():
            is_replaced = pc.is_in(batch.ids, value_set=newer_ids)
            replaced = batch.ids.filter(is_replaced)
            found.replaced += len(replaced)
            found.examples += replaced[: max(0, EXAMPLES - len(found.examples))].to_pylist()
            found.kept += len(batch) - len(replaced)
            brought.count(is_replaced.to_numpy(zero_copy_only=False))
            rows = _as_text(batch, batch.ids, schema, layout)
            writer.write_batch(rows.filter(pc.invert(is_replaced)))
            done += len(batch)
            report("Combine", done, total)
        for batch in iter_batches(newer.path, newer.spec, schema):
            rows = _as_text(batch, _ids(batch, schema, upload), schema, layout)
            writer.write_batch(rows)
            found.newer_churned += pc.sum(pc.equal(rows.column(label.name), label.label_values[-1])).as_py()
            done += len(batch)
            report("Combine", done, total)
    found.added = len(newer_ids) - found.replaced
    found.uploads = [*brought.kept.tolist(), len(newer_ids)]
    return found


class _Brought:
    """Counts of each upload in the older table how many of its customers are kept."""

    def __init__(self, uploads: list[int]):
        self._ends, self._read = np.cumsum(uploads), 0
        self.kept = np.zeros(len(uploads), dtype=np.int64)

    def count(self, is_replaced: np.ndarray) -> None:
        """Count a batch of the older table, which comes after those counted before."""
        places = self._read + np.flatnonzero(~is_replaced)
        self._read += len(is_replaced)
        self.kept += np.bincount(np.searchsorted(self._ends, places, side="right"), minlength=len(self.kept))


def ids_in(table: CheckedTable, schema: TableSchema, upload: int) -> list[str]:
    """Return what the customers of an upload are called in the combined table."""
    return _all_ids(table, schema, upload).to_pylist()


def _all_ids(table, schema, upload):
    batches = iter_batches(table.path, table.spec, schema)
    return pa.chunked_array([_ids(batch, schema, upload) for batch in batches], type=pa.string())


def _ids(batch, schema, upload):
    if not schema.the("id").generated:
        return batch.ids
    return pc.binary_join_element_wise(batch.ids, pa.scalar(f"of upload {upload}"), " ")


def _as_text(batch, ids, schema, layout):
    cells = []
    for column in schema.columns:
        if column.kind == "id":
            cells.append(ids.cast(pa.string()))
            continue
        array = batch.columns[column.name]
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode().cast(pa.string())
        elif pa.types.is_floating(array.type):
            array = _numbers_as_text(array)
        cells.append(array.cast(pa.string()))
    return pa.record_batch(cells, schema=layout)


def _numbers_as_text(array):
    # The shortest text that reads back as the same number; whole ones without ".0", as people write them.
    blank = array.is_null().to_numpy(zero_copy_only=False)
    values = array.fill_null(0.0).to_numpy(zero_copy_only=False)
    whole = (values == np.floor(values)) & (np.abs(values) < 2**53)
    if whole.all():
        return pa.array(values.astype(np.int64), mask=blank).cast(pa.string())
    return array.cast(pa.string())
