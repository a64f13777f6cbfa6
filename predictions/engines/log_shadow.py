"""The challenger of a purchase log reads the same events in its own way. Runs in a child, without Django."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq

from ml.logs.feature_columns import ID_COLUMN
from ml.logs.features.logs import quote
from ml.logs.joined import connect
from predictions.engines.learned_reading import CannotScoreLog, LearnedReading
from predictions.engines.shadow import Shadow, ShadowEnded


class LogShadow(Shadow):
    """Scores the active customers of a log once more, by features that the challenger learned from.

    Parameters
    ----------
    logs
        Events of the logs that are scored, the oldest first.
    active
        The customers that are scored, as Parquet, in the order in which they are.
    batch_size
        How many of them come at a time.
    """

    def __init__(
        self,
        scorer,
        *,
        logs: Sequence[Path],
        active: Path,
        batch_size: int,
        as_of: datetime,
        folder: Path,
        memory_limit: str,
        **options,
    ):
        self.logs, self.active, self.batch_size = logs, active, batch_size
        self.as_of, self.folder, self.memory_limit = as_of, folder, memory_limit
        super().__init__(scorer, **options)

    def _prepare(self):
        if not self.challenger.purchase_features:
            raise ShadowEnded("It learned from other customers than the version that was used.")
        self.reading = LearnedReading(
            self.challenger, "challenger", self.folder, self.as_of, self.memory_limit
        )
        try:
            self.reading.write_events(self.logs)
            self.reading.compute()
        except CannotScoreLog as error:
            raise ShadowEnded(str(error)) from error
        self.batches = pq.ParquetFile(self._chosen()).iter_batches(batch_size=self.batch_size)

    def _chosen(self):
        """Write the challenger's features of who is scored, in the same order, and return where."""
        chosen = self.folder / "challenger-active.parquet"
        with connect(self.folder, self.memory_limit) as connection:
            connection.execute(
                f"COPY (SELECT * FROM read_parquet({quote(self.reading.features)}) "
                f"WHERE {ID_COLUMN} IN (SELECT {ID_COLUMN} FROM read_parquet({quote(self.active)})) "
                f"ORDER BY {ID_COLUMN}) "
                f"TO {quote(chosen)} (FORMAT parquet, COMPRESSION lz4)"
            )
        return chosen

    def _score(self, batch):
        read = next(self.batches)
        if not read[ID_COLUMN].equals(batch.ids):
            raise ShadowEnded("It knows other customers than the version that was used.")
        known = dict(zip(read.schema.names, read.columns, strict=True))
        scores, _ = self.reading.score(known, batch.once, batch.first)
        return scores
