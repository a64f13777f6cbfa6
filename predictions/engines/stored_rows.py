"""The rows of a stored result in any order: read where they stand, so that no order needs memory."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from tabular.source.records import iter_records

# So many rows are read and cut into cells at once.
BLOCK = 2_000


class StoredRows:
    """The rows of a result CSV as text, cell for cell; `places` count from 0, the header left out.

    Parameters
    ----------
    path
        A file that `tabular.snapshots.write.ResultWriter` wrote, or one like it.
    delimiter
        What stands between its cells.
    columns
        How many columns it has. Their names need not be unique in every respect; places are.
    """

    def __init__(self, path: Path, delimiter: str, *, columns: int):
        self.path, self.delimiter = path, delimiter
        self._names = [f"c{place}" for place in range(columns)]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows in the order of the file."""
        return pacsv.open_csv(self.path, **self._options(skipped=1))

    def batches_at(self, places: Iterable[int]) -> Iterator[pa.RecordBatch]:
        """Yield the rows at `places`, in that order."""
        begins = self._begins()
        wanted = iter(places)
        with self.path.open("rb") as file:
            while block := list(islice(wanted, BLOCK)):
                rows = b"".join(_row(file, begins[place], begins[place + 1]) for place in block)
                yield from pacsv.read_csv(io.BytesIO(rows), **self._options(skipped=0)).to_batches()

    def _begins(self) -> array:
        """Return where each row begins, and where the last one ends: eight bytes a row."""
        begins = array("q")
        at = 0
        with self.path.open("rb") as file:
            for record in iter_records(file, self.delimiter):
                at += len(record)
                begins.append(at)
        return begins

    def _options(self, *, skipped):
        return {
            "read_options": pacsv.ReadOptions(
                column_names=self._names, skip_rows_after_names=0, skip_rows=skipped
            ),
            "parse_options": pacsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            "convert_options": pacsv.ConvertOptions(
                column_types=dict.fromkeys(self._names, pa.string()), strings_can_be_null=False
            ),
        }


def _row(file, begin, end):
    file.seek(begin)
    row = file.read(end - begin)
    return row if row.endswith(b"\n") else row + b"\n"
