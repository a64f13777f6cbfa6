"""How sure one may be of a share that was counted."""

import math

# statsmodels has the interval, too; pages that show it load neither statsmodels nor pandas.
Z_95 = 1.959964


def wilson_interval(hits, tried):
    """Return the 95 % interval of a share.

    Parameters
    ----------
    hits : int
        Of those tried, how many.
    tried : int
        At least 1.

    Returns
    -------
    tuple of (float, float)
        Within [0, 1], also where few were tried or none was hit; the plain interval leaves it there.

    Raises
    ------
    ValueError
        Nobody was tried, or more were hit than were tried.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22, 209-212.

    Examples
    --------
    >>> [round(bound, 3) for bound in wilson_interval(5, 50)]
    [0.043, 0.214]
    >>> wilson_interval(0, 10)[0]
    0.0
    """
    if not 0 <= hits <= tried or not tried:
        raise ValueError(f"A share is of at least one, and of no more than all; got {hits} of {tried}.")
    share, square = hits / tried, Z_95 * Z_95
    middle = (share + square / (2 * tried)) / (1 + square / tried)
    spread = (
        Z_95 / (1 + square / tried) * math.sqrt(share * (1 - share) / tried + square / (4 * tried * tried))
    )
    return max(0.0, middle - spread), min(1.0, middle + spread)
