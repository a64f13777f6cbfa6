"""A fitted model with everything that is known about it, filled in at one place."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
import sklearn
from threadpoolctl import threadpool_limits

from ml.learning.honest_scores import raw_scores
from ml.matrix.frames import clean_frame
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.calibration import Calibrator

GOLDEN_ROWS = 50
# No table holds it, so it is of no value that a schema lists.
NEVER_SEEN = "\N{REPLACEMENT CHARACTER}"


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
        From this probability on a customer is predicted to churn; `ml.evaluation.signal.NAMES_NOBODY` where
        the model is not shown to rank customers better than chance.
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


def package(fitted, *, threshold, metrics, importance, split, learned, shown, data_sha256, seconds):
    """Return a `TrainedModel`.

    Parameters
    ----------
    fitted : FittedModel
    threshold : float
    metrics, split : dict
    importance : list of dict
    learned : DataFrame of shape (n_customers, n_features)
        Those learned from.
    shown : DataFrame of shape (n_others, n_features)
        Those from whom the golden rows are taken.
    data_sha256 : str
    seconds : float

    Returns
    -------
    TrainedModel
    """
    return TrainedModel(
        pipeline=fitted.pipeline,
        calibrator=fitted.calibrator,
        threshold=threshold,
        metrics=metrics,
        golden=choose_golden(fitted.predict, shown, fitted.predict(shown), fitted.schema),
        importance=importance,
        split=split,
        seconds=seconds,
        model_type=fitted.model_type,
        params=fitted.params,
        seed=fitted.seed,
        data_sha256=data_sha256,
        observed=observe(learned, fitted.schema),
        versions=list_versions(MODEL_TYPES[fitted.model_type]),
    )


def observe(features, schema):
    """Return the lowest and the highest value of each number.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
    schema : FeatureSchema

    Returns
    -------
    dict of str to list of float
    """
    return {
        column.name: [float(features[column.name].min()), float(features[column.name].max())]
        for column in schema.numeric
    }


def list_versions(model_type):
    """Return the versions of what a model of this type is learned with.

    Parameters
    ----------
    model_type : ModelType

    Returns
    -------
    dict of str to str
    """
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
    if model_type.library != sklearn.__name__:
        versions[model_type.library] = import_module(model_type.library).__version__
    return versions


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
        edges.loc[0, column.name] = column.spelling(NEVER_SEEN)
        edges.loc[1, column.name] = column.spelling(None)
    for column in schema.numeric:
        edges.loc[[0, 2], column.name] = test[column.name].min()
        edges.loc[[1, 3], column.name] = test[column.name].max()
        if column.fill is not None:
            edges.loc[[1, 2], column.name] = np.nan
    return [
        {"record": _plain(record), "probability": float(probability)}
        for part in (rows, edges)
        for record, probability in zip(part.to_dict("records"), score(part), strict=True)
    ]


def _plain(record):
    # JSON has no NaN.
    return {name: None if value != value else value for name, value in record.items()}
