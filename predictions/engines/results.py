"""The table of scored customers: sorted, searched, filtered and paged from Parquet, whatever its size.

No Django here: the benchmark and the tests open a table as the page does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

# What the table has beside the features of its model. The underscore keeps a feature called "line" apart.
LINE, CUSTOMER, PROBABILITY, TIER = "_line", "_customer", "_probability", "_tier"
# Only a result that was compared with the one before has it: what became of each customer since.
CHANGE = "_change"
# Only that of a file that says who left has it.
OUTCOME = "_outcome"
OWN_COLUMNS = (LINE, CUSTOMER, PROBABILITY, TIER, CHANGE, OUTCOME)
DEFAULT_SORT = f"-{PROBABILITY}"
TABLE, PLACE = "read_parquet(?, file_row_number = true)", "file_row_number"


def stored_name(feature: str) -> str:
    """Return what a feature is called in the table: another name where the table has that one already."""
    # The database that reads it takes no notice of case.
    return f"{feature}_" if feature.casefold() in (*OWN_COLUMNS, PLACE) else feature


# Up to here the rows that come first are found fastest by looking for them alone.
SHALLOW = 5_000
# How many keys are looked at to guess where a deep page lies, and how far off such a guess may be: about
# three standard deviations in the middle.
SAMPLE, MARGIN = 2_000, 0.035


@dataclass(frozen=True)
class Query:
    """Which customers, in which order. Names that the table does not have are refused by `CustomerTable`."""

    sort: str = DEFAULT_SORT
    search: str = ""
    equals: dict[str, str] = field(default_factory=dict)
    # By column the values that are left out.
    none_of: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def filters_anything(self) -> bool:
        return bool(self.search or self.equals or self.none_of)


@dataclass(frozen=True)
class _Bracket:
    """Conditions that a slice lies within, and how many rows of the query come before them."""

    where: list[str] = field(default_factory=list)
    values: list = field(default_factory=list)
    before: int = 0


class CustomerTable(Sequence):
    """The rows of one result that a query leaves, as a sequence that reads only the slice it is asked for.

    Sorting reads the one column it sorts by; the cells of a page are fetched afterwards, by position in the
    file. Sorting whole rows took twice as long on a million customers, and more the deeper the page.
    """

    def __init__(self, path: Path, query: Query | None = None, *, threads: int = 2):
        self._path = str(path)
        self._threads = threads
        self.query = query or Query()
        named = {self.query.sort.removeprefix("-"), *self.query.equals, *self.query.none_of}
        unknown = named - set(self.columns)
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
        statement = f"SELECT count(*) FROM {TABLE} {_conditions(where)}"
        with self._connect() as connection:
            return connection.execute(statement, [self._path, *values]).fetchone()[0]

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
        with self._connect() as connection:
            places = self._places_of(connection, first, limit)
            if not places:
                return []
            # The places are whole numbers that the database just gave us.
            listed = ", ".join(map(str, places))
            found = connection.execute(f"SELECT * FROM {TABLE} WHERE {PLACE} IN ({listed})", [self._path])
            names = [column[0] for column in found.description]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        by_place = {row.pop(PLACE): row for row in rows}
        return [by_place[place] for place in places]

    def _places_of(self, connection, first: int, limit: int) -> list[int]:
        """Return where in the file the rows of one slice stand, in the order of the query.

        Ties are broken by the place, so that no customer is on two pages or on none.
        """
        where, values = self._where()
        key, falling = self._order()
        if first + limit > SHALLOW:
            near = self._bracket(connection, first, limit, key, falling)
            where, values = [*where, *near.where], [*values, *near.values]
            first -= near.before
        found = connection.execute(
            f"SELECT {PLACE} FROM {TABLE} {_conditions(where)} "
            f"ORDER BY {key} {'DESC' if falling else 'ASC'}, {PLACE} LIMIT {int(limit)} OFFSET {int(first)}",
            [self._path, *values],
        )
        return [place for (place,) in found.fetchall()]

    def _bracket(self, connection, first, limit, key, falling) -> _Bracket:
        """Find two keys around a slice from a sample, so that only the rows between them need sorting.

        Sorting a million keys to skip half of them takes three times as long. What the sample suggests is
        counted before it is believed; where it does not hold, everything is sorted.
        """
        where, values = self._where()
        sampled = connection.execute(
            f"SELECT {key} FROM (SELECT {key} FROM {TABLE} {_conditions(where)}) USING SAMPLE {SAMPLE} ROWS",
            [self._path, *values],
        )
        keys = [found for (found,) in sampled.fetchall()]
        if len(keys) < SAMPLE or None in keys:
            return _Bracket()
        keys.sort(reverse=falling)
        at, to = first / len(self) - MARGIN, (first + limit) / len(self) + MARGIN
        before = after = None
        near, bounds = [], []
        # Blanks come last whatever the order, and a sample may miss the few that there are.
        if at > 0:
            before = f"({key} {'>' if falling else '<'} ?) IS TRUE"
            near.append(f"NOT {before}")
            bounds.append(keys[int(at * SAMPLE)])
        if to < 1:
            after = f"({key} {'<' if falling else '>'} ?) IS NOT FALSE"
            near.append(f"NOT {after}")
            bounds.append(keys[int(to * SAMPLE)])
        counts = ", ".join(f"count(*) FILTER ({side})" if side else "0" for side in (before, after))
        skipped, behind = connection.execute(
            f"SELECT {counts} FROM {TABLE} {_conditions(where)}", [*bounds, self._path, *values]
        ).fetchone()
        if skipped > first or first + limit > len(self) - behind:
            return _Bracket()
        return _Bracket(where=near, values=bounds, before=skipped)

    def places(self) -> Iterator[int]:
        """Yield the places of the rows that the query leaves, in the order of the file, from 0."""
        yield from self._places("1")

    def sorted_places(self) -> Iterator[int]:
        """Yield the same places in the order of the query; rows that tie, in the order of the file."""
        key, falling = self._order()
        yield from self._places(f"{key} {'DESC' if falling else 'ASC'}, {PLACE}")

    def _places(self, order: str) -> Iterator[int]:
        where, values = self._where()
        with self._connect() as connection:
            places = connection.execute(
                f"SELECT {PLACE} FROM {TABLE} {_conditions(where)} ORDER BY {order}", [self._path, *values]
            )
            while block := places.fetchmany(65_536):
                yield from (row[0] for row in block)

    def _where(self) -> tuple[list[str], list]:
        conditions, values = [], []
        if self.query.search:
            conditions.append(f"contains(lower({_name(CUSTOMER)}), lower(?))")
            values.append(self.query.search)
        for column, value in self.query.equals.items():
            conditions.append(f"{_name(column)} = ?")
            values.append(value)
        for column, others in self.query.none_of.items():
            conditions.append(f"{_name(column)} NOT IN ({', '.join('?' * len(others))})")
            values += others
        return conditions, values

    def _order(self) -> tuple[str, bool]:
        column = self.query.sort.removeprefix("-")
        # Tiers are cut from the probability: sorted by name, "Critical" would stand before "High".
        key = PROBABILITY if column == TIER else column
        return _name(key), self.query.sort.startswith("-")

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


def publish(draft: Path, final: Path) -> None:
    """Let a file that is whole appear under its name."""
    with open(draft, "rb") as file:
        os.fsync(file.fileno())
    os.replace(draft, final)


def _conditions(where: list[str]) -> str:
    return "WHERE " + " AND ".join(where) if where else ""
