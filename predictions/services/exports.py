"""A result in other shapes than it is stored in: as a workbook, and as the customers that a filter leaves."""

import csv
import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from core.errors import TooLarge
from core.files.media import readable_path
from intake.services.waiting import waiting_room
from predictions import files
from predictions.engines.batch import CHURN_PROBABILITY
from predictions.engines.queries import Wanted
from predictions.engines.results import CUSTOMER, DEFAULT_SORT, LINE, PROBABILITY, CustomerTable
from predictions.engines.shadow import CHALLENGER, who_changed_sides
from predictions.engines.stored_rows import StoredRows
from predictions.files import MOST_WORKBOOK_ROWS
from predictions.models import Prediction
from predictions.presenting.workbook import about_result
from predictions.selectors import open_table
from tabular.snapshots.workbook import measure_columns, write_xlsx
from tabular.snapshots.write import BOM, decimal_sign, fixed_decimals, number_formats
from tabular.source.danger import harmless_array
from tabular.source.records import iter_records
from tabular.source.spec import ParseSpec
from tabular.values.amounts import NumberFormat
from tabular.values.schema import TableSchema

PIECE = 256 * 1024
SHEET = "Customers"
# So many rows of a selection leave in one piece.
RECORDS = 1_000
CHANGED_SIDES = (
    "customer", "line", "churn_probability", "challenger_probability", "prediction", "challenger_prediction",
)  # fmt: skip


class TooManyForASheet(TooLarge):
    code = "too-many-for-a-sheet"


def workbook(prediction: Prediction, wanted: Wanted | None = None) -> Iterator[bytes]:
    """Return a result as an XLSX file in pieces; it is built on disk when the first is asked for.

    Customers stand by their risk, the highest first, whatever the order of the file or of the page.

    Parameters
    ----------
    wanted
        Which customers, as a page was asked for them; default: all.

    Raises
    ------
    TooManyForASheet
        These are more than 200,000 customers.
    """
    table = open_table(prediction)
    narrows = wanted is not None and wanted.query.filters_anything
    if narrows:
        table = table.asking(replace(wanted.query, sort=DEFAULT_SORT))
    rows = len(table) if narrows else prediction.result["rows"]
    if rows > MOST_WORKBOOK_ROWS:
        raise TooManyForASheet(
            f"A workbook is offered for up to {MOST_WORKBOOK_ROWS:,} customers. Download the CSV instead."
        )
    return _workbook(_Stored(prediction), table, about_result(prediction, wanted if narrows else None, rows))


def _workbook(result, table, about):
    with tempfile.TemporaryDirectory(dir=waiting_room(), prefix=files.WORKBOOK) as folder:
        path = Path(folder) / "result.xlsx"
        write_xlsx(
            path,
            result.names,
            result.rows.batches_at(table.sorted_places()),
            sheet=SHEET,
            about=about,
            numbers=result.numbers,
            shares=result.chances,
            measures=measure_columns(
                result.rows.batches(), [result.numbers.get(name) for name in result.names]
            ),
            already_harmless=True,
        )
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
    stored = _Stored(prediction)
    yield BOM + _line(CHANGED_SIDES, stored.delimiter)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed", delimiter=stored.delimiter)
    for batch in who_changed_sides(path, thresholds):
        chances = [batch[PROBABILITY], batch[CHALLENGER]]
        columns = [
            harmless_array(batch[CUSTOMER], numbers_too=True),
            batch[LINE],
            *(pc.replace_substring(fixed_decimals(chance), ".", stored.decimal) for chance in chances),
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
        # The result of a log is no copy of a file, but written like it; in earlier days as plainly as can be.
        self.written = prediction.input_data.get("written") or {"delimiter": ",", "decimal": "."}
        self.delimiter = spec.delimiter if spec else self.written["delimiter"]
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            self.names = next(csv.reader(file, delimiter=self.delimiter))
        self.rows = StoredRows(self.path, self.delimiter, columns=len(self.names))
        # The file may have a column of that name itself; ours is added behind all of them.
        self.chances = {[name for name in self.names if name.startswith(CHURN_PROBABILITY)][-1]}
        self.numbers = self._numbers_of(prediction, spec)
        self.decimal = self.numbers[next(iter(self.chances))].decimal

    def _numbers_of(self, prediction, spec):
        if spec is None:
            written = NumberFormat(self.written["decimal"])
            return dict.fromkeys([*prediction.result["numbers"], CHURN_PROBABILITY], written)
        schema = TableSchema.from_dict(prediction.input_data["schema"])
        read = {self.names[spec.positions[name]]: how for name, how in number_formats(spec, schema).items()}
        added = [name for name in self.names[len(spec.header) :] if name.startswith(CHURN_PROBABILITY)]
        return read | dict.fromkeys(added, NumberFormat(decimal_sign(spec, schema)))


def _line(cells, delimiter) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
