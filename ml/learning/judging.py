"""How good a fitted model is on customers that it has not seen."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import f1_score, precision_recall_curve

from ml.evaluation.metrics import area_under_curve, evaluate
from ml.evaluation.resampling import METRICS, bootstrap_metrics, percentile_interval, resample
from ml.evaluation.signal import MOST_NAMED_PER_LEAVER, NAMES_NOBODY, read_signal
from ml.evaluation.slices import slices
from ml.learning.honest_scores import encoded_scores
from ml.learning.single_columns import best_single_column
from ml.learning.splits import has_few
from ml.logs.rates import find_bands, rates_of
from ml.matrix.frames import fill_blanks

# There are nine slices or so, each with figures of its own: fewer draws tell as much about their width.
SLICE_RESAMPLES = 200


def judge(features, labels, probabilities, threshold, *, schema, sliced_by, groups=None):
    """Return every published figure, and how far each can be relied on.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`; nobody of whom the model has learned from.
    labels, probabilities : ndarray of shape (n_customers,)
    threshold : float
    schema : FeatureSchema
    sliced_by : sequence of str
        Features by whose parts the figures are given as well; none for none.
    groups : ndarray of int, shape (n_customers,), optional
        From `ml.learning.twins.find_twins`: intervals and verdicts take twins for one.

    Returns
    -------
    dict
        `ml.evaluation.metrics.evaluate` with ``intervals`` (`ml.evaluation.resampling.bootstrap_metrics`) and
        ``slices`` (`ml.evaluation.slices.slices`), ready for JSON.
    """
    parts = slices(
        features,
        labels,
        probabilities,
        threshold,
        schema=schema,
        features=sliced_by,
        resamples=SLICE_RESAMPLES,
        groups=groups,
    )
    intervals = bootstrap_metrics(labels, probabilities, threshold, groups=groups)
    return evaluate(labels, probabilities, threshold, groups=groups) | {
        "intervals": intervals.to_dict(),
        "slices": [part.to_dict() for part in parts],
    }


def judge_as_served(features, labels, probabilities, threshold, **how):
    """Return the figures of what serves: a model that is not shown to beat chance names nobody.

    Parameters
    ----------
    features, labels, probabilities, threshold, **how
        As `judge` takes them.

    Returns
    -------
    dict
        As `judge`, with ``names_nobody``; where it is so, the figures are those of a model that does.
    """
    metrics = judge(features, labels, probabilities, threshold, **how)
    signal = read_signal(metrics)
    names_nobody = signal is not None and not signal.beats_chance
    if names_nobody:
        metrics = judge(features, labels, probabilities, NAMES_NOBODY, **how)
    return metrics | {"names_nobody": names_nobody}


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
    base = area_under_curve(labels, encoded_scores(model, encoded))
    rng = np.random.default_rng(seed)
    found = []
    for name, places in schema.places.items():
        losses = []
        for _ in range(repeats):
            shuffled = encoded.copy()
            shuffled[:, places] = encoded[np.ix_(rng.permutation(rows), places)]
            losses.append(base - area_under_curve(labels, encoded_scores(model, shuffled)))
        found.append({"feature": name, "importance": float(np.mean(losses))})
    return sorted(found, key=lambda row: -row["importance"])


def choose_threshold(labels, probabilities):
    """Return the probability from which on a customer is called leaving: where the F1 of churners is largest.

    Without much signal the F1 is largest where nearly everybody is called. Where more than twice as many are
    called as leave, no threshold is offered.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
    probabilities : ndarray of float64, shape (n_customers,)
        Of models that had not seen their customer.

    Returns
    -------
    float
        Between 0.05 and 0.95; `ml.evaluation.signal.NAMES_NOBODY` where each of them calls too many.

    Examples
    --------
    >>> choose_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.8]))
    0.3
    >>> choose_threshold(np.array([0, 0, 0, 1]), np.full(4, 0.25)) == NAMES_NOBODY
    True
    """
    offered = np.unique(np.clip(np.round(probabilities, 4), 0.05, 0.95))
    leavers = int(labels.sum())
    named, found = _count_from(offered, probabilities), _count_from(offered, probabilities[labels == 1])
    few = named <= MOST_NAMED_PER_LEAVER * leavers
    if not few.any():
        return NAMES_NOBODY
    f1 = np.where(few, 2 * found / (named + leavers), -1.0)
    return float(offered[int(np.argmax(f1))])


def judge_simple_rule(learned, labels, judged, outcomes, probabilities, *, schema, groups=None):
    """Judge the best single column, chosen on what was learned from: a model that loses to it is no use.

    Parameters
    ----------
    learned : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.
    labels : ndarray of int, shape (n_customers,)
    judged : DataFrame of shape (n_others, n_features)
    outcomes : ndarray of int, shape (n_others,)
    probabilities : ndarray of float64, shape (n_others,)
        What the model says of those who are judged.
    schema : FeatureSchema
    groups : ndarray of int, shape (n_others,), optional
        As for `judge`, of those who are judged.

    Returns
    -------
    dict or None
        ``feature``, ``is_category``, ``higher_is_riskier`` (None of words), ``auc`` and its ``interval``,
        ``f1``, ``f1_of_all``, and ``model_gains``: by how much the AUC of the model is above that of the
        rule, with an interval from the same resamples of both. None where there is no column.
    """
    learned, judged = fill_blanks(learned, schema), fill_blanks(judged, schema)
    rule = best_single_column(learned, labels, schema=schema)
    if rule is None:
        return None
    cut = _best_cut(labels, rule.score(learned))
    found = rule.score(judged)
    return {
        "feature": rule.feature,
        "is_category": rule.rates is not None,
        "higher_is_riskier": None if rule.rates is not None else rule.sign > 0,
        "auc": area_under_curve(outcomes, found),
        "f1": float(f1_score(outcomes, found >= cut)),
        # Calling everybody a leaver: the F1 that knowing nothing gives.
        "f1_of_all": float(2 * outcomes.mean() / (1 + outcomes.mean())),
        **_beside_rule(outcomes, probabilities, found, groups),
    }


def judge_rates(table, days, labels):
    """Hold the rates of a table against what became of customers from whom they were not learned.

    Parameters
    ----------
    table : dict
        From `ml.logs.rates.learn_rates`.
    days, labels : ndarray of int, shape (n_customers,)

    Returns
    -------
    dict
        ``rows``, ``mean_probability``, ``churn_rate`` (both None where there is nobody), ``auc`` (``value``,
        ``low``, ``high``; None with few of either outcome), and ``bands`` (``from_days``, ``until_days`` or
        None, ``rows``, ``churned``, ``mean_probability``) of those in which somebody is.
    """
    rates, rows = rates_of(table, days), len(labels)
    of_each, edges = find_bands(table["bands"], days), [0, *table["bands"], None]
    return {
        "rows": rows,
        "mean_probability": float(rates.mean()) if rows else None,
        "churn_rate": float(labels.mean()) if rows else None,
        "auc": _rank(labels, rates),
        "bands": [
            {
                "from_days": edges[band],
                "until_days": edges[band + 1],
                "rows": int((of_each == band).sum()),
                "churned": int(labels[of_each == band].sum()),
                "mean_probability": table["rates"][band],
            }
            for band in np.unique(of_each).tolist()
        ],
    }


def _rank(labels, rates):
    # With fewer of either outcome a ranking is mostly chance.
    if has_few(labels):
        return None
    return asdict(bootstrap_metrics(labels, rates).weighted["AUC"])


def _beside_rule(outcomes, probabilities, scores, groups):
    """Return the AUC of scores, and by how much that of probabilities is above it, drawn together."""
    ranks = rankdata(scores) / len(scores)
    model, rule = resample(outcomes, [(probabilities, 0.5), (ranks, 0.5)], groups=groups)
    place = [metric.name for metric in METRICS].index("AUC")
    gains = percentile_interval(
        model.value[place] - rule.value[place], model.drawn[:, place] - rule.drawn[:, place], model.fewest
    )
    return {"interval": asdict(rule.interval_of(place)), "model_gains": asdict(gains)}


def _count_from(cuts, scores):
    """Return how many scores each cut calls: those at it and above."""
    return len(scores) - np.searchsorted(np.sort(scores), cuts, side="left")


def _best_cut(labels, scores):
    """Return from which score on calling a customer a leaver gives the largest F1 of churners."""
    precision, recall, cuts = precision_recall_curve(labels, scores)
    both = precision[:-1] + recall[:-1]
    f1 = 2 * precision[:-1] * recall[:-1] / np.where(both > 0, both, 1)
    return cuts[int(np.argmax(f1))]
