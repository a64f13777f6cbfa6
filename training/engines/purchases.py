"""Learning from a purchase log: events in, a model and its report out. Runs in a child, without Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ml.evaluation.leaks import single_column_auc
from ml.evaluation.signal import describe_missing_signal, read_signal
from ml.exchange.export import export_model
from ml.learning.feature_training import learn_from_labels, learn_over_time
from ml.learning.judging import judge_rates
from ml.learning.splits import TEST_SHARE
from ml.logs.churn_definition import describe_gaps, suggest_threshold
from ml.logs.feature_columns import ID_COLUMN
from ml.logs.features.wording import say_feature
from ml.logs.labels import latest_cutoff, read_given_labels
from ml.logs.profile import judge_minimum
from ml.logs.profile.score import describe_shortfall
from ml.logs.profile.silence import find_doubt, find_silences
from ml.logs.purchase_log import PurchaseLog
from ml.logs.rates import learn_first_buyers, learn_rates, tenure_of
from ml.logs.visits import is_of_visits, say_visits
from registry.engines.exported import write_exported
from registry.engines.files import answering_where_unreachable
from training.engines.beside_champion import judge_champion
from training.engines.moments import MEMORY_LIMIT, Definition, LogWork, Progress, list_cutoffs

# A horizon below it is noise for any trade; the log then is too short to learn from.
SHORTEST_HORIZON = 14

# The share of the lapsed who stay away, where no log ever held one.
GONE_FOR_GOOD = 0.9


class CannotLearnFromLog(ValueError):
    """A sentence for the person who wanted a model."""


@answering_where_unreachable
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
    closed: Sequence[Sequence[str]] = (),
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
    closed
        First and last days on which nothing was open.
    minimum
        Whether the log is large enough (`ml.logs.profile.judge_minimum`), where somebody knows it already.
        One that is not may be learned from all the same; the report warns.
    champion
        What serves the base today, as `training.engines.beside_champion.judge_champion` takes it. It is
        judged on the same customers where they are those of a later cutoff.

    Returns
    -------
    dict
        ``report``, ``training_samples``, ``churn_rate``; or ``refusal``, a sentence; or ``unreachable`` where
        the files of the champion cannot be read now.
    """
    work = LogWork(Path(folder), Path(events), feature_set, on_progress)
    shortfall = []
    try:
        found_minimum, silences = _look_at(work.events)
        minimum = minimum or found_minimum
        shortfall = [*describe_shortfall(minimum), *_doubt(silences, closed)]
        if labels == "given":
            learned, found = _learn_given(work, as_of, model_type, params, seed)
        else:
            learned, found = _learn_by_time(work, as_of, definition, champion, model_type, params, seed)
        on_progress("Export", 0, 0)
        exported = export_model(learned.trained, learned.schema)
    except ValueError as error:
        # Who is refused is helped most by knowing how much is missing.
        refusal = " ".join([str(error), *shortfall])
        return {"refusal": say_visits(refusal) if work.is_of_visits else refusal}
    # Pages tell by it what the events are called from which a version learned.
    apart = {name: found[name] for name in ("judged_apart", "past_forecasts")}
    apart["of_visits"] = is_of_visits(found["how"]["columns"])
    # Which logs it can score is known by them before anybody tries.
    apart["log_columns"] = found["how"]["columns"]
    warnings = [
        *_doubt(silences, closed, found["read_since"]),
        *_missing_signal(learned),
        *describe_shortfall(minimum),
        *found["report"]["warnings"],
    ]
    report = {
        **learned.report,
        **found["report"],
        **apart,
        "minimum": minimum,
        "warnings": [say_visits(each) for each in warnings] if apart["of_visits"] else warnings,
        "seconds": learned.trained.seconds,
    }
    manifest = exported.manifest | {
        "metrics": exported.manifest["metrics"] | apart,
        "purchase_features": {
            "feature_set": feature_set,
            "fills": learned.fills,
            **found["how"],
            "first_buyers": found["first_buyers"],
            "lapsed": found["lapsed"],
            # Given labels say nothing about when a silent customer has left.
            "active_window_days": report.get("definition", {}).get("active_window_days"),
            "horizon_days": report.get("definition", {}).get("horizon_days"),
        },
        "evidence": report,
    }
    write_exported(Path(folder), replace(exported, manifest=manifest))
    return {
        "report": report,
        "training_samples": learned.trained.split["registered_rows"],
        "churn_rate": found["churn_rate"],
    }


def _learn_given(work, as_of, model_type, params, seed):
    work.on_progress("Labels", 0, 0)
    target = work.folder / "labels.parquet"
    cutoff = dt.datetime.fromisoformat(as_of) if as_of else _end_of(work.events)
    outcome = read_given_labels(work.events, target=target)
    labels = pq.read_table(target, columns=[ID_COLUMN, "churned"]).to_pandas()
    work.on_progress("Features", 0, 0)
    table, once, report = work.read(cutoff, labels)
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
        "report": {
            "as_of": cutoff.isoformat(),
            "one_purchase": len(once),
            "warnings": warnings,
            "absent": report.absent,
        },
        "how": _how(report),
        "read_since": None,
        **_first_buyers_given(once, table, seed),
        # Without a later day there was no forecast.
        "past_forecasts": [],
        "churn_rate": float(table.labels.mean()),
    }


def _learn_by_time(work, as_of, wanted, champion, model_type, params, seed):
    work.on_progress("Churn definition", 0, 0)
    definition, is_shorter, start = _define(work.events, wanted)
    latest = _end_of(work.events) - definition.span
    if as_of and not is_shorter:
        # Of later customers nobody knows yet what became of them.
        latest = min(latest, dt.datetime.fromisoformat(as_of))
    cutoffs, moments = list_cutoffs(latest, start=start, definition=definition), []
    for number, cutoff in enumerate(cutoffs):
        work.on_progress("Features", number, len(cutoffs))
        moments.append(work.moment(cutoff, definition))
    earlier, later = moments[-2:]
    warnings, _ = _strong_columns(earlier.table)
    work.on_progress("Train", 0, 0)
    learned = learn_over_time(
        earlier.table,
        later.table,
        before=[each.table for each in moments[:-2]],
        name=work.feature_set,
        model_type=model_type,
        params=params,
        seed=seed,
    )
    return learned, {
        "report": {
            "beside_champion": champion
            and _judge_champion(work, champion, learned.judged, later, definition),
            "definition": definition.to_dict(),
            "trained_at_cutoff": earlier.as_of.isoformat(),
            "tested_at_cutoff": later.as_of.isoformat(),
            "registered_at_cutoff": later.as_of.isoformat(),
            "lapsed": len(later.gone_days),
            "one_purchase": len(later.once),
            "absent": later.report.absent,
            "warnings": warnings,
        },
        "how": _how(later.report),
        # Of who was silent before the first active window nothing is learned.
        "read_since": (moments[0].as_of - dt.timedelta(days=definition.window)).date(),
        **_rates_over_time(moments),
        "past_forecasts": _past_forecasts(moments, learned.foretold),
        "churn_rate": float(later.table.labels.mean()),
    }


def _rates_over_time(moments):
    """Return the rates of those whom no model is asked about, and how they did at the latest cutoff."""
    *before, later = moments
    first = learn_first_buyers([each.once for each in before], before[-1].table)
    gone = _learn_lapsed(before)
    return {
        "first_buyers": learn_first_buyers([each.once for each in moments], later.table),
        "lapsed": _learn_lapsed(moments),
        "judged_apart": {
            "first_buyers": judge_rates(first, tenure_of(later.once), later.once.labels),
            "lapsed": judge_rates(gone, later.gone_days, later.gone_labels),
        },
    }


def _past_forecasts(moments, foretold):
    """Return how many were expected to leave at past cutoffs and how many left, of all who were scored."""
    found, first = [], len(moments) - len(foretold)
    for place, often in enumerate(foretold, start=first):
        before, moment = moments[:place], moments[place]
        rates = learn_first_buyers([each.once for each in before], before[-1].table)
        once = judge_rates(rates, tenure_of(moment.once), moment.once.labels)
        parts = [part for part in (often, once) if part["rows"]]
        customers = sum(part["rows"] for part in parts)
        found.append(
            {
                "as_of": moment.as_of.isoformat(),
                "customers": customers,
                "promised": sum(part["rows"] * part["mean_probability"] for part in parts) / customers,
                "happened": sum(part["rows"] * part["churn_rate"] for part in parts) / customers,
            }
        )
    return found


def _learn_lapsed(moments):
    return learn_rates(
        [each.gone_days for each in moments], [each.gone_labels for each in moments], common=GONE_FOR_GOOD
    )


def _first_buyers_given(once, table, seed):
    """Return the rates of four fifths of those who bought once, judged on the others; nobody has lapsed."""
    places = np.random.default_rng(seed).permutation(len(once))
    held_out, learned = np.split(places, [round(TEST_SHARE * len(once))])
    rates, others = learn_first_buyers([once.rows(learned)], table), once.rows(held_out)
    judged = judge_rates(rates, tenure_of(others), others.labels)
    return {"first_buyers": rates, "lapsed": None, "judged_apart": {"first_buyers": judged}}


def _judge_champion(work, champion, judged, later, definition):
    work.on_progress("Champion", 0, 0)
    return judge_champion(
        champion,
        judged,
        events=work.events,
        ids=later.table.ids.tolist(),
        as_of=later.as_of,
        until=later.as_of + definition.span,
        folder=work.folder,
        memory_limit=MEMORY_LIMIT,
    )


def _define(events, wanted):
    """Return the definition, whether it was shortened, which nobody confirmed, and where the log begins."""
    with PurchaseLog(events, memory_limit=MEMORY_LIMIT) as log:
        gaps, of_visits = describe_gaps(log), is_of_visits(log.columns)
    gap, horizon = wanted["gap_days"] or 0, wanted["horizon_days"]
    reason = "It was confirmed for this log." if wanted["confirmed"] else "It was not confirmed for this log."
    if horizon is None:
        suggested = suggest_threshold(gaps, of_visits=of_visits)
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
    start = dt.datetime.fromisoformat(gaps["first_on"])
    return Definition(horizon, gap, wanted["active_window_days"] or horizon, reason), is_shorter, start


def _look_at(events):
    with PurchaseLog(events, memory_limit=MEMORY_LIMIT) as log:
        return judge_minimum(log), find_silences(log)


def _doubt(silences, closed, since=None):
    found = find_doubt(silences, closed=closed, since=since)
    return [found["sentence"]] if found else []


def _end_of(events):
    """Return midnight after the latest event: the first moment of which the log knows nothing."""
    return latest_cutoff(events, horizon_days=0)


def _strong_columns(table):
    """Return warnings about columns that nearly tell the outcome by themselves, and the one that does."""
    warnings, telling = [], None
    if len(set(table.labels)) < 2:
        return warnings, telling
    for found in single_column_auc(table.frame, table.labels):
        if found.verdict != "fine":
            said = say_feature(found.column)
            warnings.append(
                f"{said[0].upper()}{said[1:]} alone ranks the customers nearly as well as can be "
                f"(AUC {found.auc:.3f})."
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
