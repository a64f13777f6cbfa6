"""A new version beside existing ones, on customers that none of them has learned from. Knows no Django."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.evaluation.comparison import (
    compare_versions,
    feature_shift,
    rows_that_change,
    state_verdict,
    untouched,
)
from ml.evaluation.metrics import evaluate, reliability
from ml.evaluation.profit import profit_curve
from ml.evaluation.resampling import resample
from ml.evaluation.slices import slices
from ml.learning.honest_scores import raw_scores
from ml.learning.judging import SLICE_RESAMPLES
from ml.learning.newest_uploads import judge_newest
from ml.matrix.frames import clean_frame
from ml.serving.scoring import Scorer

NEW = "new"
MOST_NAMED = 20
MOST_FEATURES = 10
# A campaign to compare with: a kept customer pays on for a year, every contact costs, few are won back.
MONTHS_KEPT = 12
VALUE_WITHOUT_REVENUE = 500.0
CONTACT_COST = 20.0
SUCCESS_RATE = 0.25

REAL_VERDICTS = {
    "better": "better",
    "worse": "worse",
    "no_real_difference": "no real difference",
    None: "too few to tell",
}


@dataclass(frozen=True)
class Contender:
    """An existing version: what scores with it, and whom it learned from.

    Parameters
    ----------
    key
        ``serving`` or ``v1``.
    is_known
        Whether `learned` is exact. Otherwise everybody who may have been among them is in it.
    """

    key: str
    name: str
    scorer: Scorer
    learned: frozenset[str]
    is_known: bool


def compare_on_untouched(
    ids,
    frame,
    labels,
    held_out,
    *,
    trained,
    exported,
    existing,
    schema,
    sliced_by,
    value_column,
    twins=None,
    invented=None,
    uploads=None,
) -> dict:
    """Return everything that the result page shows, ready for JSON.

    Only customers who were held out take part, by their positions. Along a chain of retrainings no version
    learned from any of them; where one is from elsewhere, whom it learned from is left out: to those it would
    seem better than it is. That holds for the twins of these, too.

    Parameters
    ----------
    sliced_by
        Features by whose parts the figures are given as well.
    value_column
        What a customer pays a month, for the campaign; None where no column says it, and no profit is told.
    twins
        Which customers are equal in all features, from `ml.learning.twins.find_twins`; None where none are.
    invented
        Which customers the product made up: what holds of the real ones alone is told beside. None where all
        are real.
    uploads
        The number of the upload that each came with, for `ml.learning.newest_uploads.judge_newest`; None
        where there was one.
    """
    fair = _untouched(ids, held_out, existing, twins)
    chosen = held_out[fair]
    groups = None if twins is None else twins[chosen]
    came = None if uploads is None else uploads[chosen]
    y = labels[chosen]
    judged = {
        "held_out": len(held_out),
        "customers": len(chosen),
        "churned": int(y.sum()),
        "different": len(y) if groups is None else len(np.unique(groups)),
        "left_out": int((~fair).sum()),
        "invented": 0 if invented is None else int(invented[chosen].sum()),
        "unknown": [contender.name for contender in existing if not contender.is_known],
    }
    found = {"judged": judged, "versions": [], "pairs": [], "sentence": None}
    if not existing:
        return found | {"sentence": "There was no version to compare with."}
    if not 0 < judged["churned"] < judged["customers"]:
        return found | {
            "sentence": "Not compared: of the customers that were held out, none of one outcome is new to "
            "the versions before. A file with customers who were not there before makes it possible."
        }

    table = frame.iloc[chosen].reset_index(drop=True)
    columns = _encoded(table, schema)
    new = Contender(NEW, "the new version", Scorer(exported.manifest, exported.onnx), frozenset(), True)
    scores = {contender.key: contender.scorer.score_batch(columns) for contender in (new, *existing)}
    campaign = _campaign(table, value_column)
    measured = _measure((new, *existing), y, scores, groups)
    found["versions"] = [
        _figures(contender, y, scores[contender.key], measured[contender.key], campaign, groups, came)
        for contender in (new, *existing)
    ]
    raw = np.clip(raw_scores(trained.pipeline, clean_frame(table, schema)), 0.0, 1.0)
    found["versions"][0]["uncalibrated"] = reliability(y, raw)
    found["pairs"] = [
        _pair(new, contender, y, scores, measured, columns, [ids[place] for place in chosen], groups)
        for contender in existing
    ]
    if judged["invented"]:
        for pair, contender in zip(found["pairs"], existing, strict=True):
            pair["real"] = _on_real(new, contender, y, scores, groups, ~invented[chosen])
            pair["sentence"] += f" {_say_invented(judged, pair['real'])}"
    found["slices"] = _slices(columns, y, scores, new, existing[0], schema, sliced_by, groups)
    found["campaign"] = campaign
    found["sentence"] = found["pairs"][0]["sentence"]
    return found


def _untouched(ids, held_out, existing, twins):
    """Return of those held out from whom no version learned, nor from a twin of theirs."""
    learned = [contender.learned for contender in existing]
    fair = untouched([ids[position] for position in held_out], *learned)
    if twins is None:
        return fair
    seen = ~untouched(ids, *learned)
    return fair & ~np.isin(twins[held_out], twins[seen])


def _encoded(table, schema):
    """Return the features with each category as a dictionary, so that whoever reads them need not again."""
    words = {
        column.name: pa.array(table[column.name], from_pandas=True).dictionary_encode()
        for column in schema.categorical
    }
    return words | {column.name: table[column.name].to_numpy() for column in schema.numeric}


def _measure(contenders, y, scores, groups):
    found = resample(y, [(scores[one.key], one.scorer.threshold) for one in contenders], groups=groups)
    return dict(zip((one.key for one in contenders), found, strict=True))


def _figures(contender, y, p, measured, campaign, groups, uploads):
    threshold = contender.scorer.threshold
    return {
        "key": contender.key,
        "name": contender.name,
        "threshold": threshold,
        "figures": evaluate(y, p, threshold, groups=groups) | judge_newest(y, p, uploads, groups),
        "intervals": measured.intervals().to_dict(),
        "profit": profit_curve(y, p, **campaign).to_dict() if campaign else None,
    }


def _pair(new, old, y, scores, measured, columns, ids, groups):
    before, after = scores[old.key], scores[new.key]
    thresholds = (old.scorer.threshold, new.scorer.threshold)
    comparison = compare_versions(
        y, before, after, thresholds, resampled=(measured[old.key], measured[new.key]), groups=groups
    )
    to_leave, to_stay = rows_that_change(before, after, thresholds)

    def named(rows):
        return [
            {
                "customer": ids[row],
                "before": float(before[row]),
                "after": float(after[row]),
                "churned": bool(y[row]),
            }
            for row in rows[:MOST_NAMED].tolist()
        ]

    shifts = feature_shift(old.scorer, new.scorer, columns)
    return {
        "key": old.key,
        "name": old.name,
        **comparison.to_dict(),
        "sentence": state_verdict(comparison, serving=old.name, new=new.name),
        "named": {"to_leave": named(to_leave), "to_stay": named(to_stay)},
        "feature_shift": [shift.to_dict() for shift in shifts[:MOST_FEATURES]],
    }


def _on_real(new, old, y, scores, groups, real):
    """Return what came of two versions on the real customers alone, who may be few beside those made up."""
    told = {"customers": int(real.sum()), "churned": int(y[real].sum()), "verdict": None}
    if not 0 < told["churned"] < told["customers"]:
        return told
    comparison = compare_versions(
        y[real],
        scores[old.key][real],
        scores[new.key][real],
        (old.scorer.threshold, new.scorer.threshold),
        groups=None if groups is None else groups[real],
    )
    verdict = comparison.verdict if comparison.enough else None
    sentence = state_verdict(comparison, serving=old.name, new=new.name)
    return told | {"verdict": verdict, "sentence": sentence}


def _say_invented(judged, real):
    if not real["customers"]:
        return "All of them are invented, so this tells nothing of your own customers."
    are = "is" if judged["invented"] == 1 else "are"
    said = REAL_VERDICTS[real["verdict"]]
    return f"{judged['invented']:,} of them {are} invented; on the {real['customers']:,} real alone: {said}."


def _slices(columns, y, scores, new, old, schema, sliced_by, groups):
    parts = {
        version.key: slices(
            columns,
            y,
            scores[version.key],
            version.scorer.threshold,
            schema=schema,
            features=sliced_by,
            resamples=SLICE_RESAMPLES,
            groups=groups,
        )
        for version in (new, old)
    }
    return [
        {
            "feature": fresh.feature,
            "label": fresh.label,
            "customers": fresh.customers,
            "churned": fresh.churned,
            "small": fresh.small,
            "new": _slice_figures(fresh),
            "old": _slice_figures(former),
        }
        for fresh, former in zip(parts[new.key], parts[old.key], strict=True)
    ]


def _slice_figures(part):
    found = part.to_dict()["metrics"]
    return {"f1": found["churners"]["f1"], "brier": found["probabilities"]["brier"]}


def _campaign(table, value_column):
    """Return what a campaign is supposed to cost and bring; None where no column says what customers are
    worth.
    """
    if value_column is None:
        return None
    value = round(MONTHS_KEPT * float(table[value_column].mean()), 2)
    return {
        "value": value if value > 0 else VALUE_WITHOUT_REVENUE,
        "cost": CONTACT_COST,
        "success_rate": SUCCESS_RATE,
    }
