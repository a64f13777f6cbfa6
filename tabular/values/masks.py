"""Yes or no for each cell of a column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def mask_of(array: pa.Array) -> np.ndarray:
    """Return a column of yes and no as an array."""
    return array.to_numpy(zero_copy_only=False).astype(bool)


def blanks_of(texts: pa.Array) -> np.ndarray:
    """Return which texts hold nothing but white space."""
    return mask_of(pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts)))
