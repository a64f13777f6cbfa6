"""The rows of a checked file as one table in memory, for whoever learns from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tabular.snapshots.frame import Frame, load_frame
from tabular.source.read import iter_batches
from tabular.source.spec import ParseSpec
from tabular.values.schema import TableSchema


@dataclass(frozen=True)
class Customers:
    """A table in memory: who stands in it, and what a model learns from, the outcome in its own words."""

    ids: list[str]
    frame: pd.DataFrame


def read_customers(path: Path, spec: ParseSpec, columns: TableSchema) -> Customers:
    """Return the customers of a table that was checked to learn from, of the telecom base or of a company's
    own.
    """
    if columns.one_spelling:
        return _read_own(path, spec, columns)
    batches = list(iter_batches(path, spec, columns))
    ids = [customer for batch in batches for customer in batch.ids.to_pylist()]
    return Customers(ids, join_batches(batches))


def _read_own(path, spec, columns):
    found = load_frame(path, spec, columns)
    label = columns.the("label")
    outcomes = np.array(label.label_values)[found.labels]
    return Customers(found.ids.to_pylist(), as_pandas(found).assign(**{label.name: outcomes}))


def join_batches(batches) -> pd.DataFrame:
    """Return what `tabular.source.read.iter_batches` gives as one table, without the ids."""
    batches = list(batches)
    return pd.DataFrame(
        {name: _join([batch.columns[name] for batch in batches]) for name in batches[0].columns}
    )


def _join(arrays):
    return pa.chunked_array([_plain(array) for array in arrays]).to_pandas()


def as_pandas(frame: Frame) -> pd.DataFrame:
    """Return what `tabular.snapshots.frame.load_frame` gives as such a table, without ids and labels."""
    return pd.DataFrame({name: _plain(array).to_pandas() for name, array in frame.columns.items()})


def _plain(array):
    # Decoded before they are joined: each batch has a dictionary of its own.
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
