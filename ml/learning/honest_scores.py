"""Scores that a calibrator may be learned from: not flattered by what the model has memorised."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ml.learning.pipelines import fit_pipeline
from ml.model_types.catalogue import is_linear
from ml.serving.calibration import SMALLEST_SCORE

FOLDS = 5
# Log odds that are 1 % too large move a probability by 0.0023 at most: p (1 - p) |log odds| is below 0.225.
LARGEST_SHRINKAGE = 0.01
# Customers of the rarer outcome. The estimate of the shrinkage supposes many of them and is too low where the
# outcomes can nearly be separated.
FEWEST_PER_WEIGHT = 50


def collect_scores(pipeline, features, labels, seed, *, balanced=False, groups=None):
    """Return scores of the training customers for the calibrator, at the lowest honest price.

    Out of fold, which costs five more fits, unless the model is linear and has so many customers per weight
    that its scores for its own training customers are as good as new ones: then those are taken.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted on just these customers.
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.
    labels : ndarray of int, shape (n_customers,)
    seed : int
    balanced : bool, default False
        Whether it was fitted with weights. Its scores are always taken out of fold then: the estimate knows
        nothing of weights.
    groups : ndarray of int, shape (n_customers,), optional
        Customers of one group stand in one fold.

    Returns
    -------
    scores : ndarray of float64, shape (n_customers,)
    folds : ndarray of int64, shape (n_customers,)
        For judging calibrators, see `ml.serving.calibration.choose_calibrator`.
    how : dict
        ``folds``: number of additional fits; where there are none also ``calibrated_on``
        "training_predictions", ``expected_shrinkage`` and ``largest_shrinkage``.
    """
    model = pipeline.named_steps["model"]
    rarer = min(int(labels.sum()), len(labels) - int(labels.sum()))
    if not balanced and is_linear(model) and rarer >= FEWEST_PER_WEIGHT * model.n_features_in_:
        scores = raw_scores(pipeline, features)
        shrinkage = expected_shrinkage(labels, scores, model.n_features_in_)
        if shrinkage <= LARGEST_SHRINKAGE:
            how = {
                "folds": 0,
                "calibrated_on": "training_predictions",
                "expected_shrinkage": shrinkage,
                "largest_shrinkage": LARGEST_SHRINKAGE,
            }
            return scores, number_folds(features, labels, seed, groups), how
    scored = score_out_of_fold(pipeline, features, labels, seed, balanced=balanced, groups=groups)
    return *scored, {"folds": FOLDS}


def score_out_of_fold(pipeline, features, labels, seed, *, balanced=False, groups=None):
    """Score each customer by a model that was fitted without it; weights are learned from, never scored by.

    Parameters
    ----------
    pipeline : Pipeline
        Cloned, never fitted here.
    features : DataFrame of shape (n_customers, n_features)
    labels : ndarray of int, shape (n_customers,)
    seed : int
    balanced : bool, default False
        See `ml.learning.pipelines.fit_pipeline`.
    groups : ndarray of int, shape (n_customers,), optional
        As for `collect_scores`.

    Returns
    -------
    scores : ndarray of float64, shape (n_customers,)
    folds : ndarray of int64, shape (n_customers,)
    """
    scores, folds = np.empty(len(labels)), number_folds(features, labels, seed, groups)
    for number in range(FOLDS):
        learned, judged = np.flatnonzero(folds != number), np.flatnonzero(folds == number)
        fitted = fit_pipeline(pipeline, features.iloc[learned], labels[learned], balanced=balanced)
        scores[judged] = raw_scores(fitted, features.iloc[judged])
    return scores, folds


def expected_shrinkage(labels, scores, weights):
    """Estimate how much too steep a linear model's log odds are for customers that it has not seen.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
        The ones that the model was fitted on.
    scores : ndarray of float64, shape (n_customers,)
        Its probabilities for those customers.
    weights : int
        Number of weights. Regularisation leaves fewer of them free, so the estimate is on the safe side.

    Returns
    -------
    float
        0.02 says that log odds should be 2 % smaller; infinite where the model knows nothing.

    References
    ----------
    .. [1] Van Houwelingen, J. C. and Le Cessie, S. (1990). Predictive value of statistical models. Statistics
       in Medicine, 9, 1303-1325: the heuristic shrinkage (model chi-square - p) / model chi-square.

    Examples
    --------
    >>> labels, scores = np.repeat([0, 1], 500), np.repeat([0.2, 0.8], 500)
    >>> round(expected_shrinkage(labels, scores, 10), 4)
    0.0106
    """
    p = np.clip(scores, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    churned, rate = labels == 1, float(np.mean(labels))
    fitted = np.where(churned, np.log(p), np.log1p(-p)).sum()
    guessed = np.where(churned, np.log(rate), np.log1p(-rate)).sum()
    chi_square = 2 * float(fitted - guessed)
    return weights / chi_square if chi_square > 0 else float("inf")


def raw_scores(pipeline, features):
    """Return uncalibrated scores in [0, 1].

    Parameters
    ----------
    pipeline : Pipeline
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.

    Returns
    -------
    ndarray of float64, shape (n_customers,)
        The probability of the estimator, or the logistic function of its decision where it has none.
    """
    return encoded_scores(pipeline.named_steps["model"], pipeline.named_steps["encode"].transform(features))


def encoded_scores(model, encoded):
    """Return what `raw_scores` returns, from the encoded matrix.

    Parameters
    ----------
    model : estimator
    encoded : ndarray of shape (n_customers, n_columns)

    Returns
    -------
    ndarray of float64, shape (n_customers,)
    """
    if hasattr(model, "predict_proba"):
        return model.predict_proba(encoded)[:, 1].astype(np.float64)
    return 1 / (1 + np.exp(-model.decision_function(encoded).astype(np.float64)))


def number_folds(features, labels, seed, groups=None):
    """Return `FOLDS` folds with the same share of leavers each.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
    labels : ndarray of int, shape (n_customers,)
    seed : int
    groups : ndarray of int, shape (n_customers,), optional
        Customers of one group stand in one fold.

    Returns
    -------
    ndarray of int64, shape (n_customers,)
    """
    folds = np.empty(len(labels), dtype=np.int64)
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(FOLDS, shuffle=True, random_state=seed)
    for number, (_, judged) in enumerate(splitter.split(features, labels, groups)):
        folds[judged] = number
    return folds
