"""The engine for purchase logs: every customer at the end of a log, scored. Runs in a child, without Django.

Features are computed as the version learned them, and customers go through in batches, so memory grows
neither with the log nor with its customers. Who has lapsed is listed apart: nothing is left to foretell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ml.logs.evidence import active_since, select_buyers
from ml.logs.feature_columns import ID_COLUMN
from ml.logs.features.duck import write_literal
from ml.logs.features.logs import quote
from ml.logs.joined import connect
from ml.logs.profile.silence import dates_in_doubt, find_doubt, find_silences, unknown_days
from ml.logs.purchase_log import PurchaseLog
from ml.logs.visits import say_visits, say_visits_in
from ml.serving.risk import POLICIES, RiskPolicy
from ml.serving.scoring import Scorer
from predictions.engines.batch import (
    CHURN_PROBABILITY,
    PREDICTION,
    RISK_TIER,
    Summary,
)
from predictions.engines.changes import compare_results
from predictions.engines.joining import compare_logs
from predictions.engines.kinds import (
    COMPARING,
    COMPUTING,
    CONTINUES,
    EXPLAINING,
    NEITHER,
    SCORING,
    WERE_CLOSED,
)
from predictions.engines.learned_reading import CannotScoreLog, LearnedReading
from predictions.engines.log_csv import LogCsv
from predictions.engines.log_shadow import LogShadow
from predictions.engines.table_writer import TableWriter
from predictions.engines.words import Words
from registry.engines.files import FileMismatch, open_scorer, what_it_found
from tabular.source.danger import harmless_array

EVIDENCE = "evidence"
FULL, ONE_PURCHASE = "full", "one purchase only"
BATCH = 50_000
# Lapsed customers that the page names, those who were silent for the shortest time first.
SHOWN_LAPSED = 20
# What stands beside the features of a customer: by it the evidence is judged.
ONCE, FIRST, LATEST = "_once", "_first", "_latest"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Batch:
    """Customers on their way to the table: what `TableWriter` asks of a batch of a file."""

    lines: np.ndarray
    ids: pa.Array
    columns: dict[str, pa.Array]
    once: np.ndarray
    first: pa.Array


def score_log(
    *,
    events: str,
    earlier: Sequence[str],
    as_of: str,
    version: dict,
    policy: str,
    folder: str,
    csv_path: str,
    table_path: str,
    lapsed_path: str,
    changes_path: str,
    previous: dict | None,
    lists_before: Sequence[dict] = (),
    memory_limit: str,
    of_visits: bool = False,
    closed: Sequence[Sequence[str]] = (),
    wording: dict | None = None,
    written: dict | None = None,
    shadow: dict | None = None,
    on_progress: Progress,
) -> dict:
    """Score every active customer of a log at its end; arguments and answer are plain JSON.

    Parameters
    ----------
    events
        Canonical events of the log.
    earlier
        Those of the logs that the result before was made of, the oldest first.
    as_of
        Midnight after the last day of the log, in ISO, by its own clock.
    version
        `registry.engines.files.VerifiedFiles` as a dict.
    folder
        Takes drafts.
    csv_path, table_path, lapsed_path, changes_path
        Where the results go; the last only where there is a result before that can be compared.
    previous
        What `predictions.engines.changes.compare_results` takes of the result before, or None.
    lists_before
        The same of those that it goes on from, the latest first.
    of_visits
        Whether the log is one of visits: what the version learned from may be another.
    closed
        First and last days on which nothing was open.
    wording
        What people call the features, see `predictions.engines.words.Words`.
    written
        ``delimiter`` and ``decimal`` of the log, as `LogCsv` takes them.
    shadow
        What `predictions.engines.shadow.Shadow` takes, where a challenger scores the same customers.

    Returns
    -------
    dict
        The summary that the page shows, and ``days_between``, see `transactions.models.AnalysisSession`;
        ``{"mismatch": sentence}`` where the version was changed, or ``{"refusal": sentence}``.
    """
    try:
        scorer = open_scorer(version)
    except FileMismatch as mismatch:
        return what_it_found(mismatch)
    reading = LearnedReading(scorer, "used", Path(folder), datetime.fromisoformat(as_of), memory_limit)
    written = written or {}
    how = {"of_visits": of_visits, "closed": closed, "written": written}
    work = _Work(reading, Words(wording or {}), shadow, on_progress, **how)
    try:
        overlap = work.join(Path(events), [Path(path) for path in earlier])
        found = work.score(POLICIES[policy], Path(csv_path), Path(table_path), Path(lapsed_path))
        if previous and overlap and overlap.relation != NEITHER:
            found["changes"] = compare_results(
                previous,
                table=table_path,
                threshold=scorer.threshold,
                events=reading.events,
                as_of=reading.as_of,
                missing=[*overlap.missing, *dates_in_doubt(work.silences, closed=closed)],
                lists_before=lists_before,
                target=Path(changes_path),
                written=written,
                connection=connect(reading.folder, memory_limit),
            )
    except ValueError as error:
        return {"refusal": str(error)}
    return found | {"overlap": overlap and overlap.to_dict(), "days_between": work.days_between(overlap)}


class _Work:
    def __init__(self, reading, words, shadow, on_progress, *, of_visits, closed, written):
        self.reading, self.words, self.written = reading, words, written
        self.shadow, self.on_progress = shadow, on_progress
        self.scorer, self.folder, self.as_of = reading.scorer, reading.folder, reading.as_of
        self.how, self.memory_limit = reading.how, reading.memory_limit
        self.logs, self.silences = [], []
        self.of_visits, self.closed = of_visits, closed
        self.evidence = (FULL, say_visits(ONE_PURCHASE) if self.of_visits else ONE_PURCHASE)

    def join(self, events, earlier):
        """Write down what is scored from, and return how the log stands to those before."""
        overlap = None
        if earlier:
            self.on_progress(COMPARING, 0, 0)
            overlap = compare_logs(
                events, earlier, closed=self.closed, folder=self.folder, memory_limit=self.memory_limit
            )
        self.logs = [*earlier, events] if overlap and overlap.relation == CONTINUES else [events]
        self.reading.write_events(self.logs)
        return overlap

    def days_between(self, overlap):
        """Return the stretches that may be missing from what was read together, the latest first.

        Every day between two logs is one of them, however few there are: what was bought then nobody knows.
        """
        inside = [each for each in self.silences if not each["at_end"]]
        few = [unknown_days(*days) for days in (overlap.between if overlap else ())]
        inside += [one for one in few if not any(_share_days(one, each) for each in inside)]
        found = sorted(inside, key=lambda each: each["first"], reverse=True)
        return [say_visits_in(each) for each in found] if self.of_visits else found

    def score(self, policy, csv_path, table_path, lapsed_path):
        self.on_progress(COMPUTING, 0, 0)
        self.reading.compute()
        asked = self.folder / "active.parquet"
        lapsed = self._set_apart(self.reading.features, asked, lapsed_path)
        rows = pq.read_metadata(asked).num_rows
        if not rows:
            bought = "came" if self.of_visits else "bought"
            raise CannotScoreLog(
                f"Nobody of this log {bought} in the {self.how['active_window_days']} days before "
                f"{self.as_of:%Y-%m-%d}: all {lapsed['customers']:,} customers have lapsed, and nobody is "
                "left to score. Send a newer log."
            )
        summary = Summary(self.scorer, policy, rows=rows, words=self.words)
        shadow = self._open_shadow(asked)
        try:
            once = self._write(asked, rows, summary, policy, csv_path, table_path, shadow)
            beside = {"shadow": shadow.finish()} if shadow else {}
        finally:
            if shadow:
                shadow.close()
        self.on_progress(EXPLAINING, 0, 0)
        found = summary.as_dict() | beside
        return found | {
            "shown": [*found["shown"], {"name": EVIDENCE, "label": "Evidence", "numeric": False}],
            "group": {"feature": EVIDENCE, "label": "Evidence", "values": [*self.evidence]},
            "numbers": [column.name for column in self.scorer.schema.numeric],
            **once,
            "lapsed": lapsed,
            **self._silence(),
            "as_of": self.as_of.isoformat(),
        }

    def _active_since(self):
        """Return the day from which on silence counts: who was silent before and came back is not lost."""
        return active_since(self.as_of, self.how["active_window_days"]).date()

    def _silence(self):
        with PurchaseLog(self.reading.events, as_of=self.as_of, memory_limit=self.memory_limit) as log:
            self.silences = find_silences(log)
        found = find_doubt(self.silences, closed=self.closed, since=self._active_since())
        told = found["sentence"] if found else ""
        if found in self.silences and not found["at_end"]:
            told += f" {WERE_CLOSED}"
        return {
            "silence": say_visits(told) if self.of_visits else told,
            "ends_in_doubt": bool(found and found["at_end"]),
            "closed": [list(days) for days in self.closed],
        }

    def _set_apart(self, features, active, lapsed_path):
        """Write who is scored beside what is known of them, and list who has lapsed."""
        window = self.how["active_window_days"]
        since = active_since(self.as_of, window)
        buyers = select_buyers(
            self.reading.events,
            as_of=self.as_of,
            columns=self.how["columns"],
            once=ONCE,
            first=FIRST,
            latest=LATEST,
        )
        with connect(self.folder, self.memory_limit) as connection:
            connection.execute(f"CREATE TEMP TABLE buyers AS {buyers}")
            connection.execute(
                f"COPY (SELECT * FROM read_parquet({quote(features)}) JOIN buyers USING ({ID_COLUMN}) "
                f"WHERE {LATEST} >= {write_literal(since)} ORDER BY {ID_COLUMN}) TO {quote(active)} "
                "(FORMAT parquet, COMPRESSION lz4)"
            )
            called = "latest_visit" if self.of_visits else "latest_purchase"
            lapsed = (
                f"SELECT {ID_COLUMN}, CAST({LATEST} AS DATE) AS {called}, "
                f"date_diff('day', {LATEST}, {write_literal(self.as_of)}) AS days_silent "
                f"FROM buyers WHERE {LATEST} < {write_literal(since)} ORDER BY days_silent, {ID_COLUMN}"
            )
            _write_csv(connection.sql(lapsed).to_arrow_reader(BATCH), lapsed_path, self.written)
            [(count,)] = connection.execute(f"SELECT count(*) FROM ({lapsed})").fetchall()
            shown = connection.execute(f"{lapsed} LIMIT {SHOWN_LAPSED}").fetchall()
        names = ("customer", "latest", "days")
        return {
            "customers": count,
            "window_days": window,
            "shown": [
                dict(zip(names, (name, day.isoformat(), days), strict=True)) for name, day, days in shown
            ],
        }

    def _open_shadow(self, asked):
        if self.shadow is None:
            return None
        return LogShadow(
            self.scorer,
            logs=self.logs,
            active=asked,
            batch_size=BATCH,
            as_of=self.as_of,
            folder=self.folder,
            memory_limit=self.memory_limit,
            **self.shadow,
        )

    def _write(self, asked, rows, summary, policy, csv_path, table_path, shadow):
        """Score batch by batch, write both results, and count who bought once only."""
        bought_once = FirstBuyers(self.scorer.threshold)
        with ExitStack() as stack:
            table = stack.enter_context(TableWriter(table_path, self.scorer.schema, policy, also=(EVIDENCE,)))
            result = None
            for batch in self._batches(asked):
                scores, filled = self.reading.score(batch.columns, batch.once, batch.first)
                tiers = policy.positions(scores)
                table.write(batch, scores, tiers)
                rows_out = _rows(self.scorer, policy, batch, scores, tiers)
                if result is None:
                    written = LogCsv(csv_path, rows_out.schema, chances=(CHURN_PROBABILITY,), **self.written)
                    result = stack.enter_context(written)
                result.write(rows_out)
                summary.take(filled, scores, tiers, batch.ids, told=batch.columns, asked=~batch.once)
                if shadow:
                    shadow.take(batch, scores)
                bought_once.take(scores[batch.once])
                self.on_progress(SCORING, int(batch.lines[-1]), rows)
        return bought_once.to_dict()

    def _batches(self, asked):
        """Yield who is scored, with the features of each and what is known of the purchases."""
        done = 0
        for read in pq.ParquetFile(asked).iter_batches(batch_size=BATCH):
            known = dict(zip(read.schema.names, read.columns, strict=True))
            once = known[ONCE].to_numpy(zero_copy_only=False)
            evidence = pa.DictionaryArray.from_arrays(pa.array(once.astype(np.int8)), pa.array(self.evidence))
            own = {name: known[name] for name in self.scorer.schema.features} | {EVIDENCE: evidence}
            lines = np.arange(done + 1, done + len(once) + 1)
            yield Batch(lines, known[ID_COLUMN], own, once, known[FIRST])
            done += len(once)


def _share_days(one, other):
    return one["first"] <= other["last"] and other["first"] <= one["last"]


class FirstBuyers:
    """Counts those of whom one purchase is known: the model did not learn from such customers.

    How often they left before stands in for a prediction: what is said of the others' is not said of theirs.
    """

    def __init__(self, threshold: float):
        self.threshold = threshold
        self.customers = self.named = 0
        self.expected_named = 0.0

    def take(self, scores: np.ndarray) -> None:
        named = scores >= self.threshold
        self.customers += len(scores)
        self.named += int(named.sum())
        self.expected_named += float(scores[named].sum())

    def to_dict(self) -> dict:
        return {
            "one_purchase": self.customers,
            "one_purchase_named": self.named,
            "one_purchase_expected": self.expected_named,
        }


def _rows(scorer: Scorer, policy: RiskPolicy, batch: Batch, scores, tiers) -> pa.RecordBatch:
    """Return customers as the CSV has them: nothing in it that a spreadsheet would run."""
    no, yes = scorer.schema.label.values[0], scorer.schema.label.values[-1]
    cells = (
        {ID_COLUMN: batch.ids}
        | batch.columns
        | {
            PREDICTION: pa.DictionaryArray.from_arrays(
                pa.array((scores >= scorer.threshold).astype(np.int8)), pa.array([no, yes])
            ),
            CHURN_PROBABILITY: pa.array(scores),
            RISK_TIER: pa.DictionaryArray.from_arrays(pa.array(tiers), pa.array(policy.tiers)),
        }
    )
    arrays = [_harmless(column, is_id=name == ID_COLUMN) for name, column in cells.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(cells))


def _harmless(column, *, is_id=False):
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return harmless_array(column, numbers_too=is_id) if pa.types.is_string(column.type) else column


def _write_csv(reader, path, written):
    with LogCsv(path, reader.schema, **written) as writer:
        for batch in reader:
            columns = [
                _harmless(column, is_id=name == ID_COLUMN)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            writer.write(pa.RecordBatch.from_arrays(columns, schema=batch.schema))
