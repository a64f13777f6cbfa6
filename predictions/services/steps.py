"""Which steps scoring takes, and how many seconds each usually does: from this the whole has a percentage.

Measured on two cores. Only how the steps compare counts: how fast the machine is, each job finds out.
"""

from predictions.engines.kinds import COMPARING, COMPUTING, EXPLAINING, LOADING, SCORING

Steps = tuple[tuple[str, float], ...]

# The child has to start and to load its libraries first.
_START = 1.5
_CUSTOMERS_PER_SECOND = 150_000


def steps_of_scoring(*, customers: int) -> Steps:
    """Return the steps of scoring a file."""
    return ((LOADING, _START), (SCORING, 0.2 + customers / _CUSTOMERS_PER_SECOND), (EXPLAINING, 0.4))


def steps_of_log(*, is_compared: bool) -> Steps:
    """Return the steps of scoring a log; `is_compared`: there is a result before it.

    How many of its customers are active, and scored, nobody knows beforehand.
    """
    compared = ((COMPARING, 0.8),) if is_compared else ()
    return ((LOADING, _START), *compared, (COMPUTING, 0.8), (SCORING, 0.3), (EXPLAINING, 0.4))
