"""Fit one model and calibrate it: what every way of learning has in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.learning.honest_scores import collect_scores, raw_scores
from ml.learning.pipelines import build_pipeline, fit_pipeline
from ml.matrix.schemas import FeatureSchema
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.calibration import Calibrator, choose_calibrator

# The threshold where nobody chose another one.
THRESHOLD = 0.5


@dataclass(frozen=True)
class FittedModel:
    """A pipeline and its calibrator, fitted on the same customers.

    Attributes
    ----------
    honest : ndarray of float64, shape (n_customers,)
        Calibrated probabilities of the customers learned from, as by a model that had not seen them.
    source : dict
        What the calibrator was learned from, see `ml.learning.honest_scores.collect_scores`.
    """

    pipeline: object
    calibrator: Calibrator
    schema: FeatureSchema
    model_type: str
    params: dict
    seed: int
    honest: np.ndarray
    source: dict

    def predict(self, features):
        """Return calibrated probabilities.

        Parameters
        ----------
        features : DataFrame of shape (n_customers, n_features)
            From `ml.matrix.frames.clean_frame`.

        Returns
        -------
        ndarray of float64, shape (n_customers,)
        """
        return self.calibrator.apply(raw_scores(self.pipeline, features))


def check_model_type(model_type, params):
    """Return the full parameters of a model type.

    Parameters
    ----------
    model_type : str
    params : mapping of str to object or None

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        Unknown type or parameter.
    """
    if model_type not in MODEL_TYPES:
        raise ValueError(f"Unknown model type {model_type!r}; known are {', '.join(MODEL_TYPES)}.")
    return MODEL_TYPES[model_type].check_params(params)


def fit_model(features, labels, *, schema, model_type, params, seed, balanced=False, groups=None):
    """Fit a pipeline, then choose and fit a calibrator on scores that are not flattered.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.
    labels : ndarray of int, shape (n_customers,)
    schema : FeatureSchema
    model_type : str
        A slug of `ml.model_types.catalogue.MODEL_TYPES`.
    params : mapping of str to object or None
    seed : int
    balanced : bool, default False
        See `ml.learning.pipelines.fit_pipeline`.
    groups : ndarray of int, shape (n_customers,), optional
        From `ml.learning.twins.find_twins`: none is scored for the calibrator by a model that learned from
        its twin.

    Returns
    -------
    FittedModel

    Raises
    ------
    ValueError
        Unknown type or parameter.
    """
    params = check_model_type(model_type, params)
    unfitted = build_pipeline(MODEL_TYPES[model_type], params, seed, schema=schema)
    pipeline = fit_pipeline(unfitted, features, labels, balanced=balanced)
    scores, folds, source = collect_scores(pipeline, features, labels, seed, balanced=balanced, groups=groups)
    calibrator = choose_calibrator(scores, labels, folds)
    honest = calibrator.apply(scores)
    return FittedModel(pipeline, calibrator, schema, model_type, params, seed, honest, source)
