"""Learning from a purchase log: events in, a model and its report out. Runs in a child, without Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from ml.evaluation.leaks import single_column_auc
from ml.evaluation.signal import describe_missing_signal, read_signal
from ml.exchange.export import export_model
from ml.learning.feature_training import learn_from_labels, learn_over_time
from ml.logs.churn_definition import describe_gaps, suggest_threshold
from ml.logs.evidence import learn_first_buyers
from ml.logs.feature_columns import ID_COLUMN, FeatureTable
from ml.logs.features.engine import FeatureReport, compute_features
from ml.logs.features.wording import say_feature
from ml.logs.labels import label_customers, latest_cutoff, read_given_labels
from ml.logs.profile import judge_minimum
from ml.logs.profile.score import describe_shortfall
from ml.logs.purchase_log import PurchaseLog
from registry.engines.exported import write_exported
from training.engines.beside_champion import judge_champion

MEMORY_LIMIT = "1GB"
FEWEST_PURCHASES = 2
# A horizon below it is noise for any trade; the log then is too short to learn from.
SHORTEST_HORIZON = 14

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Definition:
    """When a customer counts as lost, in days."""

    horizon: int
    gap: int
    window: int
    reason: str

    def to_dict(self) -> dict:
        return {
            "horizon_days": self.horizon,
            "gap_days": self.gap,
            "active_window_days": self.window,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Moment:
    """The customers at one cutoff: those learned from, and those of whom too little is known for that."""

    as_of: dt.datetime
    ids: list[str]
    table: FeatureTable
    once: FeatureTable
    report: FeatureReport
    lapsed: int


class CannotLearnFromLog(ValueError):
    """A sentence for the person who wanted a model."""


def learn(
    *,
    folder: str,
    events: str,
    feature_set: str,
    as_of: str | None,
    labels: str,
    definition: dict,
    model_type: str,
    params: dict,
    minimum: dict | None = None,
    champion: dict | None = None,
    seed: int = 42,
    on_progress: Progress,
) -> dict:
    """Compute features and outcomes, learn, and leave manifest, graph and pipeline in a folder.

    Parameters
    ----------
    folder
        An empty folder.
    events
        Parquet file of canonical events.
    as_of
        ISO instant by the clock of the log; nothing at or after it is looked at for features or outcomes.
    labels
        "given" or "definition".
    definition
        ``horizon_days`` (None: suggested from the log), ``gap_days``, ``active_window_days`` (None: as long
        as the horizon), and ``confirmed``: whether a person chose them, so that they stay as they are.
    minimum
        Whether the log is large enough (`ml.logs.profile.judge_minimum`), where somebody knows it already.
        One that is not may be learned from all the same; the report warns.
    champion
        What serves the base today, as `training.engines.beside_champion.judge_champion` takes it. It is
        judged on the same customers where they are those of a later cutoff.

    Returns
    -------
    dict
        ``report``, ``training_samples``, ``churn_rate``; or ``refusal``, a sentence.
    """
    work = _Work(Path(folder), Path(events), feature_set, on_progress)
    shortfall = []
    try:
        minimum = minimum or _judge_minimum(work.events)
        shortfall = describe_shortfall(minimum)
        if labels == "given":
            learned, found = _learn_given(work, as_of, model_type, params, seed)
        else:
            learned, found = _learn_by_time(work, as_of, definition, champion, model_type, params, seed)
        on_progress("Export", 0, 0)
        exported = export_model(learned.trained, learned.schema)
    except ValueError as error:
        # Who is refused is helped most by knowing how much is missing.
        return {"refusal": " ".join([str(error), *shortfall])}
    report = {
        **learned.report,
        **found["report"],
        "minimum": minimum,
        "warnings": [*_missing_signal(learned), *shortfall, *found["report"]["warnings"]],
        "seconds": learned.trained.seconds,
    }
    manifest = exported.manifest | {
        "purchase_features": {
            "feature_set": feature_set,
            "fills": learned.fills,
            **found["how"],
            "first_buyers": found["first_buyers"],
            # Given labels say nothing about when a silent customer has left.
            "active_window_days": report.get("definition", {}).get("active_window_days"),
        },
        "evidence": report,
    }
    write_exported(Path(folder), replace(exported, manifest=manifest))
    return {
        "report": report,
        "training_samples": learned.trained.split["registered_rows"],
        "churn_rate": found["churn_rate"],
    }


class _Work:
    """One log at different cutoffs."""

    def __init__(self, folder, events, feature_set, on_progress):
        self.folder, self.events, self.feature_set = folder, events, feature_set
        self.on_progress = on_progress

    def features_at(self, as_of):
        target = self.folder / f"features-{as_of:%Y%m%d%H%M%S}.parquet"
        report = compute_features(
            self.events,
            as_of=as_of,
            feature_set=self.feature_set,
            target=target,
            memory_limit=MEMORY_LIMIT,
            threads=1,
        )
        return pq.read_table(target).to_pandas(), report

    def moment(self, as_of, labels):
        """Join features with outcomes; who has no outcome at this cutoff is no part of it."""
        frame, report = self.features_at(as_of)
        purchases = self._purchases_before(as_of)
        frame = frame.merge(labels, on=ID_COLUMN, how="inner")
        often = frame[ID_COLUMN].map(purchases).fillna(0) >= FEWEST_PURCHASES
        return frame, often.to_numpy(), report

    def _purchases_before(self, as_of):
        with PurchaseLog(self.events, as_of=as_of, memory_limit=MEMORY_LIMIT) as log:
            found = log.arrays("SELECT customer_id, purchases FROM customers")
        return dict(zip(found["customer_id"], found["purchases"], strict=True))


def _learn_given(work, as_of, model_type, params, seed):
    work.on_progress("Labels", 0, 0)
    target = work.folder / "labels.parquet"
    cutoff = dt.datetime.fromisoformat(as_of) if as_of else _end_of(work.events)
    outcome = read_given_labels(work.events, target=target)
    labels = pq.read_table(target, columns=[ID_COLUMN, "churned"]).to_pandas()
    work.on_progress("Features", 0, 0)
    frame, often, report = work.moment(cutoff, labels)
    table, once = _table(frame[often]), _table(frame[~often])
    strong, telling = _strong_columns(table)
    if telling:
        # Only of a label that came with the file nobody knows when it was written down; what follows the
        # cutoff is kept from the features anyway.
        raise CannotLearnFromLog(
            f"{telling} alone tells who left: the label must have been derived from it, or from what the log "
            "says. A model of it would predict nothing. Send what happened after the end of the log."
        )
    warnings = [*outcome.warnings, *strong]
    work.on_progress("Train", 0, 0)
    learned = learn_from_labels(table, name=work.feature_set, model_type=model_type, params=params, seed=seed)
    return learned, {
        "report": {"as_of": cutoff.isoformat(), "warnings": warnings, "absent": report.absent},
        "how": _how(report),
        "first_buyers": learn_first_buyers(once, table),
        "churn_rate": float(table.labels.mean()),
    }


def _learn_by_time(work, as_of, wanted, champion, model_type, params, seed):
    work.on_progress("Churn definition", 0, 0)
    definition, is_shorter = _define(work.events, wanted)
    span = dt.timedelta(days=definition.horizon + definition.gap)
    latest = _end_of(work.events) - span
    if as_of and not is_shorter:
        # Of later customers nobody knows yet what became of them.
        latest = min(latest, dt.datetime.fromisoformat(as_of))
    moments = []
    for number, cutoff in enumerate((latest - span, latest)):
        work.on_progress("Features", number, 2)
        moments.append(_moment(work, cutoff, definition))
    earlier, later = moments
    warnings, _ = _strong_columns(earlier.table)
    work.on_progress("Train", 0, 0)
    learned = learn_over_time(
        earlier.table, later.table, name=work.feature_set, model_type=model_type, params=params, seed=seed
    )
    return learned, {
        "report": {
            "beside_champion": champion and _judge_champion(work, champion, learned.judged, later, span),
            "definition": definition.to_dict(),
            "trained_at_cutoff": earlier.as_of.isoformat(),
            "tested_at_cutoff": later.as_of.isoformat(),
            "registered_at_cutoff": later.as_of.isoformat(),
            "lapsed": later.lapsed,
            "one_purchase": len(later.once),
            "absent": later.report.absent,
            "warnings": warnings,
        },
        "how": _how(later.report),
        "first_buyers": learn_first_buyers(later.once, later.table),
        "churn_rate": float(later.table.labels.mean()),
    }


def _judge_champion(work, champion, judged, later, span):
    work.on_progress("Champion", 0, 0)
    return judge_champion(
        champion,
        judged,
        events=work.events,
        ids=later.ids,
        as_of=later.as_of,
        until=later.as_of + span,
        folder=work.folder,
        memory_limit=MEMORY_LIMIT,
    )


def _moment(work, cutoff, definition):
    target = work.folder / f"labels-{cutoff:%Y%m%d}.parquet"
    label_customers(
        work.events,
        as_of=cutoff,
        horizon_days=definition.horizon,
        gap_days=definition.gap,
        active_window_days=definition.window,
        target=target,
    )
    labels = pq.read_table(target).to_pandas()
    active = labels[labels["status"] == "active"]
    frame, often, report = work.moment(cutoff, active[[ID_COLUMN, "churned"]])
    return Moment(
        as_of=cutoff,
        ids=frame[ID_COLUMN][often].tolist(),
        table=_table(frame[often]),
        once=_table(frame[~often]),
        report=report,
        lapsed=len(labels) - len(active),
    )


def _define(events, wanted):
    """Return the definition, and whether it had to be shortened for a log in which nobody confirmed one."""
    with PurchaseLog(events, memory_limit=MEMORY_LIMIT) as log:
        gaps = describe_gaps(log)
    gap, horizon = wanted["gap_days"] or 0, wanted["horizon_days"]
    reason = "It was confirmed for this log." if wanted["confirmed"] else "It was not confirmed for this log."
    if horizon is None:
        suggested = suggest_threshold(gaps)
        if suggested["days"] is None:
            raise CannotLearnFromLog(" ".join(suggested["problems"]) or suggested["reason"])
        horizon, reason = suggested["days"], suggested["reason"]
    # Outcomes twice, and before them as long a time in which customers were active.
    longest = gaps["span_days"] // 3 - gap
    is_shorter = not wanted["confirmed"] and longest < horizon
    if is_shorter:
        reason = f"The log is too short for {horizon} days."
        horizon = longest
    needed = max(2 * (horizon + gap), 3 * SHORTEST_HORIZON)
    if horizon < SHORTEST_HORIZON or gaps["span_days"] <= needed:
        raise CannotLearnFromLog(
            f"The log covers {gaps['span_days']:,} days. To learn and to test, it must cover more than "
            f"{needed:,}. Send a longer log, shorten the horizon, or send a column churn_label."
        )
    return Definition(horizon, gap, wanted["active_window_days"] or horizon, reason), is_shorter


def _judge_minimum(events):
    with PurchaseLog(events, memory_limit=MEMORY_LIMIT) as log:
        return judge_minimum(log)


def _end_of(events):
    """Return midnight after the latest event: the first moment of which the log knows nothing."""
    return latest_cutoff(events, horizon_days=0)


def _table(frame):
    frame = frame.reset_index(drop=True)
    return FeatureTable(frame.drop(columns=["churned", ID_COLUMN]), frame["churned"].to_numpy(dtype="int64"))


def _strong_columns(table):
    """Return warnings about columns that nearly tell the outcome by themselves, and the one that does."""
    warnings, telling = [], None
    if len(set(table.labels)) < 2:
        return warnings, telling
    for found in single_column_auc(table.frame, table.labels):
        if found.verdict != "fine":
            warnings.append(
                f"{found.column} alone ranks the customers nearly as well as can be (AUC {found.auc:.3f})."
            )
        if found.verdict == "blocks":
            telling = telling or found.column
    return warnings, telling


def _missing_signal(learned):
    """Return the warning that comes before all others; none where the model is shown to tell who leaves."""
    metrics = learned.trained.metrics
    told = describe_missing_signal(read_signal(metrics), say_feature)
    if told and metrics["names_nobody"]:
        told = f"{told} So it names nobody."
    return [told] if told else []


def _how(report):
    """Return what the features of a single customer need to be those of the log, bit for bit."""
    return {
        "columns": list(report.columns),
        "has_time": report.has_time,
        "cuts": report.cuts and list(report.cuts),
    }
