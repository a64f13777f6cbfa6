"""A purchase log at one cutoff after another: who could be lost, and what became of them. Without Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ml.logs.feature_columns import ID_COLUMN, FeatureTable
from ml.logs.features.engine import FeatureReport, compute_features
from ml.logs.features.logs import open_log
from ml.logs.labels import find_lapsed, label_customers
from ml.logs.purchase_log import PurchaseLog
from ml.logs.visits import is_of_visits

MEMORY_LIMIT = "1GB"
FEWEST_PURCHASES = 2
# Before the latest one. Each costs the features of a whole log once more.
MOST_EARLIER = 3

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Definition:
    """When a customer counts as lost, in days."""

    horizon: int
    gap: int
    window: int
    reason: str

    @property
    def span(self) -> dt.timedelta:
        """How long after a cutoff it is known who left."""
        return dt.timedelta(days=self.horizon + self.gap)

    def to_dict(self) -> dict:
        return {
            "horizon_days": self.horizon,
            "gap_days": self.gap,
            "active_window_days": self.window,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class CustomersAt:
    """The customers at one cutoff: those learned from, and those of whom too little is known for that.

    Parameters
    ----------
    gone_days, gone_labels
        Of who had lapsed: days of silence, and 1 where nothing was bought in the outcome window either.
    """

    as_of: dt.datetime
    table: FeatureTable
    once: FeatureTable
    report: FeatureReport
    gone_days: np.ndarray
    gone_labels: np.ndarray


@dataclass(frozen=True)
class LogWork:
    """One log at different cutoffs."""

    folder: Path
    events: Path
    feature_set: str
    on_progress: Progress

    @property
    def is_of_visits(self) -> bool:
        return is_of_visits(open_log(self.events).columns)

    def read(
        self, as_of: dt.datetime, labels: pd.DataFrame
    ) -> tuple[FeatureTable, FeatureTable, FeatureReport]:
        """Join features with outcomes; who has no outcome at this cutoff is no part of it.

        Returns who bought several times, and who bought once only.
        """
        target = self.folder / f"features-{as_of:%Y%m%d%H%M%S}.parquet"
        report = compute_features(
            self.events,
            as_of=as_of,
            feature_set=self.feature_set,
            target=target,
            memory_limit=MEMORY_LIMIT,
            threads=1,
        )
        frame = pq.read_table(target).to_pandas().merge(labels, on=ID_COLUMN, how="inner")
        often = frame[ID_COLUMN].map(self._purchases_before(as_of)).fillna(0) >= FEWEST_PURCHASES
        return _table(frame[often]), _table(frame[~often]), report

    def _purchases_before(self, as_of):
        with PurchaseLog(self.events, as_of=as_of, memory_limit=MEMORY_LIMIT) as log:
            found = log.arrays("SELECT customer_id, purchases FROM customers")
        return dict(zip(found["customer_id"], found["purchases"], strict=True))

    def moment(self, cutoff: dt.datetime, definition: Definition) -> CustomersAt:
        """Return the customers at a cutoff, with what became of them."""
        target = self.folder / f"labels-{cutoff:%Y%m%d}.parquet"
        label_customers(
            self.events,
            as_of=cutoff,
            horizon_days=definition.horizon,
            gap_days=definition.gap,
            active_window_days=definition.window,
            target=target,
        )
        labels = pq.read_table(target).to_pandas()
        active = labels[labels["status"] == "active"]
        table, once, report = self.read(cutoff, active[[ID_COLUMN, "churned"]])
        return CustomersAt(cutoff, table, once, report, *self._lapsed_at(cutoff, definition))

    def _lapsed_at(self, cutoff, definition):
        return find_lapsed(
            self.events,
            as_of=cutoff,
            horizon_days=definition.horizon,
            gap_days=definition.gap,
            active_window_days=definition.window,
        )


def list_cutoffs(latest: dt.datetime, *, start: dt.datetime, definition: Definition) -> list[dt.datetime]:
    """Return the cutoffs that are learned from, the latest one last: no outcome windows overlap.

    The one before the latest is always there, and judges; older ones where the log covers the whole active
    window before them.
    """
    earlier = [latest - definition.span * number for number in range(MOST_EARLIER, 0, -1)]
    window = dt.timedelta(days=definition.window)
    return [*(cutoff for cutoff in earlier[:-1] if cutoff - window >= start), earlier[-1], latest]


def _table(frame):
    frame = frame.reset_index(drop=True)
    features = frame.drop(columns=["churned", ID_COLUMN])
    return FeatureTable(features, frame["churned"].to_numpy(dtype="int64"), frame[ID_COLUMN].to_numpy())
