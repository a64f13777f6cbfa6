"""The rows of a checked file as one table in memory, for whoever learns from it."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from tabular.snapshots.frame import Frame


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
