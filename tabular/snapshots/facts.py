"""What each column of a table of customers holds, counted over the whole file in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.previews.detect import Clues, DetectedColumn, Measure
from tabular.previews.preview import Preview
from tabular.source.duplicates import FIXED_SEED, different, hash_texts
from tabular.source.sniff import Progress
from tabular.source.texts import Texts, iter_texts
from tabular.values.amounts import split_number
from tabular.values.cells import BadCell, is_blank
from tabular.values.masks import mask_of
from tabular.values.missing import is_missing, missing_of, without_words
from tabular.values.moments import read_moment
from tabular.values.words import ID_WORDS, match_role, words_of

# Different values of a column that are counted one by one.
KEPT = 2_000
# A column is no id when fewer of the cells of a block are different.
DISTINCT_ENOUGH = 0.5
# A name that says at least as clearly that it names somebody; "Customer Value" says it less.
NAMES_SOMEBODY = 0.8
MEASURED = ("number", "date")


@dataclass(frozen=True)
class ColumnFacts:
    """What one column holds.

    Parameters
    ----------
    column
        Kind and way of writing, as the preview recognised them or a second look did.
    blanks
        Blank cells, those among them that say NA, NULL and the like.
    missing_words
        How many cells say which of these words.
    distinct, is_exact
        Different values that are not blank; not exact beyond `detect.MOST_DISTINCT`.
    counts
        Rows of each value, the most frequent first; of a column with many values only some.
    whole
        Only whole numbers.
    mean_length
        Mean number of bytes of the cells that are not blank.
    """

    column: DetectedColumn
    rows: int
    blanks: int
    missing_words: dict[str, int]
    distinct: int
    is_exact: bool
    counts: dict[str, int]
    whole: bool
    mean_length: float

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def filled(self) -> int:
        return self.rows - self.blanks

    @property
    def share_distinct(self) -> float:
        return self.distinct / max(1, self.filled)


class FactCounter:
    """Counts one column, block by block."""

    def __init__(self, column: DetectedColumn):
        self.column = column
        self.measured = column.kind in MEASURED
        self.rows = self.blanks = self.length = 0
        self.missing: Counter = Counter()
        self.kept = pa.array([], pa.string())
        self.counts = np.zeros(0, np.int64)
        self.overflows = False
        self.whole = True
        self.hashes: list[np.ndarray] | None = []

    def take(self, cells: pa.Array) -> None:
        """Look at the cells of one block."""
        encoded = cells.dictionary_encode()
        texts = encoded.dictionary
        counts = np.bincount(encoded.indices.to_numpy(zero_copy_only=False), minlength=len(texts))
        missing = missing_of(texts, measured=self.measured)
        self.rows += len(cells)
        self._take_ids(cells, len(texts))
        if missing.any():
            self._take_missing(texts.filter(pa.array(missing)).to_pylist(), counts[missing].tolist())
            texts, counts = texts.filter(pa.array(~missing)), counts[~missing]
        if not len(texts):
            return
        self.length += int((pc.binary_length(texts).to_numpy(zero_copy_only=False) * counts).sum())
        self._count(texts, counts)
        if self.whole:
            self.whole = self._all_whole(texts)

    def _take_ids(self, cells: pa.Array, distinct: int) -> None:
        if self.hashes is None:
            return
        if distinct < DISTINCT_ENOUGH * len(cells) or not self.whole:
            self.hashes = None
        else:
            self.hashes.append(hash_texts(cells, FIXED_SEED))

    def _take_missing(self, texts: list[str], counts: list[int]) -> None:
        self.blanks += sum(counts)
        for text, number in zip(texts, counts, strict=True):
            if not is_blank(text):
                self.missing[text.strip()] += number

    def _count(self, texts: pa.Array, counts: np.ndarray) -> None:
        places = pc.index_in(texts, value_set=self.kept)
        known = mask_of(places.is_valid())
        found = places.drop_null().to_numpy(zero_copy_only=False)
        self.counts[found] += counts[known]
        new = np.flatnonzero(~known)
        room = KEPT - len(self.kept)
        self.overflows |= len(new) > room
        new = new[:room]
        if len(new):
            self.kept = pa.concat_arrays([self.kept, texts.take(pa.array(new))])
            self.counts = np.append(self.counts, counts[new])

    def _all_whole(self, texts: pa.Array) -> bool:
        if self.column.kind == "text":
            # Text may name somebody whatever it looks like; only numbers with decimals never do.
            return True
        pattern = "^ *-?[0-9]+(?:[.,]0+)? *$"
        return self.column.kind == "number" and bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())

    def settle(self, column: DetectedColumn) -> ColumnFacts:
        """Return what was found, with the column as it was measured."""
        order = np.argsort(-self.counts, kind="stable").tolist()
        kept = self.kept.to_pylist()
        distinct, is_exact = len(kept), not self.overflows
        if self.overflows and self.hashes and self.whole:
            distinct, is_exact = len(different(np.concatenate(self.hashes))) - bool(self.blanks), True
        elif self.overflows:
            distinct = max(self.column.distinct, len(kept))
        return ColumnFacts(
            column=column,
            rows=self.rows,
            blanks=self.blanks,
            missing_words=dict(self.missing.most_common()),
            distinct=distinct,
            is_exact=is_exact,
            counts={kept[place]: int(self.counts[place]) for place in order},
            whole=self.whole and column.kind == "number",
            mean_length=self.length / max(1, self.rows - self.blanks),
        )


def gather_facts(path: Path, preview: Preview, *, on_progress: Progress) -> tuple[ColumnFacts, ...]:
    """Return the facts of all columns of the file at `path`, which `preview` described."""
    columns = _looked_at_again(path, preview)
    counters = [FactCounter(column) for column in columns]
    measures = {
        new.place: Measure(new)
        for old, new in zip(preview.columns, columns, strict=True)
        if new is not old or (new.kind in MEASURED and new.unreadable)
    }
    for texts in _blocks(path, preview, "Counting values", on_progress):
        for cells, counter in zip(texts.columns, counters, strict=True):
            counter.take(cells)
            if counter.column.place in measures:
                measures[counter.column.place].take(cells)
    measured = [measures[c.place].done() if c.place in measures else c for c in columns]
    return tuple(counter.settle(column) for counter, column in zip(counters, measured, strict=True))


def _blocks(path: Path, preview: Preview, step: str, on_progress: Progress) -> Iterator[Texts]:
    done, total = preview.table.data_at, preview.table.source(path).stat().st_size
    for texts in iter_texts(path, preview.table):
        yield texts
        done += texts.size
        on_progress(step, min(done, total), total)


def _looked_at_again(path: Path, preview: Preview) -> list[DetectedColumn]:
    """Return the columns; texts that may be numbers or dates are judged by what they hold alone.

    A purchase log takes "Customer Value" for the name of a customer. NA and the like are left out.
    """
    odd = [column for column in preview.columns if column.kind == "text" and _may_be_measured(column)]
    if not odd:
        return list(preview.columns)
    clues = {column.place: Clues("", column.place) for column in odd}
    for texts in iter_texts(path, preview.table):
        for place, clue in clues.items():
            clue.take(without_words(texts.columns[place], measured=True))
    columns = list(preview.columns)
    for column in odd:
        found = clues[column.place].settle()
        if found.kind in MEASURED:
            columns[column.place] = replace(found, name=column.name)
    return columns


def _may_be_measured(column: DetectedColumn) -> bool:
    return not _names_somebody(column.name) and any(
        _is_measured(text) for text in column.examples if not is_missing(text, measured=True)
    )


def _names_somebody(name: str) -> bool:
    words = words_of(name)
    return bool(ID_WORDS & set(words[-1:])) or match_role(name, "customer_id")[0] >= NAMES_SOMEBODY


def _is_measured(text: str) -> bool:
    for read, how in ((split_number, "."), (split_number, ","), (read_moment, "DMY"), (read_moment, "MDY")):
        try:
            read(text, how)
        except BadCell:
            continue
        return True
    return False
