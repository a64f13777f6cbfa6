"""What is said first of a model that is not shown to tell who leaves, at every door where one is chosen."""

from core.figures import counted
from ml.evaluation.signal import (
    MOST_NAMED_PER_LEAVER,
    NAMES_NOBODY,
    describe_missing_signal,
    read_signal,
)
from registry.models import ModelVersion


def warning_about(version: ModelVersion | None, manifest: dict | None = None, *, figures: bool = True) -> str:
    """Say that `version` is not shown to tell who leaves, or names too many; nothing where all is well, or
    nobody looked.

    Versions of earlier days keep the column that they were compared with in their `manifest` alone.
    """
    found = version.figures if version else {}
    evidence = (manifest or {}).get("evidence") or {}
    signal = read_signal(found, evidence.get("simple_rule"))
    # Most versions need no name of a column, and the base of each would be one query.
    told = describe_missing_signal(signal, lambda column: version.label_of(column), figures=figures)
    if told and found.get("names_nobody"):
        return f"{told} So it names nobody."
    return f"{told} {_names_too_many(found)}".strip()


def _names_too_many(found):
    confusion = found.get("confusion")
    # What serves after another fit has a threshold of its own, which is chosen so that it names fewer.
    if not confusion or found.get("names_nobody") or found.get("fitted_again"):
        return ""
    named = confusion["true_positive"] + confusion["false_positive"]
    left = confusion["true_positive"] + confusion["false_negative"]
    if named <= MOST_NAMED_PER_LEAVER * left:
        return ""
    return (
        f"Its threshold of {found['threshold']:.2f} names more than twice as many customers as leave: "
        f"{named:,} of the {counted(found['rows'], 'customer')} it was tried on, of whom {left:,} left."
    )


def warning_about_threshold(version: ModelVersion | None, threshold: float) -> str:
    """Say, before it serves, that a threshold would name more than twice as many customers as leave.

    `version` predicts these customers now: from its probabilities, tenth by tenth, follows about how many.
    """
    calibration = version.figures.get("calibration") if version else None
    if not calibration:
        return ""
    tenths = calibration["bins"]
    named = sum(tenth["rows"] for tenth in tenths if tenth["mean_probability"] >= threshold)
    left = round(sum(tenth["rows"] * tenth["churn_rate"] for tenth in tenths))
    if named <= MOST_NAMED_PER_LEAVER * left:
        return ""
    tried = sum(tenth["rows"] for tenth in tenths)
    return (
        f"A threshold of {threshold:.2f} names more than twice as many customers as leave: about {named:,} "
        f"of the {counted(tried, 'customer')} that {version} was tried on, of whom {left:,} left. Choose a "
        "higher one, unless that is meant."
    )


def threshold_or_none(value: float) -> float | None:
    """Return a threshold for programs; None where it names nobody."""
    return None if value >= NAMES_NOBODY else value


def describe_from(value: float, *, past: bool = False) -> str:
    """Say whom a threshold names, after "it" or a name."""
    names = "named" if past else "names"
    if value >= NAMES_NOBODY:
        return f"{names} nobody"
    return f"{names} customers from a probability of {value:.2f} on"
