"""Learning from features of purchase logs: by time where dates decide, by a split where labels are given."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from ml.evaluation.metrics import evaluate
from ml.evaluation.signal import NAMES_NOBODY, read_signal
from ml.learning.fitting import FittedModel, fit_model
from ml.learning.judging import choose_threshold, judge, judge_simple_rule, shuffle_importance
from ml.learning.packaging import TrainedModel, package
from ml.learning.pipelines import balanced_weights
from ml.learning.splits import plan_split, refuse_few, split_rows
from ml.logs.feature_columns import LearnedColumns, choose_columns
from ml.matrix.frames import hash_frame
from ml.matrix.schemas import FeatureSchema

TOO_FEW = "A longer log, or more customers, would do."


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
        {column: why} of the model that was judged, where it learned at another cutoff.
    judged : Judged
    """

    trained: TrainedModel
    schema: FeatureSchema
    fills: dict
    judged: Judged
    report: dict = field(default_factory=dict)


def learn_over_time(earlier, later, *, name, model_type, params=None, seed=42):
    """Learn at one cutoff, judge at a later one, and fit the model that serves on the later one.

    The published figures say how well the same way of learning did one horizon ago on the future of that
    time. The model that serves has learned from the latest customers whose outcome is known: a season that
    has passed would shift its probabilities.

    Parameters
    ----------
    earlier, later : FeatureTable
        The outcomes of `earlier` were known at the cutoff of `later`.
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
        refuse_few(table.labels, where=f" at {when} cutoff", advice=TOO_FEW)
    with threadpool_limits(limits=1):
        tested = _fit(earlier, name, model_type, params, seed)
        judged = tested.judge(later)
        metrics, importance = _judge(tested, earlier, later, judged, seed)
        fitted = _fit(later, name, model_type, params, seed)
        # None of the figures is of the fit that serves: whoever shows them must be able to say so.
        metrics["fitted_again"] = {"customers": len(later), "threshold": fitted.threshold}
        report = {
            "split": "temporal",
            "simple_rule": metrics["simple_rule"],
            "optimistic": _optimistic(later, name, model_type, params, seed),
            **_selected(fitted),
            "tested_without": tested.columns.left_out,
            "class_weights": fitted.weighs,
        }
        split = {"how": "temporal", "seed": seed, "train_rows": len(earlier), "test_rows": len(later)}
        return _learned(fitted, later, later, judged, metrics, importance, split, report, started)


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

    def read(self, table):
        return self.columns.read(table.frame)

    def judge(self, table):
        return Judged(table.labels, self.model.predict(self.read(table)), self.threshold)


def _fit(table, name, model_type, params, seed):
    columns = choose_columns(table, name=name)
    model = fit_model(
        columns.read(table.frame),
        table.labels,
        schema=columns.schema,
        model_type=model_type,
        params=params,
        seed=seed,
        balanced=True,
    )
    return _Fitted(
        columns=columns,
        model=model,
        threshold=choose_threshold(table.labels, model.honest),
        weighs=balanced_weights(table.labels) is not None,
    )


def _selected(fitted):
    columns = fitted.columns
    return {"selection": columns.selection.to_dict(), "left_out": columns.left_out}


# --- How good it is --------------------------------------------------------------------------------------


def _judge(fitted, train, test, judged, seed):
    schema, features = fitted.columns.schema, fitted.read(test)
    metrics = judge(
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


def _optimistic(table, name, model_type, params, seed):
    """Return the figures of a random split: the same customers of one moment, told apart with hindsight."""
    learned, held_out = split_rows(table.labels, seed)
    fitted = _fit(table.rows(learned), name, model_type, params, seed)
    judged = fitted.judge(table.rows(held_out))
    found = evaluate(judged.labels, judged.probabilities, judged.threshold)
    return {"accuracy": found["weighted"]["Accuracy"], "rows": found["rows"], **found["churners"]}


def _learned(fitted, learned_from, shown, judged, metrics, importance, split, report, started):
    features = fitted.read(learned_from)
    metrics["names_nobody"] = not read_signal(metrics).beats_chance or fitted.threshold == NAMES_NOBODY
    trained = package(
        fitted.model,
        threshold=NAMES_NOBODY if metrics["names_nobody"] else fitted.threshold,
        metrics=metrics,
        importance=importance,
        split=split | fitted.model.source | {"registered_rows": len(learned_from)},
        learned=features,
        shown=fitted.read(shown),
        data_sha256=hash_frame(features, learned_from.labels),
        seconds=time.perf_counter() - started,
    )
    return LearnedModel(trained, fitted.columns.schema, fitted.columns.fills, judged, report)
