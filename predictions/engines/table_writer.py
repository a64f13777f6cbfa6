"""The table of scored customers as it is written; `predictions.engines.results` reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml.serving.risk import RiskPolicy
from predictions.engines.results import CUSTOMER, LINE, PROBABILITY, TIER, stored_name


class TableWriter:
    """Writes the Parquet table that the page reads: id, line, score, tier and the features, typed.

    Parquet compresses while the next batch is scored: pyarrow needs no Python for it.

    Parameters
    ----------
    days
        For each number that counts the days since a date: the day from which it counts. The page shows the
        date.
    also
        Names of text columns that follow the features.
    """

    def __init__(
        self,
        path: Path | None,
        features,
        policy: RiskPolicy,
        *,
        days: Mapping[str, date] | None = None,
        also: Sequence[str] = (),
    ):
        self.policy = policy
        self.path = path
        self.days = days or {}
        text = pa.dictionary(pa.int32(), pa.string())
        self.schema = pa.schema(
            [
                (LINE, pa.int64()),
                (CUSTOMER, pa.string()),
                (PROBABILITY, pa.float64()),
                (TIER, pa.dictionary(pa.int8(), pa.string())),
                *((stored_name(column.name), text) for column in features.categorical),
                *(
                    (stored_name(column.name), pa.date32() if column.name in self.days else pa.float64())
                    for column in features.numeric
                ),
                *((name, text) for name in also),
            ]
        )
        self.columns = (*features.features, *also)
        self.pool = ThreadPoolExecutor(1)
        self.waiting = None
        self.writer = None

    def __enter__(self):
        if self.path:
            # Numbers and ids hardly repeat: a dictionary of them would be larger than they are.
            coded = [field.name for field in self.schema if pa.types.is_dictionary(field.type)]
            # Statistics help to skip row groups, but each has customers of every kind: only lines differ.
            self.writer = pq.ParquetWriter(
                self.path, self.schema, compression="lz4", use_dictionary=coded, write_statistics=[LINE]
            )
        return self

    def __exit__(self, *_):
        try:
            self._wait()
        finally:
            self.pool.shutdown()
            if self.writer:
                self.writer.close()

    def write(self, batch, scores, tiers):
        if self.writer is None:
            return
        tier = pa.DictionaryArray.from_arrays(pa.array(tiers), pa.array(self.policy.tiers))
        arrays = [
            pa.array(batch.lines),
            batch.ids,
            pa.array(scores),
            tier,
            *(self._shown(name, batch.columns[name]) for name in self.columns),
        ]
        table = pa.Table.from_arrays(
            [
                array.cast(field.type) if array.type != field.type else array
                for array, field in zip(arrays, self.schema, strict=True)
            ],
            schema=self.schema,
        )
        self._wait()
        self.waiting = self.pool.submit(self.writer.write_table, table)

    def _shown(self, name, array):
        if name not in self.days:
            return array
        reference = (self.days[name] - date(1970, 1, 1)).days
        return pc.subtract(pa.scalar(float(reference)), array).cast(pa.int32()).cast(pa.date32())

    def _wait(self):
        if self.waiting is not None:
            self.waiting.result()
            self.waiting = None
