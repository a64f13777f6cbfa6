"""Batches of a checked file as one table in memory, for whoever learns from it."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa


def join_batches(batches) -> pd.DataFrame:
    """Return what `tabular.source.read.iter_batches` gives as one table, without the ids."""
    batches = list(batches)
    return pd.DataFrame(
        {name: _join([batch.columns[name] for batch in batches]) for name in batches[0].columns}
    )


def _join(arrays):
    # Decoded before they are joined: each batch has a dictionary of its own.
    plain = [array.dictionary_decode() if pa.types.is_dictionary(array.type) else array for array in arrays]
    return pa.chunked_array(plain).to_pandas()
