"""Customers of a purchase log as a version reads them: features, fills, and its table of first-time buyers.

Runs in a child, without Django.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml.logs.feature_columns import fill_batch
from ml.logs.features.engine import compute_features
from ml.logs.joined import missing_columns, write_joined
from ml.logs.rates import rates_since
from ml.serving.scoring import Scorer


class CannotScoreLog(ValueError):
    """A sentence for whoever wanted the customers scored."""


@dataclass(frozen=True)
class LearnedReading:
    """One version in front of one log.

    Parameters
    ----------
    folder
        Takes drafts, all of whose names begin with `name`.
    as_of
        By the clock of the log: what is at or after it, no feature sees.
    """

    scorer: Scorer
    name: str
    folder: Path
    as_of: datetime
    memory_limit: str

    @property
    def how(self) -> dict:
        return self.scorer.purchase_features

    @property
    def events(self) -> Path:
        return self.folder / f"{self.name}-events.parquet"

    @property
    def features(self) -> Path:
        return self.folder / f"{self.name}-features.parquet"

    def write_events(self, logs: Sequence[Path]) -> None:
        """Write the events of `logs` in the columns that the version learned from."""
        if missing := missing_columns(logs, self.how["columns"]):
            raise CannotScoreLog(
                f"The model learned from columns that this log does not have: {', '.join(missing)}. Say "
                "which columns they are, or train a model on this log."
            )
        write_joined(
            self.events,
            logs=logs,
            columns=self.how["columns"],
            has_time=self.how["has_time"],
            folder=self.folder,
            memory_limit=self.memory_limit,
        )

    def compute(self) -> None:
        """Compute the features of every customer, as the version learned them."""
        report = compute_features(
            self.events,
            as_of=self.as_of,
            feature_set=self.how["feature_set"],
            target=self.features,
            memory_limit=self.memory_limit,
            cuts=self.how["cuts"],
        )
        if missing := [name for name in self.scorer.schema.features if name not in report.features]:
            raise CannotScoreLog(f"The model needs features that cannot be computed: {', '.join(missing)}.")

    def score(
        self, known: Mapping[str, pa.Array], once: np.ndarray, first: pa.Array
    ) -> tuple[np.ndarray, dict[str, pa.Array]]:
        """Return the probabilities of a batch of customers, and their features as the scorer read them.

        Parameters
        ----------
        known
            Features by name.
        once, first
            Who bought once only, and when each customer bought first.
        """
        filled = fill_batch(known, self.scorer.schema, self.how["fills"], self.scorer.observed)
        scores = self.scorer.score_batch(filled)
        if once.any():
            rates = rates_since(self.how["first_buyers"], first.to_numpy(zero_copy_only=False), self.as_of)
            scores[once] = rates[once]
        return scores, filled
