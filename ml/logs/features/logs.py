"""Where events come from: Parquet in the canonical columns, or a clean CSV with the names of its columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

REQUIRED = ("customer_id", "event_at")
OPTIONAL = ("amount", "event_type", "order_id", "product", "category", "quantity", "discount", "label")
SQL_TYPES = {
    "customer_id": "VARCHAR",
    "event_at": "TIMESTAMP",
    "amount": "DOUBLE",
    "event_type": "VARCHAR",
    "order_id": "VARCHAR",
    "product": "VARCHAR",
    "category": "VARCHAR",
    "quantity": "DOUBLE",
    "discount": "DOUBLE",
    "label": "TINYINT",
}
# Of DuckDB, which spills to a folder rather than go over it.
MEMORY_LIMIT = "3GB"
# So much of a CSV tells how long its rows are.
SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True)
class EventLog:
    """Canonical events in Parquet files.

    Attributes
    ----------
    paths : tuple of Path
    columns : tuple of str
        Canonical columns that are there, event_type always among them.
    has_time : bool
        Whether the instants carry times of day.
    rows : int
    """

    paths: tuple[Path, ...]
    columns: tuple[str, ...]
    has_time: bool
    rows: int

    is_text = False

    def select(self) -> str:
        """Return the SQL, for DuckDB, that gives the canonical columns in their types."""
        return (
            f"SELECT {_list_columns(self.columns, self.found)} FROM read_parquet({quote_paths(self.paths)})"
        )

    @property
    def found(self) -> dict[str, str]:
        """Canonical columns that stand in the files, by themselves."""
        return {name: name for name in self.columns if name != "event_type" or self.types_given}

    types_given: bool = True


@dataclass(frozen=True)
class CsvLog:
    """A clean CSV, read as it stands: for files that need no import (`tabular` reads the hostile ones).

    Attributes
    ----------
    path : Path
    headers : mapping of str to str
        Canonical column to the header of the file; customer_id and event_at at least. Without event_type
        every row is a purchase; without amount it is a visit, and nothing is known of money.
    has_time : bool
        Whether the instants carry times of day.
    """

    path: Path
    headers: Mapping[str, str]
    has_time: bool = True

    is_text = True

    @property
    def found(self) -> Mapping[str, str]:
        """Canonical columns that stand in the file, with their headers."""
        return self.headers

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file, alone."""
        return (self.path,)

    @property
    def columns(self) -> tuple[str, ...]:
        """Canonical columns, event_type always among them."""
        return tuple(name for name in SQL_TYPES if name in self.headers or name == "event_type")

    @property
    def rows(self) -> int:
        """About how many rows there are, by the size of the file and the length of its first rows."""
        with self.path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
        return max(1, math.ceil(self.path.stat().st_size * sample.count(b"\n") / max(len(sample), 1)))

    def select(self) -> str:
        """Return the SQL, for DuckDB, that gives the canonical columns in their types.

        Raises
        ------
        ValueError
            A column is not in the file.
        """
        # Dates are parsed and compared faster than instants.
        kinds = SQL_TYPES if self.has_time else SQL_TYPES | {"event_at": "DATE"}
        types = {header: kinds[name] for name, header in self.headers.items()}
        there = self._read_header()
        missing = [header for header in types if header not in there]
        if missing:
            raise ValueError(f"{self.path.name} has no column {', '.join(missing)}.")
        # Every column is named: DuckDB would look for them in the file each time that the log is mentioned.
        columns = ", ".join(f"{quote(header)}: '{types.get(header, 'VARCHAR')}'" for header in there)
        dialect = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
        source = f"read_csv({quote(self.path)}, {dialect}, columns = {{{columns}}})"
        return f"SELECT {_list_columns(self.columns, self.headers, kinds)} FROM {source}"

    def _read_header(self):
        with self.path.open(newline="", encoding="utf-8-sig") as file:
            return next(csv.reader(file), [])


def open_log(events) -> EventLog | CsvLog:
    """Return the log behind a path, a list of paths, or a log.

    Parameters
    ----------
    events : Path, str, list of Path, EventLog or CsvLog
        Parquet files in the canonical columns, all alike; or a `CsvLog`.

    Returns
    -------
    EventLog or CsvLog

    Raises
    ------
    ValueError
        A required column is missing, or a CSV came without the names of its columns.
    """
    if isinstance(events, CsvLog):
        missing = [name for name in REQUIRED if name not in events.headers]
        if missing:
            raise ValueError(f"The log needs the columns {', '.join(missing)}.")
        return events
    if isinstance(events, EventLog):
        return events
    import pyarrow.parquet as pq

    paths = tuple(Path(path) for path in ([events] if isinstance(events, str | Path) else events))
    if not paths:
        raise ValueError("A log needs at least one file.")
    if any(path.suffix.lower() == ".csv" for path in paths):
        raise ValueError("Give a CSV as CsvLog(path, headers): its columns have to be named.")
    files = [pq.ParquetFile(path) for path in paths]
    names = set(files[0].schema_arrow.names)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise ValueError(f"The log needs the columns {', '.join(missing)}.")
    # Of the file, not of its schema: a writer may add it at the end, when it has seen all rows.
    metadata = files[0].metadata.metadata or {}
    return EventLog(
        paths=paths,
        columns=tuple(name for name in SQL_TYPES if name in names or name == "event_type"),
        has_time=metadata.get(b"has_time", b"true") == b"true",
        rows=sum(file.metadata.num_rows for file in files),
        types_given="event_type" in names,
    )


def to_cutoff(as_of) -> datetime:
    """Return a cutoff by the clock of the log, without zone; an aware instant is taken in UTC.

    Parameters
    ----------
    as_of : datetime or date

    Returns
    -------
    datetime

    Examples
    --------
    >>> to_cutoff(date(2011, 9, 10))
    datetime.datetime(2011, 9, 10, 0, 0)
    """
    if not isinstance(as_of, datetime):
        if not isinstance(as_of, date):
            raise ValueError(f"as_of must be a date or an instant, got {as_of!r}.")
        return datetime(as_of.year, as_of.month, as_of.day)
    return as_of if as_of.tzinfo is None else as_of.astimezone(UTC).replace(tzinfo=None)


def quote_paths(paths) -> str:
    """Return paths as a list in SQL.

    Parameters
    ----------
    paths : iterable of Path

    Returns
    -------
    str
    """
    return f"[{', '.join(quote(path) for path in paths)}]"


def quote(value) -> str:
    """Return a text or a path as SQL.

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> quote("it's")
    "'it''s'"
    """
    return "'" + str(value).replace("'", "''") + "'"


def _name(column):
    return '"' + column.replace('"', '""') + '"'


def _list_columns(columns, found, kinds=SQL_TYPES):
    cells = []
    for name in columns:
        if name not in found:
            cells.append(f"'purchase' AS {_name(name)}")
            continue
        cell = f"CAST({_name(found[name])} AS {kinds[name]})"
        if name == "event_type":
            cell = f"coalesce({cell}, 'purchase')"
        cells.append(f"{cell} AS {_name(name)}")
    return ", ".join(cells)
