"""Do the probabilities of a model hold, as far as the customers that it was tried on can tell?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from ml.evaluation.proportions import Z_95

# Bins are few: at 5 in 100 a little more than one in twenty models without a fault was called faulty.
ALARMS = 0.03
# A fault that is smaller on average than two customers in a hundred changes nothing that anybody does.
NOTEWORTHY_ERROR = 0.02
TOO_MUCH, TOO_LITTLE, TOO_SURE, TOO_CAUTIOUS = "too_much", "too_little", "too_sure", "too_cautious"
UNEVEN = "uneven"
# Where fewer leavers, or stayers, are expected, customers say nothing of promises.
FEWEST_EXPECTED = 5
# Together with what is asked of all tiers at once, it finds a fault in one of twenty files at most.
ALARMS_OF_TIERS = 0.02


@dataclass(frozen=True)
class Promises:
    """Whether probabilities hold, and how they fail.

    Attributes
    ----------
    fault : {None, "too_much", "too_little", "too_sure", "too_cautious", "uneven"}
        None where chance explains the difference. Too sure: high promises are too high and low ones too low;
        too cautious: the reverse. Uneven, of tiers only: neither, and yet one of them is off.
    promised, happened : float
        The mean probability, and the share who left.
    """

    fault: str | None
    promised: float
    happened: float


def judge_promises(calibration):
    """Judge the promises of a model by what happened, bin by bin.

    Were every promise true, each bin would miss its promise by chance alone, by how much is known, and their
    mean distance would still not be 0: that of 1,287 customers and true promises is 3 points. A fault is
    found in one of twenty models without any, at most.

    Parameters
    ----------
    calibration : mapping
        From `ml.evaluation.metrics.reliability`. Where the same customers came several times, so many rows
        tell as much as one; figures from before that was counted do not say how many. ``looks``, where it is
        one of so many that are judged until one has a fault.

    Returns
    -------
    Promises

    References
    ----------
    .. [1] Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45,
       562-565: slope and shift of the log odds, here by their score test.

    Examples
    --------
    >>> low = {"rows": 500, "mean_probability": 0.1, "churn_rate": 0.11}
    >>> high = {"rows": 500, "mean_probability": 0.6, "churn_rate": 0.44}
    >>> judge_promises({"bins": [low, high], "mean_probability": 0.35, "churn_rate": 0.275}).fault
    'too_much'
    """
    per_customer = calibration.get("rows_per_customer", 1.0)
    shift = tilt = shift_spread = tilt_spread = both = 0.0
    for one in calibration["bins"]:
        chance = min(max(one["mean_probability"], 1e-6), 1 - 1e-6)
        # A sum over customers who come several times, each time with the same outcome, spreads more.
        place, weight = math.log(chance / (1 - chance)), per_customer * one["rows"] * chance * (1 - chance)
        more = one["rows"] * (one["churn_rate"] - one["mean_probability"])
        shift, tilt = shift + more, tilt + more * place
        shift_spread, tilt_spread = shift_spread + weight, tilt_spread + weight * place * place
        both += weight * place
    if not shift_spread:
        return Promises(None, calibration["mean_probability"], calibration["churn_rate"])
    # What the tilt shows beyond the shift.
    tilt -= shift * both / shift_spread
    tilt_spread -= both * both / shift_spread
    tested, free = shift * shift / shift_spread, 1
    if tilt_spread > 1e-9 * shift_spread:
        tested, free = tested + tilt * tilt / tilt_spread, 2
    fault = None
    if tested > _limit(free, calibration.get("looks", 1)):
        fault = TOO_CAUTIOUS if tilt > 0 else TOO_SURE
        if abs(shift) > Z_95 * math.sqrt(shift_spread) or free == 1:
            fault = TOO_LITTLE if shift > 0 else TOO_MUCH
    return Promises(fault, calibration["mean_probability"], calibration["churn_rate"])


def _limit(free, looks):
    """Return which chi-squared with 1 or 2 degrees of freedom chance exceeds in `ALARMS` of all looks."""
    alarms = ALARMS / looks
    return -2 * math.log(alarms) if free == 2 else NormalDist().inv_cdf(1 - alarms / 2) ** 2


def noteworthy_fault(calibration):
    """Return what is wrong with probabilities that were tried.

    Parameters
    ----------
    calibration : mapping
        As for `judge_promises`.

    Returns
    -------
    Promises or None
        None where no fault is known that is large enough to matter.
    """
    found = judge_promises(calibration)
    return found if found.fault and calibration["ece"] > NOTEWORTHY_ERROR else None


def judge_realised(realised):
    """Say whether promises held, on average and from the lowest tier to the highest.

    The tiers are the bins of `judge_promises`: an average may hold although high
    promises are too high and low ones too low. Where every promise is true, it finds a fault in one of twenty
    files at most.

    Parameters
    ----------
    realised : mapping
        From `ml.evaluation.realised.Realised.to_dict`.

    Returns
    -------
    Promises

    Examples
    --------
    >>> low = {"customers": 500, "left": 90, "expected": 100.0}
    >>> high = {"customers": 500, "left": 350, "expected": 400.0}
    >>> everybody = {"customers": 1000, "left": 440, "expected": 500.0}
    >>> judge_realised({"everybody": everybody, "tiers": [low, high]}).fault
    'too_much'
    """
    bins = [_as_bin(one) for one in realised["tiers"] if one["customers"]]
    # Older results did not ask for twins.
    per_customer = realised.get("rows_per_customer", 1.0)
    everybody = _as_bin(realised["everybody"])
    if _says_nothing(everybody, per_customer):
        return Promises(None, everybody["mean_probability"], everybody["churn_rate"])
    found = judge_promises(everybody | {"bins": bins, "rows_per_customer": per_customer})
    if found.fault is None and any(_stands_out(one, per_customer, len(bins)) for one in bins):
        return replace(found, fault=UNEVEN)
    return found


def _says_nothing(one, per_customer):
    chance = one["mean_probability"]
    return one["rows"] * min(chance, 1 - chance) < FEWEST_EXPECTED * per_customer


def _stands_out(one, per_customer, looks):
    """Tell whether what a tier did is beyond chance, where one looks at so many."""
    rows, chance = one["rows"], one["mean_probability"]
    if _says_nothing(one, per_customer):
        return False
    spread = math.sqrt(per_customer * rows * chance * (1 - chance))
    beyond = abs(rows * (one["churn_rate"] - chance)) / spread
    return math.erfc(beyond / math.sqrt(2)) < ALARMS_OF_TIERS / looks


def _as_bin(group):
    customers = group["customers"]
    return {
        "rows": customers,
        "mean_probability": group["expected"] / customers,
        "churn_rate": group["left"] / customers,
    }
