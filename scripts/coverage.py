"""How often each interval of a page holds the truth, at the sizes and shares of leavers that people have."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.stats import binom

from ml.evaluation.comparison import compare_versions
from ml.evaluation.metrics import evaluate
from ml.evaluation.proportions import share_interval
from ml.evaluation.resampling import METRICS, resample

SIZES, RATES = (30, 200, 1_287), (0.01, 0.05, 0.2, 0.5)
ROUNDS = 1_000
# Intervals that could be told in fewer rounds say nothing: of 30 customers, one in a hundred of whom leaves,
# most samples have no leaver.
FEWEST_TOLD = 30


INTRODUCTION = """
## How often an interval holds the truth

The same command made this table from {rounds:,} samples a cell: of how many intervals the truth is in them,
at the leaving rate of 1, 5, 20 or 50 % at which that is lowest. 95 % is meant; more is caution. Shares are
counted exactly, at rates of 1 to 50 %; the other figures rest on 300 resamples where pages have 1,000. A
difference of two models has no interval on fewer than 30 customers of either outcome.

| interval | 30 customers | 200 | 1,287 |
| --- | ---: | ---: | ---: |
"""
NO_INTERVAL, UNTOLD = "\N{EN DASH}", 2.0


def draw(rng, rows, rate):
    """Draw customers of whom about `rate` leave, and what two models say of them, the first one blurred."""
    true = np.log(rate / (1 - rate)) * 1.15 + rng.normal(0, 1.3, rows)
    churned = rng.random(rows) < 1 / (1 + np.exp(-true))
    said = (true + rng.normal(0, 0.4 + blur, rows) for blur in (0.4, 0.0))
    return churned.astype(int), *(1 / (1 + np.exp(-one)) for one in said)


def threshold_at(rate):
    return max(rate, 0.03)


def truth(rate):
    """Return the figures of both models on so many customers that chance no longer matters."""
    churned, *said = draw(np.random.default_rng(10**6), 400_000, rate)
    found = [evaluate(churned, one, threshold_at(rate)) for one in said]
    for figures in found:
        figures["probabilities"] = {name: figures[name] for name in ("brier", "log_loss")}
    return [[figures[metric.group][metric.name] for metric in METRICS] for figures in found]


def shares_held(rows, rate, rounds, *, resamples=300):
    """Return for each figure, and for each difference between two models, how many of its intervals hold.

    Parameters
    ----------
    rows : int
        Customers of one sample.
    rate : float
        About how many of them leave.
    rounds : int
        Samples.
    resamples : int, default 300

    Returns
    -------
    dict of (str, str) to float
        By "figure" or "difference", and the name of the figure; of the intervals that were given.
    """
    worse, better = truth(rate)
    held = defaultdict(list)
    for seed in range(rounds):
        figures, differences = _measure(np.random.default_rng([seed, rows]), rows, rate, resamples, seed)
        for place, metric in enumerate(METRICS):
            name = f"{metric.name} ({metric.group})"
            true = better[place]
            _note(held["figure", name], figures[place], true)
            if differences:
                _note(held["difference", name], differences[place].difference, true - worse[place])
    return {key: float(np.mean(found)) for key, found in held.items() if len(found) >= FEWEST_TOLD}


def _measure(rng, rows, rate, resamples, seed):
    """Return the figures of one model, and its differences from the other where both outcomes were seen."""
    churned, blurred, clear = draw(rng, rows, rate)
    thresholds = (threshold_at(rate),) * 2
    versions = list(zip((blurred, clear), thresholds, strict=True))
    resampled = resample(churned, versions, resamples=resamples, seed=seed)
    figures = [resampled[1].interval_of(place) for place in range(len(METRICS))]
    if not 0 < churned.sum() < rows:
        return figures, ()
    return figures, compare_versions(churned, blurred, clear, thresholds, resampled=resampled).differences


def _note(held, interval, true):
    if interval.low is not None:
        held.append(interval.low <= true <= interval.high)


def lowest_of_shares(tried, rates=(0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)):
    """Return in how many samples of so many a counted share's interval holds it, at the worst rate."""
    bounds = [share_interval(hits, tried) for hits in range(tried + 1)]
    return min(
        sum(binom.pmf(hits, tried, rate) for hits, (low, high) in enumerate(bounds) if low <= rate <= high)
        for rate in rates
    )


def measure_all():
    """Return what `shares_held` finds, by size and rate."""
    return {(rows, rate): shares_held(rows, rate, ROUNDS) for rows in SIZES for rate in RATES}


def table(measured):
    """Return the lines of the table, the counted shares first.

    Parameters
    ----------
    measured : dict
        From `measure_all`.
    """
    lines = [_line("a share that was counted", [lowest_of_shares(rows) for rows in SIZES])]
    names = sorted({key for found in measured.values() for key in found}, reverse=True)
    for kind, name in names:
        lowest = [min(measured[rows, rate].get((kind, name), UNTOLD) for rate in RATES) for rows in SIZES]
        lines.append(_line(f"{'' if kind == 'figure' else 'difference of two models: '}{name}", lowest))
    return lines


def _line(name, lowest):
    cells = (NO_INTERVAL if share == UNTOLD else f"{100 * share:.1f} %" for share in lowest)
    return f"| {name} | {' | '.join(cells)} |"
