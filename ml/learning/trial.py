"""How good a model is that was not trained here: tried on customers whose outcomes are known."""

from __future__ import annotations

import numpy as np

from ml.evaluation.metrics import area_under_curve
from ml.learning.fitting import THRESHOLD
from ml.learning.judging import judge, judge_simple_rule
from ml.learning.packaging import observe
from ml.learning.splits import has_few, refuse_few, split_half

MOST_SHUFFLED = 2_000


def try_out(score, features, labels, schema, *, threshold=THRESHOLD, slices=(), seed=42, repeats=4):
    """Return the figures that every version has, of a model that is only known by what it says.

    Parameters
    ----------
    score : callable
        Gives the rows of a table like `features` their probabilities.
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`; customers whom the model has not learned from.
    labels : ndarray of int, shape (n_customers,)
        1 where the customer churned.
    schema : FeatureSchema
    threshold : float, default 0.5
    slices : sequence of str, optional
        See `ml.learning.training.train_model`.
    seed, repeats : int, default 42, 4
        Of the shuffles.

    Returns
    -------
    dict
        ``metrics`` as of `ml.learning.training.train_model`, the ``simple_rule`` chosen on one half of the
        customers and compared on the other (``rows``, ``model_auc``); ``importance``, how much AUC is lost
        when a column is shuffled; ``observed``, lowest and highest value of each number.

    Raises
    ------
    ValueError
        Fewer than 30 customers of either outcome, or a probability outside of [0, 1].
    """
    refuse_few(labels, what="Trying a model out")
    probabilities = score(features)
    metrics = judge(features, labels, probabilities, threshold, schema=schema, sliced_by=slices)
    shuffled = features.iloc[:MOST_SHUFFLED].reset_index(drop=True)
    return {
        "metrics": metrics | {"simple_rule": _beside_column(features, labels, probabilities, schema, seed)},
        "importance": _importance(score, shuffled, labels[:MOST_SHUFFLED], schema, seed, repeats),
        "observed": observe(features, schema),
    }


def _beside_column(features, labels, probabilities, schema, seed):
    """Compare with the best single column; None where either half has few of an outcome.

    What the model learned from is not here, so that one half of the customers has to choose the column.
    """
    chosen, compared = split_half(labels, seed)
    if has_few(labels[chosen]) or has_few(labels[compared]):
        return None
    outcomes, said = labels[compared], probabilities[compared]
    rule = judge_simple_rule(
        features.iloc[chosen], labels[chosen], features.iloc[compared], outcomes, said, schema=schema
    )
    return rule and rule | {"rows": len(compared), "model_auc": area_under_curve(outcomes, said)}


def _importance(score, features, labels, schema, seed, repeats):
    if len(np.unique(labels)) < 2:
        return []
    base = area_under_curve(labels, score(features))
    rng = np.random.default_rng(seed)
    found = []
    for name in schema.features:
        losses = []
        for _ in range(repeats):
            cells = features[name].to_numpy()[rng.permutation(len(features))]
            losses.append(base - area_under_curve(labels, score(features.assign(**{name: cells}))))
        found.append({"feature": name, "importance": float(np.mean(losses))})
    return sorted(found, key=lambda row: -row["importance"])
