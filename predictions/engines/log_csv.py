"""The lists that are made of a purchase log, written as the log is, so that one program reads both."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from tabular.snapshots.write import fixed_decimals


class LogCsv:
    """Write batches of one schema as CSV.

    Parameters
    ----------
    target
        Path of the file to write.
    schema
        Of the batches. Their texts are harmless already.
    delimiter, decimal
        What stands between the cells of the log, and the sign before its decimals.
    chances
        Columns of probabilities: they have six decimals, and never read ``1e-06``.
    """

    def __init__(
        self,
        target: Path | str,
        schema: pa.Schema,
        *,
        delimiter: str = ",",
        decimal: str = ".",
        chances: tuple[str, ...] = (),
    ):
        self.decimal, self.chances = decimal, chances
        self.schema = pa.schema([self._written(field) for field in schema])
        options = pacsv.WriteOptions(delimiter=delimiter)
        self._file = pacsv.CSVWriter(target, self.schema, write_options=options)

    def __enter__(self) -> LogCsv:
        return self

    def __exit__(self, *exc) -> None:
        self._file.close()

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [self._text(field, batch[field.name]) for field in batch.schema]
        self._file.write(pa.RecordBatch.from_arrays(columns, schema=self.schema))

    def _written(self, field):
        return field.with_type(pa.string()) if self._is_rewritten(field) else field

    def _is_rewritten(self, field):
        return pa.types.is_floating(field.type) and (field.name in self.chances or self.decimal != ".")

    def _text(self, field, column):
        if not self._is_rewritten(field):
            return column
        text = fixed_decimals(column) if field.name in self.chances else column.cast(pa.string())
        return pc.replace_substring(text, ".", self.decimal)
