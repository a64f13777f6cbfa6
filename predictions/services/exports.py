"""A result in other shapes than it is stored in: as a workbook, and as the customers that a filter leaves."""

import csv
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from core.errors import TooLarge
from core.files.media import readable_path
from intake.services.waiting import waiting_room
from predictions import files
from predictions.engines.batch import CHURN_PROBABILITY
from predictions.engines.results import CUSTOMER, LINE, PROBABILITY, CustomerTable
from predictions.engines.shadow import CHALLENGER, who_changed_sides
from predictions.files import MOST_SHEET_ROWS
from predictions.models import Prediction
from tabular.snapshots.write import BOM, fixed_decimals, write_xlsx
from tabular.source.danger import harmless_array
from tabular.source.spec import ParseSpec
from tabular.values.schema import TableSchema

PIECE = 256 * 1024
CHANGED_SIDES = (
    "customer", "line", "churn_probability", "challenger_probability", "prediction", "challenger_prediction",
)  # fmt: skip


class TooManyForASheet(TooLarge):
    code = "too-many-for-a-sheet"


def workbook(prediction: Prediction) -> Iterator[bytes]:
    """Return the result as an XLSX file in pieces; it is built on disk when the first is asked for.

    Raises
    ------
    TooManyForASheet
        The result has more than 200,000 customers.
    """
    if prediction.result["rows"] > MOST_SHEET_ROWS:
        raise TooManyForASheet(
            f"A workbook is offered for up to {MOST_SHEET_ROWS:,} customers. Download the CSV instead."
        )
    return _workbook(_Stored(prediction))


def _workbook(result):
    with tempfile.TemporaryDirectory(dir=waiting_room(), prefix=files.WORKBOOK) as folder:
        path = Path(folder) / "result.xlsx"
        write_xlsx(path, result.names, result.batches(), numbers=result.numbers, already_harmless=True)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def selection(prediction: Prediction, table: CustomerTable) -> Iterator[bytes]:
    """Yield, as CSV and in the order of the file, the rows of the stored result that `table` leaves.

    The cells are taken over as they are: they were made harmless when the result was written.
    """
    result = _Stored(prediction)
    wanted = np.fromiter(table.places(), np.int64)
    yield (BOM if result.writes_bom else b"") + _line(result.names, result.delimiter)
    options = pacsv.WriteOptions(include_header=False, delimiter=result.delimiter, quoting_style="needed")
    first = 0
    for batch in result.batches():
        after = first + len(batch)
        here = wanted[np.searchsorted(wanted, first) : np.searchsorted(wanted, after)] - first
        if len(here):
            piece = pa.BufferOutputStream()
            pacsv.write_csv(batch.take(pa.array(here)), piece, options)
            yield piece.getvalue().to_pybytes()
        first = after


def changed_sides(prediction: Prediction, thresholds: tuple[float, float]) -> Iterator[bytes]:
    """Yield, as CSV, the customers whom the version that was used and the challenger judge differently."""
    path = readable_path(files.shadow_beside(prediction.result_dataset_path))
    yield BOM + _line(CHANGED_SIDES, ",")
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in who_changed_sides(path, thresholds):
        chances = [batch[PROBABILITY], batch[CHALLENGER]]
        columns = [
            harmless_array(batch[CUSTOMER], numbers_too=True),
            batch[LINE],
            *(fixed_decimals(chance) for chance in chances),
            *(
                pc.if_else(pc.greater_equal(chance, threshold), "leaves", "stays")
                for chance, threshold in zip(chances, thresholds, strict=True)
            ),
        ]
        piece = pa.BufferOutputStream()
        pacsv.write_csv(pa.Table.from_arrays(columns, names=CHANGED_SIDES), piece, options)
        yield piece.getvalue().to_pybytes()


class _Stored:
    """The stored result CSV, read back as text cell for cell."""

    def __init__(self, prediction):
        self.path = readable_path(prediction.result_dataset_path)
        spec = None if prediction.reads_log else ParseSpec.from_dict(prediction.input_data["spec"])
        # The result of a log is no copy of a file: it is written as plainly as can be.
        self.delimiter, self.writes_bom = (spec.delimiter, spec.writes_bom) if spec else (",", False)
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            self.names = next(csv.reader(file, delimiter=self.delimiter))
        self.numbers = self._numbers_of(prediction, spec)

    def _numbers_of(self, prediction, spec):
        if spec is None:
            return [*prediction.result["numbers"], CHURN_PROBABILITY]
        schema = TableSchema.from_dict(prediction.input_data["schema"])
        numeric = {column.name for column in schema.columns if column.kind == "number"}
        places = {place for name, place in spec.positions.items() if name in numeric}
        added = [name for name in self.names[len(spec.header) :] if name.startswith(CHURN_PROBABILITY)]
        return [name for place, name in enumerate(self.names) if place in places] + added

    def batches(self) -> Iterator[pa.RecordBatch]:
        # Names in the file need not be unique in every respect; places are.
        names = [f"c{place}" for place in range(len(self.names))]
        return pacsv.open_csv(
            self.path,
            read_options=pacsv.ReadOptions(column_names=names, skip_rows_after_names=0, skip_rows=1),
            parse_options=pacsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )


def _line(cells, delimiter) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
