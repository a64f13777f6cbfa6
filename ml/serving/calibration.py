"""From a score to a probability: calibrators as plain numbers."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

# A score of exactly 0 or 1 has no log odds; every path clips alike, so that all of them agree.
SMALLEST_SCORE = 1e-7
_WIDEST_LOGIT = math.log((1 - SMALLEST_SCORE) / SMALLEST_SCORE)


@dataclass(frozen=True)
class Calibrator:
    """Maps a score in [0, 1] to a probability.

    Attributes
    ----------
    method : {"none", "sigmoid", "isotonic"}
    slope, intercept : float
        For "sigmoid": log odds of the probability = slope * log odds of the score + intercept.
    x, y : tuple of float
        For "isotonic": knots, joined by straight lines.
    comparison : dict of str to float
        Brier score of each method on folds that it was not fitted on; why `method` was chosen.
    """

    method: str
    slope: float = 1.0
    intercept: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    comparison: dict = field(default_factory=dict)

    def apply(self, scores):
        """Return the probabilities of an array of scores.

        Parameters
        ----------
        scores : ndarray of shape (n,)

        Returns
        -------
        ndarray of float64, shape (n,)

        Examples
        --------
        >>> Calibrator("sigmoid", slope=1.0, intercept=0.0).apply(np.array([0.2])).round(6)
        array([0.2])
        """
        scores = np.asarray(scores, dtype=np.float64)
        if self.method == "sigmoid":
            return self.apply_to_logits(logits(scores))
        if self.method == "isotonic":
            return np.interp(scores, self.x, self.y)
        return np.clip(scores, 0.0, 1.0)

    def apply_to_logits(self, values):
        """Return the probabilities of an array of log odds.

        Parameters
        ----------
        values : ndarray of float64, shape (n,)
            Overwritten.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        np.clip(values, -_WIDEST_LOGIT, _WIDEST_LOGIT, out=values)
        if self.method == "sigmoid":
            values *= self.slope
            values += self.intercept
        np.negative(values, out=values)
        np.exp(values, out=values)
        values += 1.0
        np.reciprocal(values, out=values)
        return np.interp(values, self.x, self.y) if self.method == "isotonic" else values

    def apply_one(self, score):
        """Return the probability of one score; `apply` without the cost of arrays.

        Parameters
        ----------
        score : float

        Returns
        -------
        float
        """
        if self.method == "sigmoid":
            score = min(max(score, SMALLEST_SCORE), 1 - SMALLEST_SCORE)
            return self.apply_one_logit(math.log(score / (1 - score)))
        if self.method == "isotonic":
            return self._interpolate(score)
        return min(max(score, 0.0), 1.0)

    def apply_one_logit(self, value):
        """Return the probability of one value of log odds.

        Parameters
        ----------
        value : float

        Returns
        -------
        float
        """
        value = min(max(value, -_WIDEST_LOGIT), _WIDEST_LOGIT)
        if self.method == "sigmoid":
            value = self.slope * value + self.intercept
        probability = 1 / (1 + math.exp(-value))
        return self._interpolate(probability) if self.method == "isotonic" else probability

    def _interpolate(self, score):
        right = bisect_right(self.x, score)
        if right == 0:
            return self.y[0]
        if right == len(self.x):
            return self.y[-1]
        left = right - 1
        share = (score - self.x[left]) / (self.x[right] - self.x[left])
        return self.y[left] + share * (self.y[right] - self.y[left])

    def to_dict(self):
        """Return the calibrator as plain numbers, ready for JSON.

        Returns
        -------
        dict
        """
        return {
            "method": self.method,
            "slope": self.slope,
            "intercept": self.intercept,
            "x": list(self.x),
            "y": list(self.y),
            "comparison": dict(self.comparison),
        }

    @classmethod
    def from_dict(cls, data):
        """Rebuild a calibrator from what `to_dict` gave.

        Parameters
        ----------
        data : dict

        Returns
        -------
        Calibrator

        Raises
        ------
        ValueError
            The method is unknown, or knots do not fit together.
        """
        calibrator = cls(
            method=data["method"],
            slope=float(data["slope"]),
            intercept=float(data["intercept"]),
            x=tuple(map(float, data["x"])),
            y=tuple(map(float, data["y"])),
            comparison=dict(data["comparison"]),
        )
        if calibrator.method not in ("none", "sigmoid", "isotonic"):
            raise ValueError(f"Unknown calibration method {calibrator.method!r}.")
        if calibrator.method == "isotonic" and not 2 <= len(calibrator.x) == len(calibrator.y):
            raise ValueError("An isotonic calibrator needs at least two knots, and one value for each.")
        return calibrator


def logits(scores):
    """Return the log odds of scores, clipped to `SMALLEST_SCORE` and its complement.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    scores = np.clip(scores, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    return np.log(scores / (1 - scores))


def choose_calibrator(scores, labels, folds):
    """Fit the calibrator with the lowest Brier score out of fold.

    Each method is fitted on the scores of all folds but one and judged on that one, so that the flexible one
    cannot win by memorising. A more complicated method must be better by 0.1 %, else the simpler one stays.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        Out-of-fold scores: each by a model that did not see its customer.
    labels : ndarray of int, shape (n,)
    folds : ndarray of int, shape (n,)
        Fold of each customer.

    Returns
    -------
    Calibrator
        Fitted on all of the scores.

    References
    ----------
    .. [1] Platt, J. (1999). Probabilistic outputs for support vector machines. Advances in Large Margin
       Classifiers.
    .. [2] Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate multiclass
       probability estimates. KDD.
    .. [3] Oron, A. P. and Flournoy, N. (2017). Centered Isotonic Regression. Statistics in Biopharmaceutical
       Research, 9(3), 258-267. The knots stand at the mean score of each pool, so that scores within a pool
       keep their order.
    """
    fitters = {"none": _identity, "sigmoid": fit_sigmoid, "isotonic": fit_isotonic}
    comparison = {}
    for method, fit in fitters.items():
        squared = np.empty(len(scores))
        for fold in np.unique(folds):
            test = folds == fold
            squared[test] = (fit(scores[~test], labels[~test]).apply(scores[test]) - labels[test]) ** 2
        comparison[method] = float(squared.mean())
    best = "none"
    for method in ("sigmoid", "isotonic"):
        if comparison[method] < 0.999 * comparison[best]:
            best = method
    fitted = fitters[best](scores, labels)
    return Calibrator(best, fitted.slope, fitted.intercept, fitted.x, fitted.y, comparison)


def fit_sigmoid(scores, labels):
    """Fit slope and intercept on the log odds by maximum likelihood, with Platt's softened labels.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
    labels : ndarray of int, shape (n,)

    Returns
    -------
    Calibrator
    """
    x = logits(scores)
    positive = labels.sum()
    negative = len(labels) - positive
    target = np.where(labels == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    design = np.column_stack([x, np.ones_like(x)])

    def loss(weights):
        value = design @ weights
        return float(np.sum(np.logaddexp(0, value) - target * value))

    weights = np.array([1.0, 0.0])
    now = loss(weights)
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -500, 500)))
        curvature = (design * (p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (target - p))
        # Full Newton steps overshoot without end where scores are far too sure of themselves.
        while (after := loss(weights + step)) > now and np.abs(step).max() > 1e-12:
            step /= 2
        if after > now or np.abs(step).max() < 1e-10:
            break
        weights, now = weights + step, after
    return Calibrator("sigmoid", slope=float(weights[0]), intercept=float(weights[1]))


def fit_isotonic(scores, labels, closest=0.01, fewest=30):
    """Fit a rising line through pooled means (centred isotonic regression).

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
    labels : ndarray of int, shape (n,)
    closest : float, default 0.01
        Pools nearer to each other than this are merged: between them the line would be so steep that the last
        digits of a 32-bit score would show.
    fewest : int, default 30
        Pools of fewer customers are merged: the rate of a handful is no probability.

    Returns
    -------
    Calibrator

    Examples
    --------
    >>> fit_isotonic(np.array([0.1, 0.3, 0.5, 0.7]), np.array([0, 1, 0, 1]), fewest=1).x
    (0.1, 0.4, 0.7)
    """
    order = np.argsort(scores, kind="stable")
    pools = []  # [customers, mean score, mean label]
    for score, label in zip(scores[order].tolist(), labels[order].tolist(), strict=True):
        pools.append([1, score, float(label)])
        while len(pools) > 1 and (
            pools[-2][0] < fewest or pools[-2][2] >= pools[-1][2] or pools[-1][1] - pools[-2][1] < closest
        ):
            _merge_last(pools)
    if len(pools) > 1 and pools[-1][0] < fewest:
        _merge_last(pools)
    if len(pools) == 1:  # no order at all: a flat line
        pools = [[1, 0.0, pools[0][2]], [1, 1.0, pools[0][2]]]
    # Nobody stays or leaves with certainty: as in Platt's softened labels, no value is closer to 0 or 1 than
    # this.
    least = 1 / (len(labels) + 2)
    values = tuple(min(max(pool[2], least), 1 - least) for pool in pools)
    return Calibrator("isotonic", x=tuple(pool[1] for pool in pools), y=values)


def _merge_last(pools):
    n, x, y = pools.pop()
    m, left, low = pools.pop()
    pools.append([m + n, (m * left + n * x) / (m + n), (m * low + n * y) / (m + n)])


def _identity(scores, labels):
    return Calibrator("none")
