"""Figures of a version with intervals: what other customers of the same kind would have shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import ndtr, stdtrit

from ml.evaluation.outcomes import check_outcomes
from ml.evaluation.proportions import share_interval

RESAMPLES = 1_000
CONFIDENCE = 0.95
# Customers whose outcome is turned around in a resample: as few as suffice to stand for all probabilities.
TWINS = 50
# The weight of one who left and of one who stayed although nobody like that was seen, drawn anew for each
# resample: that of Jeffreys' prior.
TWIN_WEIGHT = 0.5
# Counts of one block of resamples, 1 MB: in larger ones, which no cache holds, the same draws take twice as
# long.
_BLOCK = 131_072


@dataclass(frozen=True)
class Metric:
    """A published figure: its name, its group in `ml.evaluation.metrics.evaluate`, and its direction."""

    name: str
    group: str
    higher_is_better: bool = True


METRICS = (
    Metric("Accuracy", "weighted"),
    Metric("AUC", "weighted"),
    Metric("Precision", "weighted"),
    Metric("Recall", "weighted"),
    Metric("F1 Score", "weighted"),
    Metric("precision", "churners"),
    Metric("recall", "churners"),
    Metric("f1", "churners"),
    Metric("brier", "probabilities", higher_is_better=False),
    Metric("log_loss", "probabilities", higher_is_better=False),
)


@dataclass(frozen=True)
class Interval:
    """A figure and the range in which it lies with 95 % confidence.

    None in all three where it cannot be told: an AUC needs both outcomes, and a share of nobody is no share.
    The range alone is None where it would rest on too few.
    """

    value: float | None
    low: float | None
    high: float | None

    @property
    def excludes_zero(self):
        """Whether the whole range lies on one side of 0."""
        return self.low is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class MetricIntervals:
    """Figures of one version with their intervals.

    Attributes
    ----------
    weighted, churners, probabilities : dict of str to Interval
        Accuracy, AUC, Precision, Recall and F1 Score averaged over both classes; precision, recall and f1 of
        the customers who left; brier and log_loss.
    customers, churned : int
        On how many customers they rest, and how many of those left.
    resamples, seed, confidence
        How the intervals were made.
    """

    weighted: dict[str, Interval]
    churners: dict[str, Interval]
    probabilities: dict[str, Interval]
    customers: int
    churned: int
    resamples: int
    seed: int
    confidence: float = CONFIDENCE

    def to_dict(self):
        """Return plain numbers, texts and lists, ready for JSON."""
        return asdict(self)


def bootstrap_metrics(labels, probabilities, threshold=0.5, *, resamples=RESAMPLES, seed=0, groups=None):
    """Return the published figures of a version with 95 % intervals.

    What is a share of customers (accuracy; precision and recall of the leavers; their F1, which follows from
    the share of hits among all who left or were named) gets the interval of that share. For the others
    customers are drawn with replacement, all from one pot: the share of leavers differs from draw to draw, as
    it does from month to month, and the weighted figures and the Brier score depend on it. Draws within each
    outcome would make those intervals too narrow.

    Of thirty customers perhaps nobody left, and no draw of them shows a leaver then. So each resample also
    has a customer who left and one who stayed whatever was seen, with half the weight of a customer on
    average.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
        1 where the customer churned.
    probabilities : array-like of float, shape (n_customers,)
        Calibrated, in [0, 1].
    threshold : float, default 0.5
    resamples : int, default 1000
    seed : int, default 0
        The same seed gives the same intervals.
    groups : ndarray of int, shape (n_customers,), optional
        As for `resample`.

    Returns
    -------
    MetricIntervals
        Each interval holds its figure. With a single outcome there is no AUC; where nobody left there is no
        recall, and where nobody was named no precision.

    Raises
    ------
    ValueError
        Lengths differ, a label is not 0 or 1, a probability is outside [0, 1], or no resamples are asked for.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman & Hall, section
       13.3, equation 13.4 (percentile interval).
    .. [2] Rubin, D. B. (1981). The Bayesian Bootstrap. Annals of Statistics 9, 130-134; section 5 on outcomes
       that were not seen.
    .. [3] Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial proportion.
       Statistical Science 16, 101-133; section 4.1.1 on Jeffreys' prior.

    Examples
    --------
    >>> found = bootstrap_metrics([0, 0, 0, 1, 1] * 20, [0.1, 0.2, 0.6, 0.4, 0.9] * 20)
    >>> found.customers, found.churned, round(found.weighted["AUC"].value, 3)
    (100, 40, 0.833)
    >>> found.weighted["AUC"].low < 0.833 < found.weighted["AUC"].high
    True
    """
    return resample(labels, [(probabilities, threshold)], resamples=resamples, seed=seed, groups=groups)[
        0
    ].intervals()


@dataclass(frozen=True)
class Resampled:
    """The figures of one version, on all customers and on resamples of them.

    Attributes
    ----------
    value : ndarray of float64, shape (n_metrics,)
        On all customers, in the order of `METRICS`.
    drawn : ndarray of float64, shape (resamples, n_metrics)
    counted : dict of str to tuple of (int, int)
        Of the figures that follow from a share: hits, and of how many.
    customers, churned, resamples, seed : int
    fewest : int
        How many different customers had the rarer outcome.
    """

    value: np.ndarray
    drawn: np.ndarray
    counted: dict[tuple[str, str], tuple[int, int]]
    customers: int
    churned: int
    resamples: int
    seed: int
    fewest: int

    def intervals(self):
        """Return the figures with their 95 % intervals.

        Returns
        -------
        MetricIntervals
        """
        found = {group: {} for group in ("weighted", "churners", "probabilities")}
        for position, metric in enumerate(METRICS):
            found[metric.group][metric.name] = self.interval_of(position)
        return MetricIntervals(
            **found,
            customers=self.customers,
            churned=self.churned,
            resamples=self.resamples,
            seed=self.seed,
        )

    def interval_of(self, position):
        """Return one figure with its interval.

        Parameters
        ----------
        position : int
            In `METRICS`.

        Returns
        -------
        Interval
        """
        value, metric = self.value[position], METRICS[position]
        counted = self.counted.get((metric.group, metric.name))
        if counted is None:
            return percentile_interval(value, self.drawn[:, position], self.fewest)
        if not np.isfinite(value):
            return Interval(None, None, None)
        bounds = share_interval(*counted)
        if metric.name == "f1":
            bounds = [2 * share / (1 + share) for share in bounds]
        return Interval(float(value), *map(float, bounds))


def resample(labels, versions, *, resamples=RESAMPLES, seed=0, groups=None):
    """Measure versions on the same resamples of the same customers: drawing them is half of the work.

    Parameters
    ----------
    labels : array-like of int, shape (n_customers,)
    versions : sequence of (array-like of float, shape (n_customers,), float)
        Calibrated probabilities and threshold of each.
    resamples : int, default 1000
    seed : int, default 0
    groups : ndarray of int, shape (n_customers,), optional
        From `ml.learning.twins.find_twins`. Twins are drawn together: two rows that are equal in everything a
        model reads tell as much of it as one, since the versions say the same of both.

    Returns
    -------
    list of Resampled
        One per version.

    Raises
    ------
    ValueError
        As `bootstrap_metrics`.

    Examples
    --------
    >>> one, other = resample([0, 1, 1], [([0.1, 0.4, 0.9], 0.5), ([0.1, 0.6, 0.9], 0.5)], resamples=10)
    >>> one.drawn.shape, other.counted["churners", "recall"]
    ((10, 10), (2, 2))
    """
    checked = [(*check_outcomes(labels, one, both=False), threshold) for one, threshold in versions]
    rows = len(checked[0][0])
    # The same twins for every version: differences are of the same customers.
    twins = np.random.default_rng(seed).choice(rows, min(rows, TWINS), replace=False)
    cases = [_with_twins(*one, twins) for one in checked]
    kept = _different(checked[0][0], groups)
    figures = draw_figures(cases, rows, resamples, seed, groups=kept)
    return [
        Resampled(
            value=case.measure(np.repeat([[1.0, 0.0]], [rows, 2 * len(twins)], axis=1))[0],
            drawn=drawn,
            counted=_counted(y, p >= threshold, 1 if kept is None else (int(kept.max()) + 1) / rows),
            customers=rows,
            churned=int(y.sum()),
            resamples=resamples,
            seed=seed,
            fewest=_fewest(y, kept),
        )
        for (y, p, threshold), case, drawn in zip(checked, cases, figures, strict=True)
    ]


def _different(y, groups):
    """Return the groups of customers numbered from 0; None where no two of these share one."""
    if groups is None:
        return None
    _, numbered = np.unique(groups, return_inverse=True)
    return None if int(numbered.max()) + 1 == len(y) else numbered


def _fewest(y, groups):
    if groups is None:
        return min(int(y.sum()), len(y) - int(y.sum()))
    return min(len(np.unique(groups[y == outcome])) for outcome in (0, 1))


def _with_twins(y, p, threshold, twins):
    """Return the customers, then some of them as if they had left, then the same as if they had stayed."""
    outcomes = np.repeat([1, 0], len(twins))
    return Case(np.concatenate([y, outcomes]), np.concatenate([p, p[twins], p[twins]]), threshold)


def _counted(y, named, different):
    """Return which figures follow from a share: its hits, and of how many; F1 is 2h / (1 + h) of share h.

    A part `different` of the customers are different ones: the others are twins, and narrow no interval.
    """
    churned, hit = int(y.sum()), int((named & (y == 1)).sum())
    right, named = int((named == (y == 1)).sum()), int(named.sum())
    shares = {
        ("weighted", "Accuracy"): (right, len(y)),
        ("weighted", "Recall"): (right, len(y)),
        ("churners", "precision"): (hit, named),
        ("churners", "recall"): (hit, churned),
        ("churners", "f1"): (hit, named + churned - hit),
    }
    return {name: _as_different(*share, different) for name, share in shares.items()}


def _as_different(hits, of, different):
    tried = max(round(different * of), min(of, 1))
    return (round(hits * tried / of) if of else 0), tried


class Case:
    """One version on one set of customers, arranged so that a resample is a vector of counts.

    Sums over customers are one matrix product. For the AUC those who stayed are sorted once by probability:
    running sums of their counts say, for each one who left, how many stayers of a resample stand below.

    Parameters
    ----------
    y : ndarray of int64, shape (n_customers,)
    p : ndarray of float64, shape (n_customers,)
    threshold : float
    """

    def __init__(self, y, p, threshold):
        churned, predicted = y == 1, p >= threshold
        clipped = np.clip(p, 1e-15, 1 - 1e-15)
        self.sums = np.column_stack(
            [
                churned & predicted,
                ~churned & predicted,
                churned & ~predicted,
                ~churned & ~predicted,
                (p - y) ** 2,
                -np.where(churned, np.log(clipped), np.log1p(-clipped)),
            ]
        ).astype(np.float64)
        self.left, stayed = np.flatnonzero(churned), np.flatnonzero(~churned)
        self.stayed = stayed[np.argsort(p[stayed], kind="stable")]
        self.below = np.searchsorted(p[self.stayed], p[self.left], side="left")
        self.up_to = np.searchsorted(p[self.stayed], p[self.left], side="right")

    def measure(self, counts):
        """Return the figures of resamples, each given as how often every customer is in it.

        Parameters
        ----------
        counts : ndarray of float64, shape (n_resamples, n_customers)

        Returns
        -------
        ndarray of float64, shape (n_resamples, n_metrics)
            In the order of `METRICS`; NaN where a resample lacks what a figure is about: an outcome for the
            AUC, leavers for their recall, named ones for the precision.
        """
        hit, false_alarm, missed, rest, squared, log = (counts @ self.sums).T
        rows, left, stayed = hit + false_alarm + missed + rest, hit + missed, false_alarm + rest
        precision, recall, f1 = _class_figures(hit, false_alarm, missed)
        of_stayers = _class_figures(rest, missed, false_alarm)
        weighted = [
            (left * churner + stayed * stayer) / rows
            for churner, stayer in zip((precision, recall, f1), of_stayers, strict=True)
        ]
        # In the weighted figures a share of nobody counts 0, as usual; of its own it says nothing.
        own = [
            np.where(of > 0, share, np.nan)
            for share, of in zip((precision, recall, f1), (hit + false_alarm, left, rows - rest), strict=True)
        ]
        auc = self._auc(counts, left, stayed)
        return np.column_stack([(hit + rest) / rows, auc, *weighted, *own, squared / rows, log / rows])

    def _auc(self, counts, left, stayed):
        running = np.zeros((len(counts), len(self.stayed) + 1))
        np.cumsum(counts[:, self.stayed], axis=1, out=running[:, 1:])
        passed = running[:, self.below]
        passed += running[:, self.up_to]  # ties count half
        pairs = np.einsum("ij,ij->i", counts[:, self.left], passed) / 2
        auc = np.divide(
            pairs, left * stayed, out=np.full(len(counts), np.nan), where=(left > 0) & (stayed > 0)
        )
        # Twins have weights that do not add up exactly.
        return np.minimum(auc, 1.0, out=auc)


def _class_figures(hit, false_alarm, missed):
    """Precision, recall and F1 of many confusion matrices; 0 where nothing is there to divide by."""

    def share(part, whole):
        return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

    return (
        share(hit, hit + false_alarm),
        share(hit, hit + missed),
        share(2 * hit, 2 * hit + false_alarm + missed),
    )


def draw_figures(cases, rows, resamples, seed, *, groups=None):
    """Return the figures of each case on the same resamples.

    Parameters
    ----------
    cases : list of Case
        The same customers in each, then as many twins who left as who stayed.
    rows : int
        Customers without their twins.
    resamples, seed : int
    groups : ndarray of int, shape (rows,), optional
        Numbered from 0; customers of one are drawn together.

    Returns
    -------
    list of ndarray of float64, shape (resamples, n_metrics)
        One per case.

    Raises
    ------
    ValueError
        No resamples are asked for.
    """
    if resamples < 1:
        raise ValueError(f"At least one resample is needed, got {resamples}.")
    rng = np.random.default_rng(seed)
    found = [np.empty((resamples, len(METRICS))) for _ in cases]
    places = len(cases[0].sums)
    block = max(1, _BLOCK // places)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        counts = _draw(rng, size, rows, places, groups)
        for case, figures in zip(cases, found, strict=True):
            figures[start : start + size] = case.measure(counts)
    return found


def _draw(rng, size, rows, places, groups):
    """Return how often each customer is in each resample, and how much its two twins weigh."""
    each = np.arange(size)
    drawn = rows if groups is None else int(groups.max()) + 1
    chosen = rng.integers(0, drawn, (size, drawn))
    chosen += each[:, None] * drawn
    often = np.bincount(chosen.ravel(), minlength=size * drawn).reshape(size, drawn)
    counts = np.zeros((size, places))
    counts[:, :rows] = often if groups is None else often[:, groups]
    twins = (places - rows) // 2
    for first in (rows, rows + twins):
        counts[each, first + rng.integers(0, twins, size)] = rng.gamma(TWIN_WEIGHT, size=size)
    return counts


def percentile_interval(value, drawn, fewest):
    """Return a figure with its percentile interval, which holds it.

    Parameters
    ----------
    value : float
        On all customers.
    drawn : ndarray of float64, shape (resamples,)
        On the resamples; NaN where it could not be told.
    fewest : int
        How many customers had the rarer outcome, on which most figures rest. Resamples vary too little by its
        root, and take their spread for known: percentiles further out make up for both.

    Returns
    -------
    Interval

    References
    ----------
    .. [1] Hesterberg, T. C. (2015). What Teachers Should Know About the Bootstrap. The American Statistician
       69, 371-386; section 5.3, expanded percentile interval.
    """
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(drawn):
        return Interval(None, None, None)
    known = max(fewest, 2)
    tail = float(ndtr(np.sqrt(known / (known - 1)) * stdtrit(known - 1, (1 - CONFIDENCE) / 2)))
    # The k-th of n draws stands for the share k / (n + 1): taken as k / n, few draws lie too close.
    low, high = np.quantile(drawn, [tail, 1 - tail], method="weibull")
    # The twins keep an AUC of 1, or a loss of 0, out of every draw.
    return Interval(float(value), float(min(low, value)), float(max(high, value)))
