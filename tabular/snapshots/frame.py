"""A checked table of customers in memory, as a learner wants it.

Door: `load_frame` reads what `check.check_table` accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tabular.source.read import Batch, iter_batches
from tabular.source.spec import ParseSpec
from tabular.values.schema import Column, TableSchema


@dataclass(frozen=True)
class Frame:
    """The customers of one table.

    Parameters
    ----------
    ids
        Text of each customer.
    columns
        By name: dictionary-encoded text with nulls for blanks, or float64 with nulls for blanks; dates are
        days before the reference.
    labels
        1 for who left and 0 for who stayed, int8; None where the file has no outcome.
    lines
        Line of the file (row of the sheet) of each customer.
    """

    ids: pa.Array
    columns: dict[str, pa.Array]
    labels: np.ndarray | None
    lines: np.ndarray

    def __len__(self) -> int:
        return len(self.lines)


def load_frame(path: Path | str, spec: ParseSpec, schema: TableSchema) -> Frame:
    """Return the accepted rows of the file at `path`, in their order; checked to train, if it has labels.

    Texts that differ only in case or surrounding blanks are one, in the spelling that is most frequent.

    Raises
    ------
    TableError
        The file is not the one that was checked.
    """
    batches = list(iter_batches(path, spec, schema))
    features = [column for column in schema.columns if column.kind in ("category", "number", "age")]
    columns = {column.name: _joined(batches, column) for column in features}
    label = schema.the("label")
    return Frame(
        ids=pa.concat_arrays([batch.ids for batch in batches]),
        columns=columns,
        labels=_labels(batches, label) if label and label.name in spec.positions else None,
        lines=np.concatenate([batch.lines for batch in batches]),
    )


def _joined(batches: list[Batch], column: Column) -> pa.Array:
    parts = [batch.columns[column.name] for batch in batches]
    if column.kind != "category":
        return pa.concat_arrays([part.cast(pa.float64()) for part in parts])
    return one_spelling(_unified(parts))


def _unified(parts: Iterable[pa.DictionaryArray]) -> pa.DictionaryArray:
    joined = pa.chunked_array(list(parts)).unify_dictionaries().combine_chunks()
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def one_spelling(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return texts of which no two differ only in case or surrounding blanks; blanks become null.

    Examples
    --------
    >>> one_spelling(pa.array(["Gold", "gold ", "Gold", ""]).dictionary_encode()).to_pylist()
    ['Gold', 'Gold', 'Gold', None]
    """
    texts = array.dictionary.to_pylist()
    indices = array.indices.to_numpy(zero_copy_only=False)
    counts = np.bincount(indices, minlength=len(texts))
    seen: dict[str, Counter] = {}
    for text, number in zip(texts, counts.tolist(), strict=True):
        if number and text:
            seen.setdefault(text.strip().casefold(), Counter())[text.strip()] += number
    chosen = {key: spellings.most_common(1)[0][0] for key, spellings in seen.items()}
    values = sorted(chosen.values())
    places = {key: values.index(text) for key, text in chosen.items()}
    lookup = [places.get(text.strip().casefold()) for text in texts]
    found = pa.array(lookup, pa.int32()).take(array.indices)
    return pa.DictionaryArray.from_arrays(found, pa.array(values, pa.string()))


def _labels(batches: list[Batch], label: Column) -> np.ndarray:
    left = label.label_values[1]
    parts = []
    for batch in batches:
        array = batch.columns[label.name]
        says = np.array([value == left for value in array.dictionary.to_pylist()], np.int8)
        parts.append(says[array.indices.to_numpy(zero_copy_only=False)])
    return np.concatenate(parts)
