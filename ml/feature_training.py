"""Learning from features of purchase logs: by time where dates decide, by a split where labels are given."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import sklearn
from sklearn.base import clone
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from ml.calibration import Calibrator, choose_calibrator
from ml.estimators import MODEL_TYPES
from ml.frames import clean_frame, hash_frame
from ml.honest_scores import FOLDS, raw_scores
from ml.metrics import evaluate
from ml.resampling import bootstrap_metrics
from ml.schemas import Category, FeatureSchema, Number
from ml.splits import TEST_SHARE, split_rows
from ml.training import TrainedModel, choose_golden, shuffle_importance

ID_COLUMN = "customer_id"
LABEL = Category("churned", ("0", "1"))
# The types that logs are learned with; the first one unless somebody says otherwise.
TYPES = ("logistic_regression", "random_forest", "gradient_boosting")
FEWEST_PER_CLASS = 30
# From here on outcomes are balanced enough to weigh alike.
BALANCED_FROM = 0.4
# Of a favourite product there are too many to learn from; the rest counts as unknown.
MOST_CATEGORIES = 20
MOST_MISSING = 0.8
# No feature of a log can be larger than this; what is, was computed wrongly.
LARGEST = 1e15


@dataclass(frozen=True)
class FeatureTable:
    """Customers at one cutoff, with what became of them.

    Attributes
    ----------
    frame : DataFrame of shape (n_customers, >= n_features)
        Features by name; nulls where a feature does not exist for a customer. Other columns are ignored.
    labels : ndarray of int, shape (n_customers,)
        1 where the customer churned.
    """

    frame: pd.DataFrame
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def rows(self, chosen):
        """Return the customers at some positions."""
        return FeatureTable(self.frame.iloc[chosen].reset_index(drop=True), self.labels[chosen])


@dataclass(frozen=True)
class LearnedModel:
    """What came of learning from a log.

    Attributes
    ----------
    trained : TrainedModel
        As every other model, for `ml.export.export_model`.
    schema : FeatureSchema
    fills : dict of str to float
        Median of each number among those learned from, in place of a null wherever it is scored.
    report : dict
        ``split`` ("temporal" or "stratified"), ``simple_rule`` (the best single column), ``optimistic`` (the
        figures of a random split of the same customers, None where that is the split), ``left_out`` {column:
        why}, ``class_weights``.
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
        One of `TYPES`.
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
            "left_out": fitted.left_out,
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
            "left_out": fitted.left_out,
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


def fill_nulls(record, schema, fills, observed=None):
    """Return the features of one customer as the scorer reads them.

    Parameters
    ----------
    record : mapping of str to object
        Features by name; None or NaN where one does not exist for the customer.
    schema : FeatureSchema
    fills : mapping of str to float
        From `LearnedModel`.
    observed : mapping of str to (float, float), optional
        Lowest and highest value among those learned from. What lies beyond counts as the nearest of them: a
        linear model would go on in a straight line to where it knows nothing.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        Names the features of `schema` that `record` does not have at all.

    Examples
    --------
    >>> schema = FeatureSchema("s", "customer_id", (), (Number("gap", 0, 9), Number("n", 0, 9)), LABEL)
    >>> fill_nulls({"gap": None, "n": 3}, schema, {"gap": 2.5, "n": 1.0})
    {'gap': 2.5, 'n': 3.0}
    """
    missing = [name for name in schema.features if name not in record]
    if missing:
        raise ValueError(f"Missing columns: {', '.join(missing)}.")
    filled = {column.name: record[column.name] for column in schema.categorical}
    for column in schema.numeric:
        value = record[column.name]
        known = value is not None and np.isfinite(value)
        filled[column.name] = float(value) if known else fills[column.name]
        if observed:
            low, high = observed[column.name]
            filled[column.name] = min(max(filled[column.name], low), high)
    return filled


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
    schema: FeatureSchema
    fills: dict
    left_out: dict
    pipeline: object
    calibrator: Calibrator
    threshold: float
    weights: bool
    model_type: str
    params: dict

    def read(self, table):
        return _clean(table.frame, self.schema, self.fills)

    def predict(self, table):
        return self.calibrator.apply(raw_scores(self.pipeline, self.read(table)))


def _fit(table, name, model_type, params, seed):
    if model_type not in TYPES:
        raise ValueError(f"Purchase logs are learned with {', '.join(TYPES)}, not with {model_type!r}.")
    spec = MODEL_TYPES[model_type]
    params = spec.check_params(params)
    schema, fills, left_out = _describe(table.frame, name)
    features, labels = _clean(table.frame, schema, fills), table.labels
    unfitted = spec.build(params, seed, schema=schema)
    pipeline = _fit_weighted(clone(unfitted), features, labels)
    scores, folds = _score_out_of_fold(unfitted, features, labels, seed)
    calibrator = choose_calibrator(scores, labels, folds)
    return _Fitted(
        schema=schema,
        fills=fills,
        left_out=left_out,
        pipeline=pipeline,
        calibrator=calibrator,
        threshold=choose_threshold(labels, calibrator.apply(scores)),
        weights=balanced_weights(labels) is not None,
        model_type=model_type,
        params=params,
    )


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


def _describe(frame, name):
    """Return schema and medians of a table, and which columns teach nothing."""
    categorical, numeric, fills, left_out = [], [], {}, {}
    for column in frame.columns:
        cells = frame[column]
        if column == ID_COLUMN or pd.api.types.is_datetime64_any_dtype(cells):
            continue
        known = cells.dropna()
        if len(known) < (1 - MOST_MISSING) * len(cells):
            left_out[column] = f"{1 - len(known) / max(len(cells), 1):.0%} of the customers have none."
        elif known.nunique() < 2:
            left_out[column] = "It is the same for every customer."
        elif pd.api.types.is_numeric_dtype(known) or pd.api.types.is_bool_dtype(known):
            numeric.append(Number(column, -LARGEST, LARGEST))
            fills[column] = float(np.median(known.to_numpy(dtype=np.float64)))
        else:
            # Ties by name, so that the same table always gives the same schema.
            counts = known.astype(str).value_counts()
            ordered = sorted(counts.index, key=lambda value: (-counts[value], value))
            categorical.append(Category(column, tuple(_distinct(ordered)[:MOST_CATEGORIES])))
    if not numeric:
        raise ValueError(
            "There is no feature in which customers differ: nothing can be learned from this log."
        )
    return FeatureSchema(name, ID_COLUMN, tuple(categorical), tuple(numeric), LABEL), fills, left_out


def _distinct(values):
    """Drop spellings that the schema would take for the same category."""
    seen = {}
    for value in values:
        seen.setdefault(value.strip().casefold(), value)
    return list(seen.values())


def _clean(frame, schema, fills):
    missing = [name for name in schema.features if name not in frame.columns]
    if missing:
        raise ValueError(f"Missing columns: {', '.join(missing)}.")
    ready = {column.name: frame[column.name].astype(object) for column in schema.categorical}
    for column in schema.numeric:
        cells = frame[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
        ready[column.name] = np.where(np.isfinite(cells), cells, fills[column.name])
    return clean_frame(pd.DataFrame(ready), schema)


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
    return LearnedModel(trained, fitted.schema, fitted.fills, report)


def _refuse_few(table, where):
    churned = int(table.labels.sum())
    if min(churned, len(table) - churned) < FEWEST_PER_CLASS:
        raise ValueError(
            f"Learning needs at least {FEWEST_PER_CLASS} customers who left and as many who stayed{where}, "
            f"got {churned:,} and {len(table) - churned:,}. A longer log, or more customers, would do."
        )
