"""How good a model is: figures, curves and calibration, each saying what it averages."""

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_curve,
)

from ml.evaluation.outcomes import check_outcomes, rows_per_customer, spread_points


def evaluate(labels, probabilities, threshold=0.5, *, groups=None):
    """Return every published figure of a model on customers that it has not seen.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
        1 where the customer churned; both classes must occur.
    probabilities : array-like of float, shape (n_customers,)
        Calibrated probability of churn, in [0, 1].
    threshold : float, default 0.5
        From here on a customer is predicted to churn.
    groups : ndarray of int, shape (n_customers,), optional
        As for `reliability`.

    Returns
    -------
    dict
        ``weighted``: Accuracy, AUC, Precision, Recall and F1 Score, the last three averaged over both classes
        weighted by their size (so Recall equals Accuracy). ``churners``: precision, recall and f1 of the
        class that churned (a precision of nobody is None), average_precision, base_rate.
        ``roc``, ``precision_recall``: curves of at most 200 points. ``confusion``: counts.
        ``calibration``: see `reliability`. ``brier``, ``log_loss``, ``threshold``, ``rows``.

    Raises
    ------
    ValueError
        Lengths differ, a label is not 0 or 1, only one class is there, or a probability is outside [0, 1].

    References
    ----------
    .. [1] Fawcett, T. (2006). An introduction to ROC analysis. Pattern Recognition Letters, 27, 861-874.
    .. [2] Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly Weather
       Review, 78, 1-3, equation 2 (halved: one class).

    Examples
    --------
    >>> found = evaluate([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
    >>> found["weighted"]["Accuracy"], found["weighted"]["AUC"]
    (0.5, 0.75)
    >>> found["confusion"]
    {'true_negative': 1, 'false_positive': 1, 'false_negative': 1, 'true_positive': 1}
    """
    y, p = check_outcomes(labels, probabilities)
    predicted = p >= threshold
    churned = y == 1
    hit, false_alarm = int((predicted & churned).sum()), int((predicted & ~churned).sum())
    missed, rest = int((~predicted & churned).sum()), int((~predicted & ~churned).sum())

    churners = _class_figures(hit, false_alarm, missed)
    stayers = _class_figures(rest, missed, false_alarm)
    nobody_named = {} if predicted.any() else {"precision": None}
    share = churned.mean()
    weighted = {name: float(share * churners[name] + (1 - share) * stayers[name]) for name in churners}
    auc = area_under_curve(y, p)
    return {
        "weighted": {
            "Accuracy": (hit + rest) / len(y),
            "AUC": auc,
            "Precision": weighted["precision"],
            "Recall": weighted["recall"],
            "F1 Score": weighted["f1"],
        },
        "churners": churners
        | nobody_named
        | {"average_precision": float(average_precision_score(y, p)), "base_rate": float(share), "auc": auc},
        "roc": _roc(y, p),
        "precision_recall": _precision_recall(y, p),
        "confusion": {
            "true_negative": rest,
            "false_positive": false_alarm,
            "false_negative": missed,
            "true_positive": hit,
        },
        "calibration": reliability(y, p, groups=groups),
        "brier": float(np.mean((p - y) ** 2)),
        "log_loss": float(log_losses(y, p).mean()),
        "threshold": float(threshold),
        "rows": len(y),
    }


def area_under_curve(labels, scores):
    """Return the share of pairs of a churner and a stayer in which the churner has the higher score.

    What `sklearn.metrics.roc_auc_score` returns, without its checks, which are 40 times the work: a training
    asks a hundred times, of arrays that were checked before.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
        1 where the customer churned.
    scores : ndarray or Series of float, shape (n_customers,)
        Without NaN; equal ones count half.

    Returns
    -------
    float
        NaN where only one class is there.

    Examples
    --------
    >>> area_under_curve(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    labels, scores = np.asarray(labels, dtype=np.int64), np.asarray(scores, dtype=np.float64)
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    last_of_equals = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    churned = np.diff(np.cumsum(labels[order])[last_of_equals], prepend=0)
    stayed = np.diff(last_of_equals, prepend=-1) - churned
    pairs = int(churned.sum()) * int(stayed.sum())
    below = np.cumsum(stayed) - stayed
    return float((churned * (below + stayed / 2)).sum() / pairs) if pairs else float("nan")


def log_losses(labels, probabilities):
    """Return minus the logarithm of the probability of what happened, customer by customer.

    Parameters
    ----------
    labels, probabilities : ndarray of shape (n_customers,)

    Returns
    -------
    ndarray of float64, shape (n_customers,)
    """
    p = np.clip(probabilities, 1e-15, 1 - 1e-15)
    return -np.where(labels == 1, np.log(p), np.log1p(-p))


def reliability(labels, probabilities, bins=10, *, groups=None):
    """Compare promised with observed churn, in bins of equal size.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
    probabilities : array-like of float, shape (n_customers,)
    bins : int, default 10
        Number of groups, each with about the same number of customers: with equal widths the rarely used high
        probabilities would be judged on a handful of customers.
    groups : ndarray of int, shape (n_customers,), optional
        From `ml.learning.twins.find_twins`; None where all customers differ.

    Returns
    -------
    dict
        ``bins``: list of {rows, mean_probability, churn_rate}; ``ece``: expected calibration error, the mean
        distance between the two, weighted by rows; ``mean_probability`` and ``churn_rate`` over all rows;
        with `groups` also ``rows_per_customer``, see `ml.evaluation.outcomes.rows_per_customer`.

    References
    ----------
    .. [1] Naeini, M. P., Cooper, G. and Hauskrecht, M. (2015). Obtaining well calibrated probabilities using
       Bayesian binning. AAAI, equation 1 of section "Experimental Results" (ECE).

    Examples
    --------
    >>> round(reliability([0, 1, 1, 1], [0.2, 0.4, 0.7, 0.9], bins=2)["ece"], 6)
    0.2
    """
    y, p = check_outcomes(labels, probabilities, both=False)
    # Customers with the same probability stay together: they could not be told apart in any use either.
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    group = np.searchsorted(edges, p, side="right")
    found = []
    for number in np.unique(group):
        chosen = group == number
        found.append(
            {
                "rows": int(chosen.sum()),
                "mean_probability": float(p[chosen].mean()),
                "churn_rate": float(y[chosen].mean()),
            }
        )
    error = sum(row["rows"] * abs(row["mean_probability"] - row["churn_rate"]) for row in found) / len(y)
    twins = {}
    if groups is not None:
        usual = np.array([row["churn_rate"] - row["mean_probability"] for row in found])
        surplus = y - p - usual[np.searchsorted(np.unique(group), group)]
        twins = {"rows_per_customer": rows_per_customer(groups, surplus)}
    return {
        "bins": found,
        "ece": float(error),
        "mean_probability": float(p.mean()),
        "churn_rate": float(y.mean()),
    } | twins


def _class_figures(hit, false_alarm, missed):
    precision = hit / (hit + false_alarm) if hit + false_alarm else 0.0
    recall = hit / (hit + missed) if hit + missed else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def _thin(*curves):
    chosen = spread_points(len(curves[0]))
    return [[round(float(value), 6) for value in curve[chosen]] for curve in curves]


def _roc(y, p):
    false_positive_rate, true_positive_rate, _ = roc_curve(y, p)
    x, up = _thin(false_positive_rate, true_positive_rate)
    return {"false_positive_rate": x, "true_positive_rate": up}


def _precision_recall(y, p):
    precision, recall, _ = precision_recall_curve(y, p)
    up, x = _thin(precision, recall)
    return {"precision": up, "recall": x}
