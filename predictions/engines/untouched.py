"""Outcomes of those customers of a file from whom the version did not learn: the others flatter it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.evaluation.realised import Realised


class Untouched:
    """Counts promises and outcomes as `Realised` does, but for those whom the version had learned from.

    Parameters
    ----------
    learned
        Ids of those that it learned from.
    tiers
        Number of risk tiers.
    """

    def __init__(self, learned: pa.Array, tiers: int):
        self.learned = learned
        self.learned_from = self._rows = 0
        self._waiting = []
        self._realised = Realised(tiers)

    def take(self, ids: pa.Array, churned: np.ndarray, scores, *, named, tiers) -> None:
        """Count some customers, as `Realised.take` does."""
        self._waiting.append((ids.cast(pa.string()), churned, scores, named, tiers))
        self._rows += len(churned)
        # Arrow hashes all of `learned` whenever it is asked, so it is asked about as many at once.
        if self._rows >= len(self.learned):
            self._count()

    def _count(self):
        if not self._waiting:
            return
        ids, *columns = zip(*self._waiting, strict=True)
        churned, scores, named, tiers = map(np.concatenate, columns)
        self._waiting, self._rows = [], 0
        seen = pc.is_in(pa.chunked_array(ids), value_set=self.learned).to_numpy()
        self.learned_from += int((seen & ~np.isnan(churned)).sum())
        others = ~seen
        self._realised.take(churned[others], scores[others], named=named[others], tiers=tiers[others])

    def to_dict(self) -> dict:
        """Return ``learned_from`` (customers with an outcome), and ``realised`` of the others."""
        self._count()
        return {"learned_from": self.learned_from, "realised": self._realised.to_dict()}
