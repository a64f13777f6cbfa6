"""Outcomes of those customers of a file from whom the version did not learn: the others flatter it.

The same customers come under other ids, too: who is equal to one that the version learned from, in everything
that it reads, tells nothing new about it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.evaluation.realised import Realised
from registry.engines.learned import Learned


class Untouched:
    """Counts promises and outcomes as `Realised` does, but for those whom the version had learned from.

    Parameters
    ----------
    learned
        Those that it learned from.
    tiers
        Number of risk tiers.
    """

    def __init__(self, learned: Learned, tiers: int):
        self.learned = learned
        self.learned_from = self.twins = self._rows = 0
        self._waiting = []
        self._realised = Realised(tiers)

    def take(self, ids: pa.Array, hashes: np.ndarray, churned: np.ndarray, scores, *, named, tiers) -> None:
        """Count some customers, as `Realised.take` does; `hashes` are of `ml.matrix.hashing.hash_rows`."""
        self._waiting.append((ids.cast(pa.string()), hashes, churned, scores, named, tiers))
        self._rows += len(churned)
        # Arrow hashes all ids of `learned` whenever it is asked, so it is asked about as many at once.
        if self._rows >= len(self.learned.ids):
            self._count()

    def _count(self):
        if not self._waiting:
            return
        ids, *columns = zip(*self._waiting, strict=True)
        hashes, churned, scores, named, tiers = map(np.concatenate, columns)
        self._waiting, self._rows = [], 0
        seen = pc.is_in(pa.chunked_array(ids), value_set=self.learned.ids).to_numpy()
        twins = ~seen & np.isin(hashes, self.learned.hashes)
        known = ~np.isnan(churned)
        self.learned_from += int((seen & known).sum())
        self.twins += int((twins & known).sum())
        others = ~(seen | twins)
        self._realised.take(
            churned[others],
            scores[others],
            named=named[others],
            tiers=tiers[others],
            hashes=hashes[others],
        )

    def to_dict(self) -> dict:
        """Return ``learned_from`` and ``twins`` (with an outcome), and ``realised`` of the others."""
        self._count()
        return {
            "learned_from": self.learned_from,
            # None where equal rows are no sign of the same customer, so that nobody knows.
            "twins": self.twins if len(self.learned.hashes) else None,
            "realised": self._realised.to_dict(),
        }
