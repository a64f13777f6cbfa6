"""Which steps a log takes, and how many seconds each usually does: from this the whole has a percentage.

Measured on two cores with half a million rows. Only how the steps compare counts: how fast the machine is,
and how much larger the log, each job finds out by itself.
"""

from tabular.logs.events import COMPARING, IMPORTING, REPEATS
from tabular.logs.mapping import EventSpec
from tabular.source.sniff import COPYING, LOOKING
from tabular.source.xlsx import OF_WORKBOOK
from transactions.engines.features import STEPS as STEPS_OF_FEATURES
from transactions.engines.profile import STEPS as STEPS_OF_PROFILE

Steps = tuple[tuple[str, float], ...]

# A child has to start and to load its libraries first; those of the profile are more.
_START, _START_OF_PROFILE = 0.8, 1.5


def steps_of_reading(spec: EventSpec) -> Steps:
    """Return the steps of reading a log and describing it."""
    return (
        (COMPARING, _START),
        *_copy(spec),
        (REPEATS, 0.2),
        (IMPORTING, 0.5),
        *zip(STEPS_OF_PROFILE.values(), (_START_OF_PROFILE + 0.3, 0.3, 1.4, 0.2, 0.2, 0.2), strict=True),
    )


def _copy(spec):
    """What cannot be read as it lies is written anew first."""
    if not spec.table.canonical:
        return ()
    return ((OF_WORKBOOK, 3.0),) if spec.table.format == "xlsx" else ((LOOKING, 0.3), (COPYING, 0.5))


def steps_of_features() -> Steps:
    """Return the steps of computing the features of a log."""
    return tuple(zip(STEPS_OF_FEATURES, (_START + 0.5, 0.1, 0.2, 0.2), strict=True))
