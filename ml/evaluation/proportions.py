"""How sure one may be of a share that was counted."""

import math

# statsmodels and scipy have these intervals, too; pages that show them load neither.
Z_95 = 1.959964
# With fewer hits, or fewer misses, Wilson's interval misses up to three times as often as it says.
FEWEST_FOR_WILSON = 40


def share_interval(hits, tried):
    """Return the 95 % interval of a share, which holds the truth in 93 of 100 samples of its kind or more.

    Clopper and Pearson's interval where fewer than 40 were hit or missed, otherwise Wilson's, which is
    narrower and there holds nearly what it says.

    Parameters
    ----------
    hits : int
        Of those tried, how many.
    tried : int
        At least 1.

    Returns
    -------
    tuple of (float, float)
        Within [0, 1], and never of no width: of 33 customers of whom none was hit, up to one in ten may be.

    Raises
    ------
    ValueError
        Nobody was tried, or more were hit than were tried.

    References
    ----------
    .. [1] Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in
       the case of the binomial. Biometrika 26, 404-413.
    .. [2] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
       Journal of the American Statistical Association 22, 209-212.
    .. [3] Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial proportion.
       Statistical Science 16, 101-133. How often each of them misses.

    Examples
    --------
    >>> [round(bound, 3) for bound in share_interval(5, 50)]
    [0.033, 0.218]
    >>> [round(bound, 3) for bound in share_interval(0, 33)]
    [0.0, 0.106]
    """
    if not 0 <= hits <= tried or not tried:
        raise ValueError(f"A share is of at least one, and of no more than all; got {hits} of {tried}.")
    hits, tried = int(hits), int(tried)
    if min(hits, tried - hits) >= FEWEST_FOR_WILSON:
        return _wilson(hits, tried)
    # Misses are hits of the opposite: the sums below then have at most 40 terms.
    if hits > tried - hits:
        low, high = _exact(tried - hits, tried)
        return 1 - high, 1 - low
    return _exact(hits, tried)


def difference_interval(hits, tried, other_hits, other_tried):
    """Return the 95 % interval of the difference of two shares, of different customers.

    Parameters
    ----------
    hits, tried : int
        Of those tried, how many; at least 1 was tried.
    other_hits, other_tried : int
        The same of the share that is taken off.

    Returns
    -------
    tuple of (float, float)
        Within [-1, 1]. Where both shares are of the same customers it is wider than it need be.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions.
       Statistics in Medicine 17, 873-890. Method 10, from the intervals of both shares.

    Examples
    --------
    >>> [round(bound, 3) for bound in difference_interval(307, 1500, 278, 1500)]
    [-0.009, 0.048]
    """
    (low, high), (other_low, other_high) = (
        share_interval(hits, tried),
        share_interval(other_hits, other_tried),
    )
    share, other = hits / tried, other_hits / other_tried
    below, above = math.hypot(share - low, other_high - other), math.hypot(high - share, other - other_low)
    return share - other - below, share - other + above


def falls_behind(hits, tried, *, all_hits, all_tried, looks):
    """Say whether the share of a part is below that of all others, where `looks` parts are looked at.

    Where no part differs, it says so of any of them in one of twenty tables at most.

    Parameters
    ----------
    hits, tried : int
        Of the part.
    all_hits, all_tried : int
        Of all, the part included.
    looks : int
        At how many parts one looks. With each look the chance of finding one by luck grows.

    Returns
    -------
    bool

    References
    ----------
    .. [1] Fisher, R. A. (1935). The logic of inductive inference. Journal of the Royal Statistical Society
       98, 39-82: the exact test of two shares, here with the correction of Bonferroni.

    Examples
    --------
    >>> falls_behind(20, 60, all_hits=180, all_tried=300, looks=12)
    True
    >>> falls_behind(30, 60, all_hits=180, all_tried=300, looks=12)
    False
    """
    if not 0 < tried < all_tried:
        return False
    ways = _log_ways(all_tried, tried)
    fewest = max(0, tried - (all_tried - all_hits))
    chance = math.fsum(
        math.exp(_log_ways(all_hits, k) + _log_ways(all_tried - all_hits, tried - k) - ways)
        for k in range(fewest, hits + 1)
    )
    return chance < 0.05 / looks


def _log_ways(of, chosen):
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)


def _wilson(hits, tried):
    share, square = hits / tried, Z_95 * Z_95
    middle = (share + square / (2 * tried)) / (1 + square / tried)
    spread = (
        Z_95 / (1 + square / tried) * math.sqrt(share * (1 - share) / tried + square / (4 * tried * tried))
    )
    return middle - spread, middle + spread


def _exact(hits, tried):
    """Return the shares with which so many, and so few, would be hit in one of 40 samples."""
    tail = 0.025
    low = 0.0 if not hits else _solve(lambda share: 1 - _at_most(hits - 1, tried, share), tail)
    high = 1.0 if hits == tried else _solve(lambda share: -_at_most(hits, tried, share), -tail)
    return low, high


def _solve(rising, wanted):
    """Return where a function that rises over [0, 1] takes a value, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def _at_most(most, tried, share):
    """Return how likely it is that of `tried` at most `most` are hit."""
    hit, missed = math.log(share), math.log1p(-share)
    ways = math.lgamma(tried + 1)
    return math.fsum(
        math.exp(ways - math.lgamma(k + 1) - math.lgamma(tried - k + 1) + k * hit + (tried - k) * missed)
        for k in range(most + 1)
    )
