"""From a table with outcomes to a calibrated, evaluated model."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass, field

import numpy as np
import sklearn
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from ml.evaluation.metrics import evaluate
from ml.evaluation.resampling import bootstrap_metrics
from ml.evaluation.slices import slices
from ml.learning.honest_scores import collect_scores, encoded_scores, raw_scores
from ml.learning.pipelines import build_pipeline
from ml.learning.splits import TEST_SHARE, hash_split, split_rows
from ml.matrix.frames import UNKNOWN, clean_frame, hash_frame, read_labels
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.calibration import Calibrator, choose_calibrator

GOLDEN_ROWS = 50
FEWEST_PER_CLASS = 30
THRESHOLD = 0.5
# There are nine slices, each with figures of its own: fewer draws tell as much about their width.
SLICE_RESAMPLES = 200


@dataclass(frozen=True)
class TrainedModel:
    """A fitted pipeline with everything that is known about it.

    Attributes
    ----------
    pipeline : Pipeline
        Fitted on the 80 %: the model that is served is the one whose figures are published.
    calibrator : Calibrator
        Fitted on scores of the 80 %, see `ml.learning.honest_scores.collect_scores`.
    threshold : float
        From this probability on a customer is predicted to churn.
    metrics : dict
        `ml.evaluation.metrics.evaluate` on the 20 % that nothing was fitted on, with ``intervals`` of the
        figures (`ml.evaluation.resampling.bootstrap_metrics`) and the figures of ``slices``
        (`ml.evaluation.slices.slices`).
    golden : list of dict
        50 rows with the probability that scikit-learn gives them: {"record": {...}, "probability": ...}.
    importance : list of dict
        {"feature", "importance"}: how much AUC the model loses on the 20 % when the column is shuffled.
    split : dict
        Share, seed and sizes of the split, and what the calibrator was learned from.
    observed : dict
        Lowest and highest value of each number in the 80 %.
    seconds : float
        Wall clock. The one field that differs between two runs on the same data.
    """

    pipeline: object
    calibrator: Calibrator
    threshold: float
    metrics: dict
    golden: list
    importance: list
    split: dict
    seconds: float
    model_type: str
    params: dict
    seed: int
    data_sha256: str
    observed: dict
    versions: dict = field(default_factory=dict)

    def predict(self, frame, schema):
        """Return calibrated probabilities through scikit-learn; the scorer must agree with this.

        Parameters
        ----------
        frame : DataFrame of shape (n_customers, >= n_features)
        schema : FeatureSchema

        Returns
        -------
        ndarray of float64, shape (n_customers,)
        """
        with threadpool_limits(limits=1):
            return self.calibrator.apply(raw_scores(self.pipeline, clean_frame(frame, schema)))


def train_model(frame, *, schema, model_type, params=None, seed=42, held_out=None):
    """Fit, calibrate and evaluate one model, the same bit for bit whenever the arguments are the same.

    80 % of the customers, stratified, are learned from, by the model and then by the calibrator. The other
    20 % are touched once, for the figures.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, >= n_features + 1)
        Feature columns and the label; extra columns are ignored.
    schema : FeatureSchema
    model_type : str
        A slug of `ml.model_types.catalogue.MODEL_TYPES`.
    params : mapping of str to object, optional
        Parameters that differ from the type's defaults.
    seed : int, default 42
        For the split, the folds, the estimator and the shuffles of the importance.
    held_out : ndarray of bool, shape (n_customers,), optional
        Who is held out, from `ml.learning.splits.continue_split`, where an earlier version held out some of
        them already; by default a fifth, from `ml.learning.splits.split_rows`.

    Returns
    -------
    TrainedModel

    Raises
    ------
    ValueError
        Unknown type or parameter, a column is missing or broken, fewer than 30 customers of either outcome,
        or `held_out` leaves an outcome out of either part.
    """
    started = time.perf_counter()
    if model_type not in MODEL_TYPES:
        raise ValueError(f"Unknown model type {model_type!r}; known are {', '.join(MODEL_TYPES)}.")
    spec = MODEL_TYPES[model_type]
    params = spec.check_params(params)
    features, labels = clean_frame(frame, schema), read_labels(frame, schema)
    churned = int(labels.sum())
    if min(churned, len(labels) - churned) < FEWEST_PER_CLASS:
        raise ValueError(
            f"Learning needs at least {FEWEST_PER_CLASS} customers who left and as many who stayed, "
            f"got {churned} and {len(labels) - churned}."
        )
    # One thread: sums in another order differ in the last bit, and beside busy neighbours one is faster, too.
    with threadpool_limits(limits=1):
        learned, held_out, split = _split(labels, held_out, seed)
        train, outcomes = features.iloc[learned], labels[learned]
        pipeline = build_pipeline(spec, params, seed, schema=schema).fit(train, outcomes)
        scores, folds, source = collect_scores(pipeline, train, outcomes, seed)
        calibrator = choose_calibrator(scores, outcomes, folds)

        test = features.iloc[held_out].reset_index(drop=True)
        probabilities = calibrator.apply(raw_scores(pipeline, test))
        metrics = evaluate(labels[held_out], probabilities, THRESHOLD) | reliability(
            test, labels[held_out], probabilities, schema
        )
        importance = shuffle_importance(pipeline, test, labels[held_out], schema, seed)
        golden = choose_golden(
            lambda rows: calibrator.apply(raw_scores(pipeline, rows)), test, probabilities, schema
        )
    observed = {
        column.name: [float(limit(features[column.name].to_numpy()[learned])) for limit in (np.min, np.max)]
        for column in schema.numeric
    }
    return TrainedModel(
        pipeline=pipeline,
        calibrator=calibrator,
        threshold=THRESHOLD,
        metrics=metrics,
        golden=golden,
        importance=importance,
        split=split | source,
        seconds=time.perf_counter() - started,
        model_type=model_type,
        params=params,
        seed=seed,
        data_sha256=hash_frame(features, labels),
        observed=observed,
        versions={
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    )


def _split(labels, held_out, seed):
    if held_out is None:
        share, how = TEST_SHARE, {}
        learned, held_out = split_rows(labels, seed)
    else:
        chosen = np.asarray(held_out, dtype=bool)
        if chosen.shape != labels.shape:
            raise ValueError(f"held_out has {len(chosen)} rows, but there are {len(labels)} customers.")
        share, how = float(chosen.mean()), {"held_out_sha256": hash_split(chosen)}
        learned, held_out = np.flatnonzero(~chosen), np.flatnonzero(chosen)
        if min(len(np.unique(labels[part])) for part in (learned, held_out)) < 2:
            raise ValueError("Both outcomes must occur among those learned from and among those held out.")
    split = {
        "test_share": share,
        "seed": seed,
        "stratified": True,
        "train_rows": len(learned),
        "test_rows": len(held_out),
    }
    return learned, held_out, split | how


def reliability(test, labels, probabilities, schema):
    """Say how far the figures can be relied on, while those it was tried on are still at hand.

    Parameters
    ----------
    test : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`; nobody of whom the model has learned from.
    labels, probabilities : ndarray of shape (n_customers,)
    schema : FeatureSchema

    Returns
    -------
    dict
        ``intervals`` and ``slices``, ready for JSON.
    """
    parts = slices(test, labels, probabilities, THRESHOLD, schema=schema, resamples=SLICE_RESAMPLES)
    return {
        "intervals": bootstrap_metrics(labels, probabilities, THRESHOLD).to_dict(),
        "slices": [part.to_dict() for part in parts],
    }


def shuffle_importance(pipeline, test, labels, schema, seed, repeats=4):
    """Return how much AUC a model loses where a feature is shuffled.

    The encoded columns are shuffled: encoding again for each shuffle would be most of the time.

    Parameters
    ----------
    pipeline : Pipeline
    test : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`; of many customers the first 2,000 are taken.
    labels : ndarray of int, shape (n_customers,)
    schema : FeatureSchema
    seed : int
    repeats : int, default 4

    Returns
    -------
    list of dict
        {"feature", "importance"}, largest first.
    """
    model, rows = pipeline.named_steps["model"], min(len(test), 2_000)
    encoded, labels = pipeline.named_steps["encode"].transform(test)[:rows], labels[:rows]
    base = roc_auc_score(labels, encoded_scores(model, encoded))
    rng = np.random.default_rng(seed)
    found, start = [], 0
    for column in (*schema.categorical, *schema.numeric):
        stop = start + (len(column.values) if hasattr(column, "values") else 1)
        losses = []
        for _ in range(repeats):
            shuffled = encoded.copy()
            shuffled[:, start:stop] = encoded[rng.permutation(rows), start:stop]
            losses.append(base - roc_auc_score(labels, encoded_scores(model, shuffled)))
        found.append({"feature": column.name, "importance": float(np.mean(losses))})
        start = stop
    return sorted(found, key=lambda row: -row["importance"])


def choose_golden(score, test, probabilities, schema):
    """Return rows from the whole range of probabilities, and four from edges that no customer may have
    reached.

    Parameters
    ----------
    score : callable
        Gives the rows of a table like `test` their probabilities, the way that every other way is held to.
    test : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.
    probabilities : ndarray of float64, shape (n_customers,)
        Of `test`.
    schema : FeatureSchema

    Returns
    -------
    list of dict
        `GOLDEN_ROWS` times {"record": {...}, "probability": ...}.
    """
    order = np.argsort(probabilities, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, GOLDEN_ROWS - 4).round().astype(int)]
    rows = test.iloc[chosen].reset_index(drop=True)
    edges = test.iloc[np.resize(chosen[[0, -1]], 4)].reset_index(drop=True)
    for column in schema.categorical:
        edges.loc[[0, 1], column.name] = UNKNOWN
    for column in schema.numeric:
        edges.loc[[0, 2], column.name] = test[column.name].min()
        edges.loc[[1, 3], column.name] = test[column.name].max()
    golden = []
    for part in (rows, edges):
        for record, probability in zip(part.to_dict("records"), score(part), strict=True):
            golden.append({"record": record, "probability": float(probability)})
    return golden
