"""How many different hashes there are among many."""

from __future__ import annotations

import numpy as np

from tabular.source.duplicates import different

MERGED_AT = 1 << 20


class Distinct:
    """How many different hashes were seen, merged now and then instead of every time."""

    def __init__(self):
        self.known = np.empty(0, np.uint64)
        self.pending: list[np.ndarray] = []
        self.waiting = 0

    def add(self, hashes: np.ndarray) -> None:
        """Take some hashes."""
        self.pending.append(different(hashes))
        self.waiting += len(self.pending[-1])
        if self.waiting > max(MERGED_AT, len(self.known)):
            self.all()

    def all(self) -> np.ndarray:
        """Return the different hashes, sorted."""
        if self.pending:
            self.known = different(np.concatenate([self.known, *self.pending]))
            self.pending, self.waiting = [], 0
        return self.known
