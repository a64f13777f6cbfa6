"""The challenger: it scores the batches that the users' version scores, and nobody waits for it in vain.

Runs in the child beside the engine, without Django. Whatever goes wrong here ends the shadow and leaves the
prediction as it is.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml.serving.scoring import Scorer
from predictions.engines.results import CUSTOMER, LINE, PROBABILITY, draft_of, publish
from registry.engines.files import FileMismatch, FileUnreachable, open_scorer

CHALLENGER = "_challenger"
SCHEMA = pa.schema(
    [(LINE, pa.int64()), (CUSTOMER, pa.string()), (PROBABILITY, pa.float64()), (CHALLENGER, pa.float64())]
)
BINS = 20


class ShadowEnded(Exception):
    """The challenger cannot go on; the message says why, in a sentence."""


class Shadow:
    """Scores each batch once more by the challenger, counts where the two part, and keeps its scores.

    Parameters
    ----------
    scorer
        Of the version that was used.
    version
        `registry.engines.files.VerifiedFiles` of the challenger, as a dict.
    path
        Where line, customer and both probabilities go, as Parquet.
    seconds
        What the challenger may take in all; then it is left out.
    """

    def __init__(self, scorer: Scorer, *, version: dict, path: str, seconds: float):
        self.scorer, self.path = scorer, Path(path)
        self.seconds, self.taken = seconds, 0.0
        self.failure, self.mismatch = "", False
        self.challenger = self.writer = None
        self.customers = self.newly_leaving = self.newly_staying = 0
        self.difference = 0.0
        self.bins = np.zeros((2, BINS), np.int64)
        self.figures: dict = {}
        self._guard(self._open, version)

    def take(self, batch, scores: np.ndarray) -> None:
        if not self.failure:
            self._guard(self._take, batch, scores)

    def finish(self) -> dict:
        """Publish the scores; return the figures, or ``{"failure": sentence, "mismatch": bool}``."""
        if not self.failure:
            self._guard(self._finish)
        if self.failure:
            return {"failure": self.failure, "mismatch": self.mismatch}
        return self.figures

    def close(self) -> None:
        """Leave nothing half-written behind."""
        if self.writer:
            self.writer.close()
            self.writer = None
        draft_of(self.path).unlink(missing_ok=True)

    def _guard(self, step, *given):
        started = time.monotonic()
        try:
            step(*given)
        except FileMismatch as mismatch:
            self.failure, self.mismatch = str(mismatch), not isinstance(mismatch, FileUnreachable)
        except ShadowEnded as ended:
            self.failure = str(ended)
        except Exception:
            # Anything may be wrong with a model that nobody has chosen yet; the prediction does not depend on
            # it. What happened stands in the output of the child.
            traceback.print_exc(file=sys.stderr)
            self.failure = "It could not score these customers."
        self.taken += time.monotonic() - started
        if not self.failure and self.taken > self.seconds:
            self.failure = f"It took longer than {self.seconds:,.0f} seconds and was left out."
        if self.failure:
            self._guarded_close()

    def _guarded_close(self):
        try:
            self.close()
        except Exception:
            traceback.print_exc(file=sys.stderr)

    def _open(self, version):
        self.challenger = open_scorer(version)
        self._prepare()
        self.writer = pq.ParquetWriter(
            draft_of(self.path), SCHEMA, compression="lz4", use_dictionary=False, write_statistics=[LINE]
        )

    def _prepare(self):
        if self.challenger.schema.features != self.scorer.schema.features:
            raise ShadowEnded("It learned from other columns than the version that was used.")

    def _score(self, batch):
        return self.challenger.score_batch(batch.columns)

    def _take(self, batch, scores):
        others = self._score(batch)
        if not np.isfinite(others).all():
            raise ShadowEnded("It gave a customer no probability.")
        leaves, others_leave = scores >= self.scorer.threshold, others >= self.challenger.threshold
        self.customers += len(scores)
        self.newly_leaving += int((others_leave & ~leaves).sum())
        self.newly_staying += int((leaves & ~others_leave).sum())
        self.difference += float(np.abs(others - scores).sum())
        for row, values in enumerate((scores, others)):
            places = np.minimum((values * BINS).astype(np.int64), BINS - 1)
            self.bins[row] += np.bincount(places, minlength=BINS)
        columns = [pa.array(batch.lines), batch.ids, pa.array(scores), pa.array(others)]
        self.writer.write_table(
            pa.Table.from_arrays(
                [column.cast(field.type) for column, field in zip(columns, SCHEMA, strict=True)],
                schema=SCHEMA,
            )
        )

    def _finish(self):
        self.figures = {
            "customers": self.customers,
            "newly_leaving": self.newly_leaving,
            "newly_staying": self.newly_staying,
            "mean_difference": self.difference / self.customers,
            "distribution": {
                "thresholds": [self.scorer.threshold, self.challenger.threshold],
                "used": self.bins[0].tolist(),
                "challenger": self.bins[1].tolist(),
            },
        }
        self.writer.close()
        self.writer = None
        publish(draft_of(self.path), self.path)


def who_changed_sides(path: Path, thresholds: tuple[float, float]) -> Iterator[pa.RecordBatch]:
    """Yield the customers that the two judge differently, in the order of the file."""
    used, challenger = thresholds
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            leaves = pc.greater_equal(batch[PROBABILITY], used)
            others_leave = pc.greater_equal(batch[CHALLENGER], challenger)
            yield batch.filter(pc.xor(leaves, others_leave))
