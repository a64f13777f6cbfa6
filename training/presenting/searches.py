"""A search for the best model in words: which types were tried, how each did, and why one of them learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.figures import percent
from core.pictures import Range, ranges
from jobs.models import Job
from ml.search.weights import WEIGHTS
from training.models import ModelSearch, SearchPart

WAITS, TRIED_NOW, DONE, FAILED = "waits", "is tried", "tried", "failed"
# What the weights are of, in words and in their order.
PARTS = {
    "f1": "F1 of those who leave",
    "recall": "how many of them it finds",
    "profit": "expected profit",
    "stability": "how even it is over the folds",
    "speed": "how fast it learns",
}


@dataclass(frozen=True)
class TriedType:
    """One type of a search as a row of its page.

    Parameters
    ----------
    state, said
        Where it stands, as one of the words above and as a sentence.
    percent
        How much of it is done; None where it waits or is over.
    figures, intervals
        By name, out of fold; empty until it is done.
    parameters
        The best settings that were tried.
    pictured
        The interval of its AUC on the scale of all rows; None until it is done.
    rank
        The best is 1; None until all are ranked.
    level_with_first
        Whether it is not told apart from the best.
    """

    model_type: str
    name: str
    state: str
    said: str
    percent: int | None
    figures: Mapping[str, float]
    intervals: Mapping[str, list]
    pictured: Range | None
    parameters: Mapping[str, Any]
    tried: tuple[dict, ...]
    seconds: float | None
    rank: int | None
    score: float | None
    level_with_first: bool


@dataclass(frozen=True)
class SearchPage:
    """What the page of a search shows.

    Parameters
    ----------
    sentences
        What came of it, bad news first.
    can_stop
        Whether something was found that the training could go on with at once.
    """

    types: list[TriedType]
    sentences: list[str]
    goes_on: bool
    can_stop: bool


def show_search(search: ModelSearch, *, at: datetime) -> SearchPage:
    """Return the page of a search, also while it goes on."""
    ranked = {row["model_type"]: (place, row) for place, row in enumerate(search.ranking or (), start=1)}
    parts = list(search.parts.select_related("model_type", "job"))
    pictured = _pictured(parts)
    rows = [_row(part, ranked.get(part.model_type.slug), pictured.get(part.pk), at) for part in parts]
    rows.sort(key=lambda row: (row.rank or len(rows) + 1, row.name))
    has_ended = search.training.job.has_ended
    goes_on = search.ranking is None and not has_ended
    some_done = any(row.state == DONE for row in rows)
    can_stop = goes_on and search.stopped_at is None and some_done and any(_is_open(p) for p in parts)
    return SearchPage(rows, _sentences(search, rows), goes_on, can_stop)


def _is_open(part):
    return part.job is None or not part.job.has_ended


def _pictured(parts):
    done = [part for part in parts if part.result and part.result["figures"]]
    drawn = ranges(
        {
            "low": part.result["intervals"]["roc_auc"][0],
            "value": part.result["figures"]["roc_auc"],
            "high": part.result["intervals"]["roc_auc"][1],
        }
        for part in done
    )
    return {part.pk: found for part, found in zip(done, drawn, strict=True)}


def _row(part, ranked, pictured, at):
    place, found = ranked or (None, {})
    result = part.result or {}
    state, said, percent = _standing(part, at)
    return TriedType(
        model_type=part.model_type.slug,
        name=part.model_type.name,
        state=state,
        said=said,
        percent=percent,
        figures=result.get("figures") or {},
        intervals=result.get("intervals") or {},
        pictured=pictured,
        parameters=result.get("chosen") or {},
        tried=tuple(result.get("tried") or ()),
        seconds=result.get("seconds"),
        rank=place,
        score=found.get("score"),
        level_with_first=bool(found.get("level")) and place != 1,
    )


def _standing(part: SearchPart, at):
    if part.result and not part.result["failed"]:
        return DONE, _what_was_learned(part.result), None
    if part.result:
        return FAILED, part.result["failed"], None
    job = part.job
    if job is None or job.state in (Job.State.WAITING, Job.State.QUEUED):
        return WAITS, "Waits for its turn.", None
    if job.state == Job.State.CANCELLED or job.is_cancelling:
        return FAILED, "Stopped before it was done.", None
    if job.state == Job.State.FAILED:
        return FAILED, (job.error or {}).get("message", "It failed."), None
    return TRIED_NOW, "Is being tried.", job.percent(at=at)


def _what_was_learned(result):
    if not result["draws"]:
        return ""
    return f"Tried on {result['learned_rows']:,} of the customers, drawn at random: more would take too long."


def _sentences(search, rows):
    """Say what came of it: that the best is not told apart from others comes before that it is the best."""
    if search.ranking is None:
        return []
    best = next(row for row in rows if row.rank == 1)
    said = []
    if level := [row.name for row in rows if row.level_with_first]:
        said.append(
            f"{_listed([best.name, *level])} cannot be told apart: their log losses differ by no more than "
            "chance makes them differ."
        )
    said.append(
        f"{best.name} learns: of those with the smallest log loss it comes first by {_weights_of(search)}."
    )
    said.append(
        f"All figures are of the {search.prepared['rows']:,} customers that the training learns from, each "
        "judged by a model that had not seen them. They are a little flattered, because the best of several "
        "was taken. How good the new version is on customers by whom nothing was chosen stands on the page "
        "of the training."
    )
    if search.stopped_at:
        said.append("The search was stopped before all types were tried to their end.")
    return said


def _weights_of(search):
    weights = WEIGHTS[search.weights]
    return _listed([f"{PARTS[name]} ({percent(weight, 0)})" for name, weight in weights.items()])


def _listed(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
