"""Is a new version better than the one that serves? Both on the same customers, with intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ml.evaluation.outcomes import check_outcomes
from ml.evaluation.resampling import (
    CONFIDENCE,
    METRICS,
    RESAMPLES,
    Interval,
    bootstrap_metrics,
    percentile_interval,
    resample,
)
from ml.evaluation.verdicts import BETTER, NO_REAL_DIFFERENCE, WORSE

__all__ = [
    "Comparison", "FeatureShift", "bootstrap_metrics", "changed_sides", "compare_versions", "feature_shift",
    "rows_that_change", "state_verdict", "untouched",
]  # fmt: skip

# Below this many customers of either outcome an interval from resampling is itself a guess.
FEWEST_PER_CLASS = 30
# The Brier score decides. It judges the chances themselves, on which tiers, profit and campaigns rest, so it
# sees a version that ranks as well but promises too much, which AUC does not; it needs no threshold, as F1
# does; and each customer counts at most 1, while in the log loss one who was thought certain can outweigh all
# others.
RESTS_ON = "brier"
# A real difference of less than this share of the serving version's score changes nobody's list.
WORTH_NOTHING = 0.01


@dataclass(frozen=True)
class Difference:
    """One figure of both versions, and new minus serving on the same resamples.

    The difference has no interval on fewer than 30 customers of either outcome.

    Attributes
    ----------
    verdict : {"better", "worse", "no_real_difference"}
        By whether the interval of the difference excludes 0. Ten figures are ten looks: of two versions that
        are equally good, every second pair has one that seems real. `Comparison.verdict` is that of one
        figure, which was chosen beforehand.
    """

    metric: str
    group: str
    higher_is_better: bool
    serving: Interval
    new: Interval
    difference: Interval
    verdict: str


@dataclass(frozen=True)
class Moved:
    """Customers who moved together, and how many of them really left."""

    customers: int
    churned: int


@dataclass(frozen=True)
class ChangedSides:
    """Who is predicted otherwise than before.

    Attributes
    ----------
    to_leave, to_stay : Moved
        Predicted to leave by the new version only, and by the serving one only.
    still_leave, still_stay : Moved
        Predicted alike by both.
    """

    to_leave: Moved
    to_stay: Moved
    still_leave: Moved
    still_stay: Moved


@dataclass(frozen=True)
class Comparison:
    """What is known about a new version beside the serving one.

    Attributes
    ----------
    verdict : {"better", "worse", "no_real_difference"}
        Of the difference that `rests_on` names; never better or worse on fewer than 30 customers of either
        outcome.
    rests_on : str
        Name of the deciding metric, the Brier score.
    enough : bool
        Whether there are 30 customers of either outcome.
    differences : tuple of Difference
        In the order of `METRICS`.
    different : int
        How many of the customers are different ones: twins count once.
    """

    verdict: str
    rests_on: str
    enough: bool
    customers: int
    churned: int
    thresholds: tuple[float, float]
    differences: tuple[Difference, ...]
    changed_sides: ChangedSides
    resamples: int
    seed: int
    different: int
    confidence: float = CONFIDENCE

    @property
    def deciding(self):
        """The difference that the verdict rests on."""
        return next(found for found in self.differences if found.metric == self.rests_on)

    def to_dict(self):
        """Return plain numbers, texts and lists, ready for JSON."""
        found = asdict(self)
        return found | {"thresholds": list(self.thresholds), "differences": list(found["differences"])}


@dataclass(frozen=True)
class FeatureShift:
    """How much a feature moves the probability in either version; None where the version does not read it.

    Attributes
    ----------
    serving, new : float or None
        Mean absolute change of the probability, see `ml.serving.explanation.explain`.
    difference : float
        New minus serving.
    """

    feature: str
    serving: float | None
    new: float | None
    difference: float

    def to_dict(self):
        """Return plain numbers and texts, ready for JSON."""
        return asdict(self)


def compare_versions(
    labels,
    serving,
    new,
    thresholds=(0.5, 0.5),
    *,
    resamples=RESAMPLES,
    seed=0,
    resampled=None,
    groups=None,
):
    """Compare two versions on the same customers, whom neither has learned from.

    Both versions are measured on every resample, so that what makes a resample easy or hard cancels out: the
    interval of the difference is far narrower than the two intervals suggest.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
        1 where the customer churned; both classes must occur.
    serving, new : array-like of float, shape (n_customers,)
        Calibrated probabilities of the version that serves and of the new one. See `untouched` for who may
        take part.
    thresholds : pair of float, default (0.5, 0.5)
        Of the serving and of the new version.
    resamples : int, default 1000
    seed : int, default 0
    resampled : pair of Resampled, optional
        The same two versions on the same customers, from one call of
        `ml.evaluation.resampling.resample`, where they were measured already; `resamples` and `seed` are
        theirs then.
    groups : ndarray of int, shape (n_customers,), optional
        As for `ml.evaluation.resampling.resample`, and for `resampled` the same.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        As `bootstrap_metrics`; also with a single outcome.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman & Hall, chapter 8
       (data of more than one part) and equation 13.4.
    .. [2] Gneiting, T. and Raftery, A. E. (2007). Strictly Proper Scoring Rules, Prediction, and Estimation.
       Journal of the American Statistical Association, 102, 359-378. Why the Brier score decides.

    Examples
    --------
    >>> churned = np.array([0, 0, 0, 1] * 50)
    >>> guess, knows = np.full(200, 0.25), np.where(churned == 1, 0.7, 0.1)
    >>> compare_versions(churned, guess, knows).verdict
    'better'
    """
    y, before = check_outcomes(labels, serving)
    _, after = check_outcomes(labels, new)
    if resampled is None:
        versions = list(zip((before, after), thresholds, strict=True))
        resampled = resample(y, versions, resamples=resamples, seed=seed, groups=groups)
    former, latest = resampled

    churned = int(y.sum())
    enough = latest.fewest >= FEWEST_PER_CLASS
    differences = []
    for position, metric in enumerate(METRICS):
        old, fresh = former.drawn[:, position], latest.drawn[:, position]
        change = percentile_interval(
            latest.value[position] - former.value[position], fresh - old, latest.fewest
        )
        if not enough:
            # Of 30 customers the interval of a difference would hold it in as few as 83 of 100 samples.
            change = Interval(change.value, None, None)
        differences.append(
            Difference(
                metric=metric.name,
                group=metric.group,
                higher_is_better=metric.higher_is_better,
                serving=former.interval_of(position),
                new=latest.interval_of(position),
                difference=change,
                verdict=_verdict(change, metric.higher_is_better),
            )
        )
    deciding = next(found for found in differences if found.metric == RESTS_ON)
    return Comparison(
        verdict=deciding.verdict if enough else NO_REAL_DIFFERENCE,
        rests_on=RESTS_ON,
        enough=enough,
        customers=len(y),
        churned=churned,
        thresholds=tuple(float(threshold) for threshold in thresholds),
        differences=tuple(differences),
        changed_sides=changed_sides(y, before, after, thresholds),
        resamples=latest.resamples,
        seed=latest.seed,
        different=len(y) if groups is None else len(np.unique(groups)),
    )


def state_verdict(comparison, serving="the serving version", new="the new version"):
    """Say in one sentence whether the difference is real, and in one on how many customers that rests.

    Parameters
    ----------
    comparison : Comparison
    serving, new : str
        What the versions are called.

    Returns
    -------
    str

    Examples
    --------
    >>> churned, guess = np.array([0, 0, 0, 1] * 50), np.full(200, 0.25)
    >>> said = state_verdict(compare_versions(churned, guess, guess), "v1", "v2")
    >>> said.split(": ")[0], said.split(". ")[-1]
    ('No real difference between v2 and v1', 'This rests on 200 customers, of whom 50 left.')
    """
    found = comparison.deciding
    scores = f"{found.new.value:.4f} and {found.serving.value:.4f}"
    rests = f"This rests on {comparison.customers:,} customers, of whom {comparison.churned:,} left."
    if comparison.different < comparison.customers:
        rests += (
            f" Twins, equal in everything the model reads, count once: {comparison.different:,} of them are "
            "different ones."
        )
    if not comparison.enough:
        return (
            f"Too few customers to tell {new} from {serving}: at least {FEWEST_PER_CLASS} who left and as "
            f"many who stayed are needed. {rests}"
        )
    interval = f"{found.difference.low:+.4f} to {found.difference.high:+.4f}".replace("-", "\N{MINUS SIGN}")
    if comparison.verdict == NO_REAL_DIFFERENCE:
        return (
            f"No real difference between {new} and {serving}: their Brier scores are {scores}, and the 95 % "
            f"interval of the difference, {interval}, includes 0. {rests}"
        )
    small = ""
    if abs(found.difference.value) < WORTH_NOTHING * found.serving.value:
        small = (
            f" The difference is real and worth next to nothing: {abs(found.difference.value):.4f} is less "
            f"than one part in a hundred of {found.serving.value:.4f}."
        )
    nearer = "nearer to" if comparison.verdict == BETTER else "further from"
    return (
        f"{comparison.verdict.capitalize()} than {serving}: the chances of {new} are {nearer} what happened "
        f"(Brier scores {scores}, less is better; 95 % interval of the difference {interval}).{small} {rests}"
    )


def changed_sides(labels, serving, new, thresholds=(0.5, 0.5)):
    """Count who is predicted to leave by one version and to stay by the other, and who of them really left.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
    serving, new : array-like of float, shape (n_customers,)
    thresholds : pair of float, default (0.5, 0.5)
        Of the serving and of the new version.

    Returns
    -------
    ChangedSides

    Examples
    --------
    >>> changed_sides([1, 0, 0], [0.4, 0.6, 0.2], [0.7, 0.3, 0.2]).to_leave
    Moved(customers=1, churned=1)
    """
    y, before = check_outcomes(labels, serving, both=False)
    _, after = check_outcomes(labels, new, both=False)
    before, after = before >= thresholds[0], after >= thresholds[1]

    def moved(chosen):
        return Moved(int(chosen.sum()), int(y[chosen].sum()))

    return ChangedSides(
        to_leave=moved(~before & after),
        to_stay=moved(before & ~after),
        still_leave=moved(before & after),
        still_stay=moved(~before & ~after),
    )


def rows_that_change(serving, new, thresholds=(0.5, 0.5)):
    """Return who changes side, the largest change of the probability first.

    Parameters
    ----------
    serving, new : array-like of float, shape (n_customers,)
    thresholds : pair of float, default (0.5, 0.5)

    Returns
    -------
    to_leave, to_stay : ndarray of int
        Positions of the customers.

    Examples
    --------
    >>> rows_that_change([0.4, 0.6, 0.2], [0.7, 0.3, 0.2])
    (array([0]), array([1]))
    """
    before, after = np.asarray(serving, dtype=np.float64), np.asarray(new, dtype=np.float64)
    order = np.argsort(-np.abs(after - before), kind="stable")
    leaves, left = (after >= thresholds[1])[order], (before >= thresholds[0])[order]
    return order[leaves & ~left], order[left & ~leaves]


def untouched(held_out, *learned):
    """Return which of the held-out customers no version has learned from.

    A version that learned from some of the customers would be flattered by them. Versions of one chain need
    no such sorting, see `ml.learning.splits.continue_split`; this is for the others, and for proving it.

    Parameters
    ----------
    held_out : sequence of str
        Ids of the customers that the new version was not trained on.
    *learned : iterable of str
        Ids that each version was trained on.

    Returns
    -------
    ndarray of bool, shape (len(held_out),)

    Examples
    --------
    >>> untouched(["a", "b", "c"], ["b", "x"]).tolist()
    [True, False, True]
    """
    seen = set().union(*map(set, learned))
    return np.fromiter((customer not in seen for customer in held_out), dtype=bool, count=len(held_out))


def feature_shift(serving, new, columns, sample=2_000, *, seed=0):
    """Say which features weigh differently in two versions, on the same customers.

    Parameters
    ----------
    serving, new : Scorer
    columns : mapping of str to array
        A batch, see `ml.matrix.columns.read_columns`.
    sample : int, default 2000
    seed : int, default 0
        One seed for both, so that both look at the same customers and swap the same values.

    Returns
    -------
    list of FeatureShift
        The largest change first.
    """
    before, after = (dict(scorer.explain_batch(columns, sample, seed=seed)) for scorer in (serving, new))
    shifts = [
        FeatureShift(
            feature=name,
            serving=before.get(name),
            new=after.get(name),
            difference=after.get(name, 0.0) - before.get(name, 0.0),
        )
        for name in before | after
    ]
    return sorted(shifts, key=lambda shift: -abs(shift.difference))


def _verdict(change, higher_is_better):
    if not change.excludes_zero:
        return NO_REAL_DIFFERENCE
    return BETTER if (change.low > 0) == higher_is_better else WORSE
