"""Customers that are equal in everything a model may learn from, whatever their ids.

One of them in the part that is learned from and another in the part that is tested makes a model look better
than it is, so a split keeps each group of twins on one side.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tabular.errors import counted
from tabular.source.duplicates import FIXED_SEED, MULTIPLIER, SHIFT, hash_texts
from tabular.values.schema import TableSchema

BLANK = np.uint64(0x9E3779B97F4A7C15)


def hash_rows(columns: Mapping[str, pa.Array]) -> np.ndarray:
    """Return 64 bits per row, the same for rows whose typed cells are equal in every column."""
    mixed = None
    for place, array in enumerate(columns.values()):
        cells = _hash_cells(array, FIXED_SEED + place)
        mixed = (cells if mixed is None else mixed ^ cells) * MULTIPLIER
        mixed ^= mixed >> SHIFT
    return mixed


def _hash_cells(array: pa.Array, seed: int) -> np.ndarray:
    if pa.types.is_dictionary(array.type):
        hashes = np.append(hash_texts(array.dictionary, seed), BLANK)
        return hashes[array.indices.fill_null(len(hashes) - 1).to_numpy(zero_copy_only=False)]
    values = array.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    # Adding 0 makes -0 and 0 the same bits; all blanks get the same too.
    bits = (values + 0.0).view(np.uint64)
    bits = np.where(np.isnan(values), BLANK, bits)
    mixed = (bits + np.uint64(seed)) * MULTIPLIER
    return mixed ^ (mixed >> SHIFT)


class TwinCounter:
    """Sixteen bytes for each row of a file, to count the twins among them."""

    def __init__(self, schema: TableSchema):
        self.features = [c.name for c in schema.columns if c.kind in ("category", "number", "age")]
        self.lines: list[np.ndarray] = []
        self.hashes: list[np.ndarray] = []

    def take(self, lines: np.ndarray, columns: Mapping[str, pa.Array]) -> None:
        """Take the rows of one block."""
        if len(lines):
            self.lines.append(lines)
            self.hashes.append(hash_rows({n: columns[n] for n in self.features if n in columns}))

    def settle(self, left_out: np.ndarray) -> dict | None:
        """Return how many of the rows that are used have an earlier twin, with an example; None without."""
        lines, hashes = np.concatenate(self.lines), np.concatenate(self.hashes)
        used = ~np.isin(lines, left_out)
        lines, hashes = lines[used], hashes[used]
        order = np.argsort(hashes, kind="stable")
        again = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
        if not len(again):
            return None
        # Of all copies, the one that stands highest in the file is the example.
        at = again[np.argmin(lines[order[again + 1]])]
        pair = [int(lines[order[at]]), int(lines[order[at + 1]])]
        return {"rows": len(again), "customers": len(np.unique(hashes[order[again]])), "lines": pair}


def say_twins(twins: dict) -> str:
    """Return in a sentence what was found."""
    first, second = twins["lines"]
    return (
        f"{counted(twins['rows'], 'row equals', 'rows equal')} another customer in everything but the id, "
        f"e.g. rows {first:,} and {second:,}. All are kept. In a table of few "
        "columns different people can be equal; if these are the same people, send each of them once."
    )
