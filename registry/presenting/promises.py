"""Whether the probabilities of a version hold, in words: a fault only where chance does not explain it."""

from core.figures import of_100, percent
from ml.evaluation.promises import TOO_CAUTIOUS, TOO_LITTLE, TOO_MUCH, TOO_SURE, noteworthy_fault

TITLES = {
    TOO_MUCH: "Its probabilities are too high",
    TOO_LITTLE: "Its probabilities are too low",
    TOO_SURE: "Its probabilities are too sure",
    TOO_CAUTIOUS: "Its probabilities are too cautious",
}


def title_of(calibration: dict) -> str:
    """Return in a few words whether the probabilities hold."""
    found = noteworthy_fault(calibration)
    return TITLES[found.fault] if found else "Its probabilities hold, as far as these customers can tell"


def title_by(figures: dict) -> str:
    """Do as `title_of`, but where they do not hold for the newest uploads, say that first."""
    newest = figures.get("newest")
    if newest and noteworthy_fault(newest):
        return f"Its probabilities do not hold for {newest_of(newest)}"
    return title_of(figures["calibration"])


def newest_of(newest: dict) -> str:
    """Return which uploads a figure is about that was told apart."""
    # Figures of earlier days are of the latest upload alone.
    count = newest.get("uploads", 1)
    return "the newest upload" if count == 1 else f"the newest {count} uploads"


def held(calibration: dict) -> str:
    """Return, as the end of a sentence about probabilities that were tried, whether they held."""
    found = noteworthy_fault(calibration)
    if found is None:
        return "held, as far as they can tell"
    points = f"{of_100(abs(found.promised - found.happened), 1)} points"
    return {
        TOO_MUCH: f"were {points} too high on average",
        TOO_LITTLE: f"were {points} too low on average",
        TOO_SURE: "were too sure: high ones too high, low ones too low",
        TOO_CAUTIOUS: "were too cautious: high ones too low, low ones too high",
    }[found.fault]


def held_by(figures: dict) -> str:
    """Do as `held`, and say it first of the newest uploads where they did not hold there.

    Parameters
    ----------
    figures
        Of a version, with ``calibration`` and, where it was told apart, that of the ``newest`` uploads.
    """
    newest = figures.get("newest")
    if not newest or noteworthy_fault(newest) is None:
        return held(figures["calibration"])
    of_newest = f"{held(newest)} on the {rows_of(newest):,} of {newest_of(newest)}"
    return f"{of_newest}; on all uploads together they {held(figures['calibration'])}"


def explain_newest(figures: dict) -> str:
    """Return what was promised to those of the newest uploads and what they did, where that is a fault."""
    newest = figures.get("newest")
    told = newest and explain(newest)
    whose = newest and f"Of {newest_of(newest)} alone, {rows_of(newest):,} of those it was tried on"
    return f"{whose}: {told}" if told else ""


def rows_of(calibration: dict) -> int:
    return sum(one["rows"] for one in calibration["bins"])


def explain(calibration: dict) -> str:
    """Return what was promised and what happened, where that is a fault; otherwise nothing."""
    found = noteworthy_fault(calibration)
    if found is None:
        return ""
    if found.fault in (TOO_MUCH, TOO_LITTLE):
        points = of_100(abs(found.promised - found.happened), 1)
        much = "much" if found.fault == TOO_MUCH else "little"
        return (
            f"On average it promised {percent(found.promised)}, and {percent(found.happened)} left: it "
            f"promises {points} points too {much}, and chance does not explain that."
        )
    least, most = calibration["bins"][0], calibration["bins"][-1]
    return (
        f"Of those whom it promised most ({percent(most['mean_probability'])} on average) "
        f"{percent(most['churn_rate'])} left, and of those whom it promised least "
        f"({percent(least['mean_probability'])}) {percent(least['churn_rate'])} did. Chance does not explain "
        "that."
    )
