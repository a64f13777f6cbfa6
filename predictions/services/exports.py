"""A result in other shapes than it is stored in: as a workbook, and as the customers that a filter leaves."""

import csv
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
from tabular.snapshots.workbook import write_xlsx
from tabular.snapshots.write import BOM, decimal_sign, fixed_decimals, number_formats
from tabular.source.danger import harmless_array
from tabular.source.records import iter_records
from tabular.source.spec import ParseSpec
from tabular.values.amounts import NumberFormat
from tabular.values.schema import TableSchema

PIECE = 256 * 1024
# So many rows of a selection leave in one piece.
RECORDS = 1_000
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

    They are taken over byte for byte: cells were made harmless, and quoted, when the result was written.
    """
    with readable_path(prediction.result_dataset_path).open("rb") as file:
        records = iter_records(file, _Stored(prediction).delimiter)
        piece = [next(records)]
        wanted = table.places()
        following = next(wanted, None)
        for place, record in enumerate(records):
            if place == following:
                piece.append(record)
                following = next(wanted, None)
            if following is None:
                break
            if len(piece) >= RECORDS:
                yield b"".join(piece)
                piece = []
        yield b"".join(piece)


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
        self.delimiter = spec.delimiter if spec else ","
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            self.names = next(csv.reader(file, delimiter=self.delimiter))
        self.numbers = self._numbers_of(prediction, spec)

    def _numbers_of(self, prediction, spec):
        if spec is None:
            return dict.fromkeys([*prediction.result["numbers"], CHURN_PROBABILITY], NumberFormat())
        schema = TableSchema.from_dict(prediction.input_data["schema"])
        read = {self.names[spec.positions[name]]: how for name, how in number_formats(spec, schema).items()}
        added = [name for name in self.names[len(spec.header) :] if name.startswith(CHURN_PROBABILITY)]
        return read | dict.fromkeys(added, NumberFormat(decimal_sign(spec, schema)))

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
