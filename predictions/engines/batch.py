"""The engine: one file in, a result CSV and a table for the page out. Runs in a child, without Django.

Rows go through in batches, so memory does not grow with the file. What the page shows at a glance is counted
on the way; nothing is read twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml.evaluation.realised import Realised
from ml.matrix.columns import read_columns
from ml.matrix.hashing import hash_rows
from ml.matrix.schemas import FeatureSchema
from ml.serving.explanation import Group, describe_feature
from ml.serving.risk import POLICIES, RiskPolicy
from ml.serving.scoring import Scorer
from predictions.engines.kinds import EXPLAINING, LEFT, SCORING, STAYED
from predictions.engines.results import (
    OUTCOME,
    draft_of,
    publish,
    stored_name,
)
from predictions.engines.shadow import Shadow
from predictions.engines.table_writer import TableWriter
from predictions.engines.untouched import Untouched
from predictions.engines.words import Words
from registry.engines.files import FileMismatch, open_scorer, what_it_found
from registry.engines.learned import Learned, LearnedTable, read_learned
from tabular.snapshots.write import ResultWriter, decimal_sign
from tabular.source.read import iter_batches
from tabular.source.sentences import has_changed
from tabular.source.spec import ParseSpec
from tabular.values.schema import TableSchema

PREDICTION, CHURN_PROBABILITY, RISK_TIER = "prediction", "churn_probability", "risk_tier"
BINS = 20
TOP_FEATURES = 5
MOST_URGENT = 5
SAYS_WHO_LEFT = {"name": OUTCOME, "label": "In the file", "numeric": False}
# The explanation looks at this many customers, drawn from the whole file; the groups of its sentence need
# more of them than the effects do.
SAMPLE, EXPLAINED = 20_000, 2_000
# So many batches are scored at once, and so many features looked at; beside another job on two processors,
# two threads take as long as one.
THREADS = 2
# A graph takes longer than reading and writing: several batches are under way, each of so few cells that they
# need no more memory. What is linear is done at once, and large batches cost least.
GRAPH_CELLS, LINEAR_ROWS = 380_000, 65_536
# Up to so many values a column makes a filter.
MOST_CHOICES = 12

Progress = Callable[[str, int, int], None]


def score_file(
    *,
    source: str,
    spec: dict,
    schema: dict,
    version: dict,
    policy: str,
    csv_path: str,
    table_path: str,
    value_column: str | None = None,
    wording: dict | None = None,
    learned: dict | None = None,
    shadow: dict | None = None,
    on_progress: Progress,
) -> dict:
    """Score every accepted row of `source`; arguments and answer are plain JSON.

    Parameters
    ----------
    source, spec, schema
        The upload, and how its check decided to read it.
    version
        `registry.engines.files.VerifiedFiles` as a dict: paths, and the hashes of the bytes that may be
        parsed.
    policy
        Which tiers the probability is cut into.
    csv_path, table_path
        Where the result goes. Both appear whole or not at all.
    value_column
        The number that says what a customer is worth, where there is one.
    wording
        What people call the columns and their values, see `predictions.engines.words.Words`.
    learned
        `registry.engines.learned.LearnedTable` as a dict, where the file has outcomes and it is known from
        whom the version learned.
    shadow
        What `predictions.engines.shadow.Shadow` takes, where a challenger scores the same rows.

    Returns
    -------
    dict
        The summary that the page shows, or ``{"mismatch": sentence}`` where the version was changed. Where
        there was a shadow, what it found stands under ``"shadow"``.
    """
    try:
        scorer = open_scorer(version)
        known = learned and read_learned(LearnedTable(**learned), Path(csv_path).parent, scorer.schema)
    except FileMismatch as mismatch:
        return what_it_found(mismatch)
    return score_rows(
        scorer,
        source=Path(source),
        spec=ParseSpec.from_dict(spec),
        schema=TableSchema.from_dict(schema),
        policy=POLICIES[policy],
        csv_path=Path(csv_path),
        table_path=Path(table_path),
        value_column=value_column,
        wording=wording,
        learned=known,
        shadow=Shadow(scorer, **shadow) if shadow else None,
        on_progress=on_progress,
    )


def score_rows(
    scorer: Scorer,
    *,
    source: Path,
    spec: ParseSpec,
    schema: TableSchema,
    policy: RiskPolicy,
    csv_path: Path,
    table_path: Path | None,
    value_column: str | None = None,
    wording: dict | None = None,
    learned: Learned | None = None,
    shadow: Shadow | None = None,
    on_progress: Progress | None = None,
) -> dict:
    """Score a file with an open scorer; see `score_file`. Without `table_path` only the CSV is written."""
    days = dict.fromkeys(schema.ages, spec.counted_from(schema))
    words = Words(wording or {}, dates=frozenset(days))
    summary = Summary(scorer, policy, rows=spec.rows, value_column=value_column, words=words, learned=learned)
    if source.stat().st_size != spec.size:
        raise has_changed()
    added = (PREDICTION, CHURN_PROBABILITY, RISK_TIER)
    rows = LINEAR_ROWS if scorer.kind == "linear" else GRAPH_CELLS // len(scorer.schema.features)
    batches = iter_batches(source, spec, schema, batch_rows=max(rows, 1))
    told = (OUTCOME,) if scorer.schema.label.name in spec.positions else ()
    drafts = [draft_of(csv_path), *([draft_of(table_path)] if table_path else [])]
    try:
        with (
            ResultWriter(drafts[0], spec, added, decimal=decimal_sign(spec, schema)) as result,
            TableWriter(
                drafts[1] if table_path else None, scorer.schema, policy, days=days, also=told
            ) as table,
        ):
            for batch, scores in _scored_ahead(batches, scorer):
                tiers = policy.positions(scores)
                table.write(_with_outcome(batch, scorer.schema) if told else batch, scores, tiers)
                result.write(batch, added_columns(scorer, policy, scores, tiers))
                summary.take(batch.columns, scores, tiers, ids=batch.ids)
                if shadow:
                    shadow.take(batch, scores)
                if on_progress:
                    on_progress(SCORING, summary.rows, spec.rows)
        if on_progress:
            on_progress(EXPLAINING, 0, 0)
        found = summary.as_dict()
        for draft, final in zip(drafts, (csv_path, table_path), strict=False):
            publish(draft, final)
        if shadow:
            found["shadow"] = shadow.finish()
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        if shadow:
            shadow.close()
    return found


def _scored_ahead(batches, scorer):
    """Yield each batch with its scores; the next are read and scored while the caller writes this one."""
    waiting = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for batch in batches:
            waiting.append((batch, pool.submit(scorer.score_batch, batch.columns)))
            if len(waiting) > THREADS:
                batch, scores = waiting.popleft()
                yield batch, scores.result()
        for batch, scores in waiting:
            yield batch, scores.result()


def added_columns(
    scorer: Scorer, policy: RiskPolicy, scores: np.ndarray, tiers: np.ndarray
) -> dict[str, pa.Array]:
    """Return the columns that a result has beside the original ones."""
    leaves = (scores >= scorer.threshold).astype(np.int8)
    no, yes = scorer.schema.label.values[0], scorer.schema.label.values[-1]
    return {
        PREDICTION: pa.DictionaryArray.from_arrays(pa.array(leaves), pa.array([no, yes])),
        CHURN_PROBABILITY: pa.array(scores),
        RISK_TIER: pa.DictionaryArray.from_arrays(pa.array(tiers), pa.array(policy.tiers)),
    }


class Summary:
    """Counts what the page shows at a glance, batch by batch."""

    def __init__(
        self,
        scorer: Scorer,
        policy: RiskPolicy,
        *,
        rows: int,
        value_column: str | None = None,
        words: Words | None = None,
        learned: Learned | None = None,
    ):
        self.scorer, self.policy, self.value_column = scorer, policy, value_column
        self.words = words or Words({})
        self.rows = self.churners = 0
        self.expected = self.expected_named = 0.0
        self.tiers = np.zeros(len(policy.tiers), np.int64)
        self.bins, self.bins_expected = np.zeros(BINS, np.int64), np.zeros(BINS)
        names = {column.name for column in scorer.schema.numeric}
        self.revenue = 0.0 if value_column in names else None
        self._realised = Realised(len(policy.tiers))
        self._untouched = None if learned is None else Untouched(learned, len(policy.tiers))
        self._share = min(1.0, SAMPLE / max(rows, 1))
        self._random = np.random.default_rng(0)
        self._sample: list[tuple[dict, dict, np.ndarray]] = []
        self._asked: int | None = None
        self._urgent: list[tuple[str, float]] = []

    def take(
        self,
        columns,
        scores: np.ndarray,
        tiers: np.ndarray,
        ids: pa.Array | None = None,
        *,
        told: Mapping[str, pa.Array] | None = None,
        asked: np.ndarray | None = None,
    ) -> None:
        """Count a batch.

        Parameters
        ----------
        told
            The cells as people see them, where `columns` has others that the version read instead.
        asked
            Marks whom the version was asked about, where a rate stands in for others: what it expects, and
            what moves it, is told of these alone.
        """
        leaves = scores >= self.scorer.threshold
        self.rows += len(scores)
        self.churners += int(leaves.sum())
        self.expected += float(scores.sum())
        self.expected_named += float(scores[leaves].sum())
        self.tiers += np.bincount(tiers, minlength=len(self.tiers))
        places = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
        self.bins += np.bincount(places, minlength=BINS)
        self.bins_expected += np.bincount(places, weights=scores, minlength=BINS)
        if self.revenue is not None:
            # What nobody knows is worth nothing here: the sum is of what the file says.
            value = columns[self.value_column].to_numpy(zero_copy_only=False)[leaves]
            self.revenue += float(np.nansum(value))
        label, churned = self.scorer.schema.label.name, None
        if label in columns:
            churned = _outcomes(columns[label])
            hashes = hash_rows(columns, self.scorer.schema)
            self._realised.take(churned, scores, named=leaves, tiers=tiers, hashes=hashes)
            if self._untouched:
                self._untouched.take(ids, hashes, churned, scores, named=leaves, tiers=tiers)
        if ids is not None:
            self._keep_urgent(ids, scores, gone=None if churned is None else churned == 1)
        self._draw(columns, columns if told is None else told, scores, asked)

    def _keep_urgent(self, ids, scores, gone):
        """Keep those named with the highest probability, the first of those who are level.

        Who has left by the file itself cannot be called any more.
        """
        named = scores >= self.scorer.threshold
        named = np.flatnonzero(named if gone is None else named & ~gone)
        first = named[np.argsort(-scores[named], kind="stable")[:MOST_URGENT]]
        found = [(ids[int(place)].as_py(), float(scores[place])) for place in first]
        self._urgent = sorted(self._urgent + found, key=lambda one: -one[1])[:MOST_URGENT]

    def as_dict(self) -> dict:
        features = self.scorer.schema
        drawn, told = (
            {
                name: pa.chunked_array([part[place][name] for part in self._sample])
                for name in features.features
            }
            for place in (0, 1)
        )
        scores = np.concatenate([scores for _, _, scores in self._sample])
        effects = self.scorer.explain_batch(drawn, EXPLAINED, threads=THREADS)
        feature, groups = self._compared(told, scores, effects)
        shown = [name for name, _ in effects[:TOP_FEATURES]]
        if self.revenue is not None and self.value_column not in shown:
            shown.append(self.value_column)
        # None unless the file knows who left.
        realised = self._realised.to_dict()
        return {
            "rows": self.rows,
            "churners": self.churners,
            "expected_churners": self.expected,
            # Of those named; they need not all leave.
            "expected_named": self.expected_named,
            "threshold": self.scorer.threshold,
            "policy": self.policy.id,
            # Whom to call first, for the home; nobody where the file does not say who is who.
            "call_first": [{"customer": name, "probability": score} for name, score in self._urgent],
            "tiers": dict(zip(self.policy.tiers, self.tiers.tolist(), strict=True)),
            "histogram": self.bins.tolist(),
            # How many of each bar are expected to leave.
            "histogram_expected": self.bins_expected.tolist(),
            "revenue_at_risk": self.revenue,
            "feature_count": len(features.features),
            "features": [{"feature": name, "effect": effect} for name, effect in effects[:TOP_FEATURES]],
            "finding": self.words.tell(feature, groups) if feature else "",
            # From which a page says it in the words of its day.
            "compared": feature and {"feature": feature, "groups": [vars(group) for group in groups]},
            "sampled": min(len(scores), EXPLAINED),
            # None where the version was asked about everybody.
            "asked": self._asked,
            "shown": [*([SAYS_WHO_LEFT] if realised else []), *(self._column(name) for name in shown)],
            "group": self._group(effects),
            "realised": realised,
            # None where it is not known from whom the version learned.
            "untouched": self._untouched and self._untouched.to_dict(),
        }

    def _compared(self, told, scores, effects) -> tuple[str | None, list[Group]]:
        """Return the feature that matters most of those by which customers can be compared, and its groups.

        Customers stand in the group that their own cell belongs to, as the table of the page shows it.
        """
        features = self.scorer.schema
        coded, numbers = read_columns(told, _with_blanks(features))
        cells = dict(zip(features.features, [*coded, *numbers], strict=True))
        columns = {column.name: column for column in (*features.categorical, *features.numeric)}
        for name, _ in effects[:TOP_FEATURES]:
            groups = describe_feature(columns[name], cells[name], scores)
            if self.words.tell(name, groups):
                return name, groups
        return None, []

    def _column(self, name) -> dict:
        units = {column.name: column.unit for column in self.scorer.schema.numeric}
        numeric = name in units and name not in self.words.dates
        label = self.words.heading(name, units.get(name, ""))
        return {"name": stored_name(name), "label": label, "numeric": numeric}

    def _group(self, effects) -> dict | None:
        """Return the categories that the page offers as a filter: those that matter most."""
        order = [name for name, _ in effects]
        few = [c for c in self.scorer.schema.categorical if len(c.values) <= MOST_CHOICES]
        if not few:
            return None
        column = min(few, key=lambda column: order.index(column.name))
        return {
            "feature": stored_name(column.name),
            "label": self.words.label(column.name),
            "values": list(column.levels),
        }

    def _draw(self, columns, told, scores, asked):
        wanted = np.ones(len(scores), bool) if asked is None else asked
        if asked is not None:
            self._asked = (self._asked or 0) + int(asked.sum())
        if self._share < 1:
            wanted = wanted & (self._random.random(len(scores)) < self._share)
        read = _drawn(columns, self.scorer.schema.features, wanted)
        seen = read if told is columns else _drawn(told, self.scorer.schema.features, wanted)
        self._sample.append((read, seen, scores[wanted]))


def _drawn(columns, names, wanted):
    if wanted.all():
        return {name: columns[name] for name in names}
    places = pa.array(np.flatnonzero(wanted))
    return {name: columns[name].take(places) for name in names}


def _with_blanks(features: FeatureSchema) -> FeatureSchema:
    """Return a schema by which blanks stay blanks: they are a group of their own, whatever is read there."""
    return replace(features, numeric=tuple(replace(column, fill=0.0) for column in features.numeric))


def _with_outcome(batch, features: FeatureSchema):
    """Return a batch with what the file says of each customer, in words that every base has in common."""
    labels = batch.columns[features.label.name]
    told = pa.DictionaryArray.from_arrays(labels.indices, pa.array([STAYED, LEFT]))
    return replace(batch, columns=batch.columns | {OUTCOME: told})


def _outcomes(labels: pa.DictionaryArray) -> np.ndarray:
    """Return 1 for who left, 0 for who stayed, NaN where the cell says neither."""
    return labels.indices.cast(pa.float64()).to_numpy(zero_copy_only=False)
