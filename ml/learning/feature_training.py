"""Learning from features of purchase logs: by time where dates decide, by a split where labels are given."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass, field

import numpy as np
import sklearn
from sklearn.base import clone
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from ml.evaluation.metrics import evaluate
from ml.evaluation.resampling import bootstrap_metrics
from ml.learning.honest_scores import FOLDS, raw_scores
from ml.learning.pipelines import build_pipeline
from ml.learning.splits import TEST_SHARE, split_rows
from ml.learning.training import TrainedModel, choose_golden, shuffle_importance
from ml.logs.feature_columns import LearnedColumns, choose_columns
from ml.logs.log_models import check_type
from ml.matrix.frames import hash_frame
from ml.matrix.schemas import FeatureSchema
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.calibration import Calibrator, choose_calibrator

FEWEST_PER_CLASS = 30
# From here on outcomes are balanced enough to weigh alike.
BALANCED_FROM = 0.4


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
    """

    trained: TrainedModel
    schema: FeatureSchema
    fills: dict
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
        One of `ml.logs.log_models.TYPES`.
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
        _refuse_few(table, f" at {when} cutoff")
    with threadpool_limits(limits=1):
        tested = _fit(earlier, name, model_type, params, seed)
        metrics, importance = _judge(tested, later, seed)
        fitted = _fit(later, name, model_type, params, seed)
        report = {
            "split": "temporal",
            "simple_rule": _simple_rule(tested, earlier, later),
            "optimistic": _optimistic(later, name, model_type, params, seed),
            **_selected(fitted),
            "tested_without": tested.columns.left_out,
            "class_weights": fitted.weights,
        }
        split = {"how": "temporal", "train_rows": len(earlier), "test_rows": len(later)}
        return _learned(fitted, later, later, metrics, importance, split, report, started, seed)


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
    _refuse_few(table, "")
    with threadpool_limits(limits=1):
        learned, held_out = split_rows(table.labels, seed)
        train, test = table.rows(learned), table.rows(held_out)
        fitted = _fit(train, name, model_type, params, seed)
        metrics, importance = _judge(fitted, test, seed)
        report = {
            "split": "stratified",
            "simple_rule": _simple_rule(fitted, train, test),
            "optimistic": None,
            **_selected(fitted),
            "class_weights": fitted.weights,
        }
        split = {
            "how": "stratified",
            "stratified": True,
            "test_share": TEST_SHARE,
            "train_rows": len(train),
            "test_rows": len(test),
        }
        return _learned(fitted, train, test, metrics, importance, split, report, started, seed)


def balanced_weights(labels):
    """Return weights under which both outcomes count alike, or None where they nearly do anyway.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)

    Returns
    -------
    ndarray of float64, shape (n_customers,), or None

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1]))
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    rate = float(np.mean(labels))
    if min(rate, 1 - rate) >= BALANCED_FROM:
        return None
    return np.where(labels == 1, 0.5 / rate, 0.5 / (1 - rate))


def choose_threshold(labels, probabilities):
    """Return the probability from which on a customer is called leaving: where the F1 of churners is largest.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
    probabilities : ndarray of float64, shape (n_customers,)
        Of models that had not seen their customer.

    Returns
    -------
    float
        Between 0.05 and 0.95.

    Examples
    --------
    >>> choose_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.8]))
    0.3
    """
    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    both = precision[:-1] + recall[:-1]
    f1 = 2 * precision[:-1] * recall[:-1] / np.where(both > 0, both, 1)
    return float(np.clip(round(float(thresholds[int(np.argmax(f1))]), 4), 0.05, 0.95))


# --- One fit ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fitted:
    columns: LearnedColumns
    pipeline: object
    calibrator: Calibrator
    threshold: float
    weights: bool
    model_type: str
    params: dict

    @property
    def schema(self):
        return self.columns.schema

    def read(self, table):
        return self.columns.read(table.frame)

    def predict(self, table):
        return self.calibrator.apply(raw_scores(self.pipeline, self.read(table)))


def _fit(table, name, model_type, params, seed):
    spec = MODEL_TYPES[check_type(model_type)]
    params = spec.check_params(params)
    columns = choose_columns(table, name=name)
    features, labels = columns.read(table.frame), table.labels
    unfitted = build_pipeline(spec, params, seed, schema=columns.schema)
    pipeline = _fit_weighted(clone(unfitted), features, labels)
    scores, folds = _score_out_of_fold(unfitted, features, labels, seed)
    calibrator = choose_calibrator(scores, labels, folds)
    return _Fitted(
        columns=columns,
        pipeline=pipeline,
        calibrator=calibrator,
        threshold=choose_threshold(labels, calibrator.apply(scores)),
        weights=balanced_weights(labels) is not None,
        model_type=model_type,
        params=params,
    )


def _selected(fitted):
    columns = fitted.columns
    return {"selection": columns.selection.to_dict(), "left_out": columns.left_out}


def _fit_weighted(pipeline, features, labels):
    weights = balanced_weights(labels)
    return pipeline.fit(features, labels, **({} if weights is None else {"model__sample_weight": weights}))


def _score_out_of_fold(unfitted, features, labels, seed):
    """Score each customer by a model that has not seen it; weights are learned from, never calibrated on."""
    scores, folds = np.empty(len(labels)), np.empty(len(labels), dtype=np.int64)
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for number, (learned, judged) in enumerate(splitter.split(features, labels)):
        fitted = _fit_weighted(clone(unfitted), features.iloc[learned], labels[learned])
        scores[judged], folds[judged] = raw_scores(fitted, features.iloc[judged]), number
    return scores, folds


# --- How good it is --------------------------------------------------------------------------------------


def _judge(fitted, test, seed):
    probabilities = fitted.predict(test)
    metrics = evaluate(test.labels, probabilities, fitted.threshold)
    metrics["intervals"] = bootstrap_metrics(test.labels, probabilities, fitted.threshold).to_dict()
    metrics["slices"] = []
    importance = shuffle_importance(fitted.pipeline, fitted.read(test), test.labels, fitted.schema, seed)
    return metrics, importance


def _simple_rule(fitted, train, test):
    """Judge the best single column, chosen on what was learned from: a model that loses to it is no use."""
    learned, judged = fitted.read(train), fitted.read(test)
    ranked = []
    for column in fitted.schema.numeric:
        auc = roc_auc_score(train.labels, learned[column.name])
        ranked.append((max(auc, 1 - auc), column.name, 1 if auc >= 0.5 else -1))
    _, name, sign = max(ranked)
    scores = sign * learned[name].to_numpy()
    precision, recall, cuts = precision_recall_curve(train.labels, scores)
    both = precision[:-1] + recall[:-1]
    best = int(np.argmax(precision[:-1] * recall[:-1] / np.where(both > 0, both, 1)))
    found = sign * judged[name].to_numpy()
    return {
        "feature": name,
        "higher_is_riskier": sign > 0,
        "auc": float(roc_auc_score(test.labels, found)),
        "f1": float(f1_score(test.labels, found >= cuts[best])),
        # Calling everybody a leaver: the F1 that knowing nothing gives.
        "f1_of_all": float(2 * test.labels.mean() / (1 + test.labels.mean())),
    }


def _optimistic(table, name, model_type, params, seed):
    """Return the figures of a random split: the same customers of one moment, told apart with hindsight."""
    learned, held_out = split_rows(table.labels, seed)
    fitted = _fit(table.rows(learned), name, model_type, params, seed)
    test = table.rows(held_out)
    found = evaluate(test.labels, fitted.predict(test), fitted.threshold)
    return {"accuracy": found["weighted"]["Accuracy"], "rows": found["rows"], **found["churners"]}


def _learned(fitted, learned_from, shown, metrics, importance, split, report, started, seed):
    features, shown_features = fitted.read(learned_from), fitted.read(shown)
    trained = TrainedModel(
        pipeline=fitted.pipeline,
        calibrator=fitted.calibrator,
        threshold=fitted.threshold,
        metrics=metrics,
        golden=choose_golden(
            lambda rows: fitted.calibrator.apply(raw_scores(fitted.pipeline, rows)),
            shown_features,
            fitted.predict(shown),
            fitted.schema,
        ),
        importance=importance,
        split=split | {"seed": seed, "folds": FOLDS, "registered_rows": len(learned_from)},
        seconds=time.perf_counter() - started,
        model_type=fitted.model_type,
        params=fitted.params,
        seed=seed,
        data_sha256=hash_frame(features, learned_from.labels),
        observed={
            column.name: [float(features[column.name].min()), float(features[column.name].max())]
            for column in fitted.schema.numeric
        },
        versions={
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    )
    return LearnedModel(trained, fitted.schema, fitted.columns.fills, report)


def _refuse_few(table, where):
    churned = int(table.labels.sum())
    if min(churned, len(table) - churned) < FEWEST_PER_CLASS:
        raise ValueError(
            f"Learning needs at least {FEWEST_PER_CLASS} customers who left and as many who stayed{where}, "
            f"got {churned:,} and {len(table) - churned:,}. A longer log, or more customers, would do."
        )
