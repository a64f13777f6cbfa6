"""The table of scored customers: sorted, searched, filtered and paged from Parquet, whatever its size.

No Django here: the benchmark and the tests open a table as the page does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

# What the table has beside the features of its model. The underscore keeps a feature called "line" apart.
LINE, CUSTOMER, PROBABILITY, TIER = "_line", "_customer", "_probability", "_tier"
OWN_COLUMNS = (LINE, CUSTOMER, PROBABILITY, TIER)
DEFAULT_SORT = f"-{PROBABILITY}"


@dataclass(frozen=True)
class Query:
    """Which customers, in which order. Names that the table does not have are refused by `CustomerTable`."""

    sort: str = DEFAULT_SORT
    search: str = ""
    equals: dict[str, str] = field(default_factory=dict)

    @property
    def filters_anything(self) -> bool:
        return bool(self.search or self.equals)


class CustomerTable(Sequence):
    """The rows of one result that a query leaves, as a sequence that reads only the slice it is asked for.

    Sorting reads the one column it sorts by; the cells of a page are fetched afterwards, by position in the
    file. Sorting whole rows took twice as long on a million customers, and more the deeper the page.
    """

    def __init__(self, path: Path, query: Query | None = None, *, threads: int = 2):
        self._path = str(path)
        self._threads = threads
        self.query = query or Query()
        unknown = {self.query.sort.removeprefix("-"), *self.query.equals} - set(self.columns)
        if unknown:
            raise ValueError(f"The table has no column {sorted(unknown)}; it has {list(self.columns)}.")

    def asking(self, query: Query) -> CustomerTable:
        """Return the same table under another query."""
        return CustomerTable(Path(self._path), query, threads=self._threads)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(pq.read_schema(self._path).names)

    @cached_property
    def _length(self) -> int:
        if not self.query.filters_anything:
            return pq.read_metadata(self._path).num_rows
        where, values = self._where()
        with self._connect() as connection:
            counted = connection.execute(
                f"SELECT count(*) FROM read_parquet(?) {where}", [self._path, *values]
            )
            return counted.fetchone()[0]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, which: slice) -> list[dict[str, Any]]:
        """Return the rows from `which.start` to `which.stop` in the order of the query."""
        if not isinstance(which, slice) or which.step not in (None, 1):
            raise TypeError("A table of customers is read in slices.")
        first = which.start or 0
        limit = len(self) - first if which.stop is None else which.stop - first
        if limit <= 0:
            return []
        where, values = self._where()
        key, direction = self._order()
        # Ties are broken by the place in the file, so that no customer is on two pages or on none.
        statement = f"""
            WITH wanted AS (
                SELECT file_row_number AS place FROM read_parquet(?, file_row_number = true) {where}
                ORDER BY {key} {direction}, place LIMIT {int(limit)} OFFSET {int(first)}
            )
            SELECT * EXCLUDE (file_row_number) FROM read_parquet(?, file_row_number = true)
            WHERE file_row_number IN (SELECT place FROM wanted) ORDER BY {key} {direction}, file_row_number
        """
        with self._connect() as connection:
            found = connection.execute(statement, [self._path, *values, self._path])
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def places(self) -> Iterator[int]:
        """Yield the places of the rows that the query leaves, in the order of the file, from 0."""
        where, values = self._where()
        with self._connect() as connection:
            places = connection.execute(
                f"SELECT file_row_number FROM read_parquet(?, file_row_number = true) {where} ORDER BY 1",
                [self._path, *values],
            )
            while block := places.fetchmany(65_536):
                yield from (row[0] for row in block)

    def _where(self) -> tuple[str, list]:
        conditions, values = [], []
        if self.query.search:
            conditions.append(f"contains(lower({_name(CUSTOMER)}), lower(?))")
            values.append(self.query.search)
        for column, value in self.query.equals.items():
            conditions.append(f"{_name(column)} = ?")
            values.append(value)
        return ("WHERE " + " AND ".join(conditions) if conditions else ""), values

    def _order(self) -> tuple[str, str]:
        column = self.query.sort.removeprefix("-")
        # Tiers are cut from the probability: sorted by name, "Critical" would stand before "High".
        key = PROBABILITY if column == TIER else column
        return _name(key), "DESC" if self.query.sort.startswith("-") else "ASC"

    def _connect(self) -> duckdb.DuckDBPyConnection:
        # One connection per question: a page may be drawn by any thread, and opening takes milliseconds.
        # Nothing but the one file is needed; an installation never fetches an extension.
        return duckdb.connect(
            config={"threads": self._threads, "autoinstall_known_extensions": False, "temp_directory": ""}
        )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def draft_of(path: Path) -> Path:
    """Return where a file of a result is written until it is whole; who kills the writer removes it."""
    return path.with_name(f".partial-{path.name}")
