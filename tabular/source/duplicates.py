"""Ids that stand in a file more than once, found among millions in little memory.

Eight bytes are kept per row. Rows whose eight bytes are equal are read again, and only these are compared in
full.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tabular.source.parse import Parsed
from tabular.values.cells import RowFault

# Where nobody could gain from a collision: counting distinct values.
FIXED_SEED = 0x5EED
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)
DIGEST_BYTES = 16
DIGEST = np.dtype([("high", np.uint64), ("low", np.uint64)])
# Longer texts are few, and hashed one by one.
LONG_TEXT = 256
# For each number of bytes left in a word, the bits that count.
WORD_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)


def hash_texts(array: pa.Array, seed: int) -> np.ndarray:
    """Return 64 bits per text, mixed with a seed that nobody who writes a file can know."""
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    lengths = np.diff(starts)
    hashes = (lengths.astype(np.uint64) + np.uint64(seed)) * MULTIPLIER
    if not len(array) or not lengths.any():
        return hashes
    padded = np.zeros(int(starts[-1]) + 8, np.uint8)
    padded[: starts[-1]] = np.frombuffer(data, np.uint8, count=int(starts[-1]))
    # A view in which element i is the eight bytes from byte i on.
    words = np.ndarray((len(padded) - 7,), np.uint64, padded, strides=(1,))
    for row in np.flatnonzero(lengths > LONG_TEXT).tolist():
        digest = hashlib.blake2b(padded[starts[row] : starts[row + 1]], digest_size=8, key=str(seed).encode())
        hashes[row] = int.from_bytes(digest.digest(), "little")
    # An empty text keeps its first hash: it has the same one in a column that is all empty.
    rows = np.flatnonzero((lengths > 0) & (lengths <= LONG_TEXT))
    if not len(rows):
        return hashes
    for place in range(0, int(lengths[rows].max()), 8):
        if place:
            rows = rows[lengths[rows] > place]
        left = np.minimum(lengths[rows] - place, 8)
        mixed = (hashes[rows] ^ (words[starts[:-1][rows] + place] & WORD_MASKS[left])) * MULTIPLIER
        hashes[rows] = mixed ^ (mixed >> SHIFT)
    return hashes


def different(hashes: np.ndarray) -> np.ndarray:
    """Return the different ones, sorted: where millions differ, `numpy.unique` takes ten times as long."""
    ordered = np.sort(hashes)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


@dataclass
class IdHashes:
    """Eight bytes for each row that was accepted."""

    seed: int = field(default_factory=lambda: secrets.randbits(63))
    parts: list[np.ndarray] = field(default_factory=list)

    def add(self, ids: pa.Array) -> None:
        """Take the ids of one block."""
        self.take(hash_texts(ids, self.seed))

    def take(self, hashes: np.ndarray) -> None:
        """Take the hashes of one block."""
        self.parts.append(hashes)

    def repeated(self) -> np.ndarray:
        """Return the sorted hashes that more than one row has; forgets the others."""
        everything = np.empty(sum(map(len, self.parts)), np.uint64)
        at = 0
        # Each part is freed as soon as it is copied: two full copies would be the peak of the whole check.
        self.parts.reverse()
        while self.parts:
            part = self.parts.pop()
            everything[at : at + len(part)] = part
            at += len(part)
        everything.sort()
        return np.unique(everything[1:][everything[1:] == everything[:-1]])


class Copies:
    """Which rows equal an earlier one in every cell, in two dozen bytes for each row that is repeated at all.

    Parameters
    ----------
    repeated
        Sorted hashes that more than one row has. They only point at rows that may be equal: what is
        compared are cryptographic hashes of all cells.
    """

    def __init__(self, repeated: np.ndarray):
        self.repeated = repeated
        self.first = np.zeros((len(repeated), DIGEST_BYTES), np.uint8)
        self.met = np.zeros(len(repeated), bool)
        # Rows that share the hash of another row without being equal to it: hardly ever any.
        self.others: set[bytes] = set()

    def candidates(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of rows that have a repeated hash, and which one."""
        if not len(self.repeated):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        found = np.searchsorted(self.repeated, hashes)
        found[found == len(self.repeated)] = 0
        places = np.flatnonzero(self.repeated[found] == hashes)
        return places, found[places]

    def is_copy(self, which: int, row: Iterable[str]) -> bool:
        """Whether an equal row was met before; remembers this one."""
        digest = hashlib.blake2b("\x1f".join(map(repr, row)).encode(), digest_size=DIGEST_BYTES).digest()
        if not self.met[which]:
            self.met[which] = True
            self.first[which] = np.frombuffer(digest, np.uint8)
            return False
        if self.first[which].tobytes() == digest or digest in self.others:
            return True
        self.others.add(digest)
        return False


@dataclass
class Repeats:
    """What is done with rows whose id stands in the file more than once."""

    # Lines of rows that equal the row that is kept.
    duplicates: list[int] = field(default_factory=list)
    # Earlier rows that say something else than the later row that counts.
    superseded: list[RowFault] = field(default_factory=list)
    # The first of them, with its id, and the line of the row that counts instead.
    first: RowFault | None = None
    later_line: int | None = None
    later: dict[int, int] = field(default_factory=dict)


def find_repeats(blocks: Iterator[Parsed], repeated: np.ndarray, *, seed: int, id_column: str) -> Repeats:
    """Compare in full the rows whose ids have the hashes `repeated`.

    The last row of an id counts; among equal rows the first one is kept.
    """
    names, ids, rows, lines = [], [], [], []
    for parsed in blocks:
        hashes = hash_texts(parsed.ids, seed)
        places = np.searchsorted(repeated, hashes)
        places[places == len(repeated)] = 0
        chosen = np.flatnonzero(repeated[places] == hashes)
        if not len(chosen):
            continue
        take = pa.array(chosen)
        texts = parsed.raw().take(take).to_pylist()
        # Sixteen bytes of a cryptographic hash instead of the text itself: a file of nothing but duplicates
        # stays small.
        names.append(parsed.ids.take(take))
        ids.append(_digests(names[-1].to_pylist()))
        rows.append(_digests("\x1f".join(map(repr, row.values())) for row in texts))
        lines.append(parsed.lines[chosen])
    repeats = Repeats()
    if not ids:
        return repeats
    all_ids, all_rows, all_lines = (np.concatenate(parts) for parts in (ids, rows, lines))
    all_names = pa.concat_arrays(names)
    order = np.lexsort((all_lines, all_ids["low"], all_ids["high"]))
    same_as_previous = np.concatenate([[False], all_ids[order][1:] == all_ids[order][:-1]])
    group_starts = np.flatnonzero(~same_as_previous)
    group_ends = np.append(group_starts[1:], len(order))
    for start, end in zip(group_starts.tolist(), group_ends.tolist(), strict=True):
        if end - start > 1:
            _settle(order[start:end], all_names, all_rows, all_lines, repeats, id_column)
    repeats.superseded.sort(key=lambda fault: fault.line)
    if repeats.superseded:
        repeats.first = repeats.superseded[0]
        repeats.later_line = repeats.later[repeats.first.line]
    return repeats


def _settle(
    members, names: pa.Array, rows: np.ndarray, lines: np.ndarray, repeats: Repeats, id_column: str
) -> None:
    last = members[-1]
    equal = rows[members] == rows[last]
    kept = lines[members[equal][0]] if equal.all() else lines[last]
    for member, same in zip(members.tolist(), equal.tolist(), strict=True):
        line = int(lines[member])
        if line == kept:
            continue
        if same:
            repeats.duplicates.append(line)
        else:
            later = int(lines[last])
            repeats.later[line] = later
            reason = f"the same id stands again in row {later:,} with other values; the later row counts"
            repeats.superseded.append(
                RowFault(line, id_column, "duplicate_customers", names[member].as_py(), reason)
            )


def _digests(texts: Iterable[str]) -> np.ndarray:
    joined = b"".join(hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest() for text in texts)
    return np.frombuffer(joined, DIGEST)
