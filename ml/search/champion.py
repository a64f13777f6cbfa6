"""Which of the types that were tried learns: by chosen weights, among those not shown to be worse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from ml.evaluation.means import mean_interval, standard_error
from ml.evaluation.metrics import log_losses

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ranked:
    """One type at its place.

    Attributes
    ----------
    score : float
        The weighted sum of `parts`; 0 for one that could not be tried.
    parts : dict of str to float
        Each figure from 0, the worst type, to 1, the best.
    behind : float or None
        By how much its log loss is larger than the lowest one.
    level : bool
        Whether that difference is no larger than chance makes it.
    behind_interval : list of float or None
        From where to where that difference lies, at 95 %; None for the type with the lowest log loss.
    """

    model_type: str
    score: float
    parts: dict
    behind: float | None
    level: bool
    behind_interval: list | None = None


def rank(results, labels, weights):
    """Return the types, the best first.

    The sources of the product rank by F1, recall, profit and stability. A type that names nearly everybody
    has a high recall, so these weights decide only among those whose log loss is not shown to be larger than
    the lowest: a worse model does not win by its threshold.

    Parameters
    ----------
    results : sequence of TypeResult
        With what each said of the same customers.
    labels : ndarray of int, shape (n_customers,)
    weights : mapping of str to float
        From `ml.search.weights.WEIGHTS`.

    Returns
    -------
    list of Ranked
        Those shown to be worse follow, by their log loss; then those that could not be tried.
    """
    tried = [result for result in results if result.chosen is not None]
    failed = [Ranked(result.model_type, 0.0, {}, None, False) for result in results if result.chosen is None]
    if not tried:
        return failed
    lowest = min(tried, key=lambda result: (result.figures["log_loss"], result.model_type))
    least = log_losses(labels, lowest.said)
    ranked = []
    for result, parts in zip(tried, _parts(tried, weights), strict=True):
        losses = log_losses(labels, result.said)
        ranked.append(
            Ranked(
                model_type=result.model_type,
                score=float(sum(weights[name] * part for name, part in parts.items())),
                parts=parts,
                behind=result.figures["log_loss"] - lowest.figures["log_loss"],
                level=not is_shown_larger(losses, least),
                behind_interval=None if result is lowest else mean_interval(losses - least),
            )
        )
    ranked.sort(key=lambda one: (not one.level, -one.score if one.level else one.behind, one.model_type))
    return [*ranked, *failed]


def is_shown_larger(losses, others):
    """Tell whether the losses of the same customers are larger by more than chance: one-sided, at 95 %.

    Parameters
    ----------
    losses, others : ndarray of float64, shape (n_customers,)

    Returns
    -------
    bool

    References
    ----------
    .. [1] Diebold, F. X. and Mariano, R. S. (1995). Comparing Predictive Accuracy. Journal of Business and
       Economic Statistics 13, 253-263; of independent customers, without a term for neighbours in time.

    Examples
    --------
    >>> losses = np.linspace(0.1, 0.9, 100)
    >>> is_shown_larger(losses + 0.05, losses), is_shown_larger(losses[::-1], losses)
    (True, False)
    """
    differences = losses - others
    if not differences.any():
        return False
    return bool(differences.mean() > norm.ppf(CONFIDENCE) * standard_error(differences))


def _parts(tried, weights):
    """Return for each type its figures from 0 to 1 beside the others; 1 where all are the same."""
    columns = {
        "f1": [one.figures["f1"] for one in tried],
        "recall": [one.figures["recall"] for one in tried],
        "profit": [one.figures["profit"] for one in tried],
        "stability": [-one.spread["f1"] for one in tried],
        "speed": [-one.seconds for one in tried],
    }
    scaled = {name: _scaled(np.array(columns[name])) for name in weights}
    return [{name: float(values[place]) for name, values in scaled.items()} for place in range(len(tried))]


def _scaled(values):
    low, high = values.min(), values.max()
    return np.ones(len(values)) if high == low else (values - low) / (high - low)
