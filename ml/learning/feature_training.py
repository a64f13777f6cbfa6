"""Learning from features of purchase logs: by time where dates decide, by a split where labels are given."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from ml.evaluation.metrics import evaluate
from ml.evaluation.signal import NAMES_NOBODY
from ml.learning.fitting import FittedModel, fit_model
from ml.learning.judging import choose_threshold, judge_as_served, judge_simple_rule, shuffle_importance
from ml.learning.packaging import TrainedModel, observe, package
from ml.learning.pipelines import balanced_weights
from ml.learning.splits import has_few, plan_split, refuse_few, split_rows
from ml.logs.feature_columns import LearnedColumns, choose_columns, pool
from ml.matrix.frames import hash_frame
from ml.matrix.schemas import FeatureSchema

# Older customers are of another time; and each cutoff lengthens the training.
MOST_POOLED = 3
TOO_FEW = "A longer log, or more customers, would do."
# Where a definition of churn says who is among them.
TOO_FEW_ACTIVE = (
    f"{TOO_FEW} So may another number of days, or a longer active window: choose them under “When is a "
    "customer lost?”."
)


@dataclass(frozen=True)
class Judged:
    """What a recipe said of the customers that it was judged on, in their order.

    Attributes
    ----------
    labels : ndarray of int, shape (n_customers,)
    probabilities : ndarray of float64, shape (n_customers,)
    threshold : float
    """

    labels: np.ndarray
    probabilities: np.ndarray
    threshold: float


@dataclass(frozen=True)
class LearnedModel:
    """What came of learning from a log.

    Attributes
    ----------
    trained : TrainedModel
        As every other model, for `ml.exchange.export.export_model`.
    schema : FeatureSchema
    fills : dict of str to float
        Median of each number among those learned from, in place of a null wherever it is scored.
    report : dict
        ``split`` ("temporal" or "stratified"), ``simple_rule`` (the best single column), ``optimistic`` (the
        figures of a random split of the same customers, None where that is the split), ``class_weights``;
        ``selection`` (`SelectionReport.to_dict`: what the model that serves was given, what it was not and
        why, what each column tells by itself), ``left_out`` {column: why} of the same; ``tested_without``
        {column: why} of the model that was judged, where it learned at another cutoff; ``cutoffs``: from how
        many the one that was judged learned (``tested_from``) and the one that serves (``serves_from``), and
        what was tried before (``tried``: Brier scores by the number of cutoffs).
    judged : Judged
    foretold : list of dict
        What the recipe said at the latest cutoffs, and what happened there, the latest last: ``rows``,
        ``mean_probability``, ``churn_rate``.
    """

    trained: TrainedModel
    schema: FeatureSchema
    fills: dict
    judged: Judged
    report: dict = field(default_factory=dict)
    foretold: list = field(default_factory=list)


def learn_over_time(earlier, later, *, before=(), name, model_type, params=None, seed=42):
    """Learn at one cutoff, judge at a later one, and fit the model that serves on the later one.

    Or at several: where older cutoffs are there, learning from up to three of them is tried on the earlier
    cutoff, beside learning from the one before it alone. Whichever is better there, by the Brier score, is
    the recipe; the later cutoff judges it and decides nothing.

    The published figures say how well the same way of learning did one horizon ago on the future of that
    time. The model that serves has learned from the latest customers whose outcome is known: a season that
    has passed would shift its probabilities.

    Parameters
    ----------
    earlier, later : FeatureTable
        The outcomes of `earlier` were known at the cutoff of `later`.
    before : sequence of FeatureTable
        Of older cutoffs, the oldest first, each known at the cutoff of the next; all tables then have ids.
    name : str
        Of the schema.
    model_type : str
        A slug of `ml.model_types.catalogue.MODEL_TYPES`.
    params : mapping of str to object, optional
    seed : int, default 42

    Returns
    -------
    LearnedModel

    Raises
    ------
    ValueError
        Too few customers of one outcome at one of the cutoffs, or nothing to learn from.
    """
    started = time.perf_counter()
    for table, when in ((earlier, "the earlier"), (later, "the later")):
        refuse_few(table.labels, where=f" at {when} cutoff", advice=TOO_FEW_ACTIVE)
    with threadpool_limits(limits=1):
        fit = partial(_fit, name=name, model_type=model_type, params=params, seed=seed)
        past = _with_enough([*before, earlier])
        tries = _try_past(past, fit)
        most = MOST_POOLED if _is_better_pooled(tries) else 1
        learned_from, serves_from = pool(past[-most:]), pool([*past, later][-most:])
        tested = fit(learned_from)
        judged = tested.judge(later)
        metrics, importance = _judge(tested, learned_from, later, judged, seed)
        fitted = fit(serves_from)
        # None of the figures is of the fit that serves: whoever shows them must be able to say so.
        metrics["fitted_again"] = {
            "customers": serves_from.customers,
            "threshold": fitted.threshold,
            "cutoffs": len([*past, later][-most:]),
        }
        report = {
            "split": "temporal",
            "simple_rule": metrics["simple_rule"],
            "optimistic": _optimistic(later, fit, seed),
            **_selected(fitted),
            "tested_without": tested.columns.left_out,
            "class_weights": fitted.weighs,
            "cutoffs": {
                "tested_from": len(past[-most:]),
                "serves_from": len([*past, later][-most:]),
                "tried": _tell_tries(tries),
            },
        }
        split = {
            "how": "temporal",
            "seed": seed,
            "train_rows": learned_from.customers,
            "test_rows": len(later),
        }
        learned = _learned(fitted, serves_from, later, judged, metrics, importance, split, report, started)
        return replace(learned, foretold=[*_choose(tries, most), _foretell(judged)])


def learn_from_labels(table, *, name, model_type, params=None, seed=42):
    """Learn from four fifths of labelled customers and judge on the rest.

    Parameters
    ----------
    table : FeatureTable
    name, model_type, params, seed
        See `learn_over_time`.

    Returns
    -------
    LearnedModel

    Raises
    ------
    ValueError
        Too few customers of one outcome, or nothing to learn from.
    """
    started = time.perf_counter()
    refuse_few(table.labels, advice=TOO_FEW)
    with threadpool_limits(limits=1):
        learned, held_out, plan = plan_split(table.labels, seed)
        train, test = table.rows(learned), table.rows(held_out)
        fitted = _fit(train, name, model_type, params, seed)
        judged = fitted.judge(test)
        metrics, importance = _judge(fitted, train, test, judged, seed)
        report = {
            "split": "stratified",
            "simple_rule": metrics["simple_rule"],
            "optimistic": None,
            **_selected(fitted),
            "class_weights": fitted.weighs,
        }
        split = {"how": "stratified"} | plan
        return _learned(fitted, train, test, judged, metrics, importance, split, report, started)


# --- One fit ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fitted:
    """A model that was fitted on the customers at one cutoff, and how it reads those at another."""

    columns: LearnedColumns
    model: FittedModel
    threshold: float
    weighs: bool
    observed: dict

    def read(self, table):
        return self.columns.read(table.frame)

    def read_as_served(self, table):
        """Return what is scored: beyond all that was learned from, the nearest of it (see `fill_batch`)."""
        features = self.read(table)
        return features.assign(
            **{name: features[name].clip(low, high) for name, (low, high) in self.observed.items()}
        )

    def judge(self, table):
        return Judged(table.labels, self.model.predict(self.read_as_served(table)), self.threshold)


def _fit(table, name, model_type, params, seed):
    columns = choose_columns(table, name=name)
    features = columns.read(table.frame)
    model = fit_model(
        features,
        table.labels,
        schema=columns.schema,
        model_type=model_type,
        params=params,
        seed=seed,
        balanced=True,
        groups=_group(table),
    )
    return _Fitted(
        columns=columns,
        model=model,
        threshold=choose_threshold(table.labels, model.honest),
        weighs=balanced_weights(table.labels) is not None,
        observed=observe(features, columns.schema),
    )


def _group(table):
    """Return who is the same customer at several cutoffs; None where everybody has one row."""
    if table.customers == len(table):
        return None
    return np.unique(table.ids, return_inverse=True)[1]


def _selected(fitted):
    columns = fitted.columns
    return {"selection": columns.selection.to_dict(), "left_out": columns.left_out}


# --- From how many cutoffs -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Try:
    """What came of learning from some cutoffs, at the next one."""

    place: int
    cutoffs: int
    judged: Judged

    @property
    def brier(self):
        return float(np.mean((self.judged.probabilities - self.judged.labels) ** 2))


def _with_enough(tables):
    """Return the latest cutoffs without a break, back to the first with too few customers of one outcome."""
    known = [position for position, table in enumerate(tables) if has_few(table.labels)]
    return tables[max(known, default=-1) + 1 :]


def _try_past(past, fit):
    """Learn from one cutoff and from as many as there are, and try both on the next one."""
    tries = []
    for place in range(1, len(past)):
        for cutoffs in sorted({1, min(place, MOST_POOLED)}):
            judged = fit(pool(past[place - cutoffs : place])).judge(past[place])
            tries.append(_Try(place, cutoffs, judged))
    return tries


def _is_better_pooled(tries):
    """Tell whether several cutoffs were better than one wherever both could be tried."""
    pooled = [one.brier for one in tries if one.cutoffs > 1]
    places = {one.place for one in tries if one.cutoffs > 1}
    alone = [one.brier for one in tries if one.cutoffs == 1 and one.place in places]
    return bool(pooled) and np.mean(pooled) < np.mean(alone)


def _choose(tries, most):
    """Return what the recipe foretold at past cutoffs, by the cutoffs that it would have learned from."""
    return [_foretell(one.judged) for one in tries if one.cutoffs == min(one.place, most)]


def _foretell(judged):
    return {
        "rows": len(judged.labels),
        "mean_probability": float(judged.probabilities.mean()),
        "churn_rate": float(judged.labels.mean()),
    }


def _tell_tries(tries):
    return [{"cutoffs": one.cutoffs, "brier": one.brier} for one in tries if one.place > 1]


# --- How good it is --------------------------------------------------------------------------------------


def _judge(fitted, train, test, judged, seed):
    schema, features = fitted.columns.schema, fitted.read_as_served(test)
    metrics = judge_as_served(
        features, judged.labels, judged.probabilities, judged.threshold, schema=schema, sliced_by=()
    )
    metrics["simple_rule"] = _simple_rule(fitted, train, test, judged)
    return metrics, shuffle_importance(fitted.model.pipeline, features, test.labels, schema, seed)


def _simple_rule(fitted, train, test, judged):
    return judge_simple_rule(
        fitted.read(train),
        train.labels,
        fitted.read(test),
        judged.labels,
        judged.probabilities,
        schema=fitted.columns.schema,
    )


def _optimistic(table, fit, seed):
    """Return the figures of a random split: the same customers of one moment, told apart with hindsight."""
    learned, held_out = split_rows(table.labels, seed)
    fitted = fit(table.rows(learned))
    judged = fitted.judge(table.rows(held_out))
    found = evaluate(judged.labels, judged.probabilities, judged.threshold)
    return {"accuracy": found["weighted"]["Accuracy"], "rows": found["rows"], **found["churners"]}


def _learned(fitted, learned_from, shown, judged, metrics, importance, split, report, started):
    features = fitted.read(learned_from)
    if metrics["names_nobody"]:
        judged = replace(judged, threshold=NAMES_NOBODY)
    metrics["names_nobody"] |= fitted.threshold == NAMES_NOBODY
    trained = package(
        fitted.model,
        threshold=NAMES_NOBODY if metrics["names_nobody"] else fitted.threshold,
        metrics=metrics,
        importance=importance,
        split=split | fitted.model.source | {"registered_rows": learned_from.customers},
        learned=features,
        shown=fitted.read(shown),
        data_sha256=hash_frame(features, learned_from.labels),
        seconds=time.perf_counter() - started,
    )
    return LearnedModel(trained, fitted.columns.schema, fitted.columns.fills, judged, report)
