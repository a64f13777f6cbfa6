"""Is there a trend, a week, a season, or only chance? Tests that stay quiet on noise as shops have it.

Purchases of neighbouring days and weeks resemble each other, and days differ by more than independent
customers would make them differ. Textbook tests take either for a pattern; these do not. How often each is
wrong on noise, and how often it sees what is worth seeing, stands in docs/verdicts.md.
"""

import numpy as np

# A season is compared on cycles that it was not learned from; a week has seven days, whose differences need
# somewhat more weeks than that to be judged together.
FEWEST_CYCLES = 3
FEWEST_WEEKS = 12
_MOST_ALIKE = 0.95


def trend_p_value(counts):
    """Return how likely so steady a rise or fall is without a trend.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_weeks,)
        At least 8. Neighbours may resemble each other.

    Returns
    -------
    float

    References
    ----------
    .. [1] Hamed, K. H. and Rao, A. R. (1998). A modified Mann-Kendall trend test for autocorrelated data.
       Journal of Hydrology 204, 182-196; equation 9, here with the autocorrelation of a first-order process.

    Examples
    --------
    >>> trend_p_value(np.arange(30.0) + np.tile([0, 3, 1], 10)) < 0.001
    True
    """
    from scipy.stats import kendalltau, norm, theilslopes

    rows = len(counts)
    weeks = np.arange(rows)
    tested = kendalltau(weeks, counts)
    if not np.isfinite(tested.pvalue):
        return 1.0
    around = counts - theilslopes(counts, weeks)[0] * weeks
    # Taking a line out makes neighbours look less alike than they are.
    alike = _likeness(around, lost=2)
    behind = np.arange(1, rows)
    widened = 1 + 2 / (rows * (rows - 1) * (rows - 2)) * np.sum(
        (rows - behind) * (rows - behind - 1) * (rows - behind - 2) * alike**behind
    )
    return float(2 * norm.sf(norm.isf(tested.pvalue / 2) / np.sqrt(widened)))


def weekday_p_value(weeks):
    """Return how likely weekdays that differ so much are where all weekdays are alike.

    Each week is one observation of seven days, so days may vary as they like and resemble their neighbours.

    Parameters
    ----------
    weeks : ndarray of float64, shape (n_weeks, 7)
        Purchases per day of whole weeks, at least 12.

    Returns
    -------
    float

    References
    ----------
    .. [1] Hotelling, H. (1931). The generalization of Student's ratio. Annals of Mathematical Statistics 2,
       360-378.
    .. [2] Newey, W. K. and West, K. D. (1987). A simple, positive semi-definite, heteroskedasticity and
       autocorrelation consistent covariance matrix. Econometrica 55, 703-708; with one lag.

    Examples
    --------
    >>> noise = np.random.default_rng(0).poisson(20, (30, 7)).astype(float)
    >>> weekday_p_value(noise) > 0.05, weekday_p_value(noise + [0, 0, 0, 0, 0, 9, 9]) < 0.001
    (True, True)
    """
    from scipy.stats import f

    rows, apart = len(weeks), 6
    # Roots even out how much days vary that differ in size.
    days = np.sqrt(weeks)
    days = (days - days.mean(axis=1, keepdims=True))[:, :apart]
    mean = days.mean(axis=0)
    if not np.abs(mean).max() > 1e-12:
        return 1.0
    around = days - mean
    later = around[1:].T @ around[:-1] / rows
    spread = around.T @ around / (rows - 1) + (later + later.T) / 2
    # Shops that are open on one day only leave directions in which nothing varies.
    spread += 1e-9 * np.trace(spread) * np.eye(apart) + 1e-12 * np.eye(apart)
    square = rows * mean @ np.linalg.solve(spread, mean)
    return float(f.sf((rows - apart) / (apart * (rows - 1)) * square, apart, rows - apart))


def season_p_value(counts, period):
    """Return how likely a season as clear as this is where there is none.

    A straight line with and without a step for each part of the cycle, by generalised least squares, since
    neighbours may resemble each other.

    Parameters
    ----------
    counts : ndarray of float64, shape (n,)
        At least three cycles.
    period : int
        Parts of a cycle: 12 months.

    Returns
    -------
    float

    References
    ----------
    .. [1] Cochrane, D. and Orcutt, G. H. (1949). Application of least squares regression to relationships
       containing auto-correlated error terms. Journal of the American Statistical Association 44, 32-61.
    """
    from scipy.stats import f

    values = np.sqrt(counts)
    rows = len(values)
    at = np.arange(rows)
    plain = np.vander(at / rows, 3)
    steps = (at[:, None] % period == np.arange(1, period)).astype(np.float64)
    seasonal = np.hstack([plain, steps])
    alike = _likeness(values - seasonal @ np.linalg.lstsq(seasonal, values, rcond=None)[0], lost=3)
    without, with_season = (_unexplained(values, design, alike) for design in (plain, seasonal))
    free = rows - 1 - seasonal.shape[1]
    if with_season <= 1e-12 * max(1.0, values @ values):
        return 0.0 if without > 1e-9 else 1.0
    gained = (without - with_season) / (period - 1)
    return float(f.sf(gained / (with_season / free), period - 1, free))


def later_share(counts, period):
    """Return how much of what moved later a season explains that was learned before.

    Parameters
    ----------
    counts : ndarray of float64, shape (n,)
        At least three whole cycles; what is more at the beginning is left out.
    period : int

    Returns
    -------
    float
        Of the squared distances of later cycles (the last third) from their mean and the trend, the share
        that the mean of the earlier cycles takes away; below 0 where it adds to them.

    Examples
    --------
    >>> later_share(np.tile([1.0, 5.0, 1.0, 9.0], 3), 4)
    1.0
    """
    cycles = len(counts) // period
    each = np.asarray(counts, dtype=np.float64)[len(counts) - cycles * period :].reshape(cycles, period)
    means = each.mean(axis=1, keepdims=True)
    # The trend between cycles: a line within each would take a busy end of the cycle for one.
    slope = np.polyfit(np.arange(cycles), means[:, 0], 1)[0] / period
    around = each - means - slope * (np.arange(period) - (period - 1) / 2)
    earlier = cycles - max(1, cycles // 3)
    profile, later = around[:earlier].mean(axis=0), around[earlier:]
    moved = float((later**2).sum())
    return 1 - float(((later - profile) ** 2).sum()) / moved if moved > 1e-9 else 0.0


def _unexplained(values, design, alike):
    y, x = values[1:] - alike * values[:-1], design[1:] - alike * design[:-1]
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(left @ left)


def _likeness(around, *, lost):
    """Return how much neighbours resemble each other, with what taking out `lost` terms hid of it."""
    around = around - around.mean()
    square = float(around @ around)
    if square <= 1e-12:
        return 0.0
    seen = float(around[1:] @ around[:-1]) / square
    rows = len(around)
    return float(np.clip(seen + (lost + (lost + 2) * seen) / rows, 0, _MOST_ALIKE))
