"""What is said first of a model that is not shown to tell who leaves, at every door where one is chosen."""

from ml.evaluation.signal import NAMES_NOBODY, describe_missing_signal, read_signal
from registry.models import ModelVersion


def warning_about(version: ModelVersion | None, manifest: dict | None = None, *, figures: bool = True) -> str:
    """Say that `version` is not shown to tell who leaves; nothing where it is, or nobody looked.

    Versions of earlier days keep the column that they were compared with in their `manifest` alone.
    """
    found = version.figures if version else {}
    evidence = (manifest or {}).get("evidence") or {}
    signal = read_signal(found, evidence.get("simple_rule"))
    # Most versions need no name of a column, and the base of each would be one query.
    told = describe_missing_signal(signal, lambda column: version.label_of(column), figures=figures)
    if told and found.get("names_nobody"):
        return f"{told} So it names nobody."
    return told


def threshold_or_none(value: float) -> float | None:
    """Return a threshold for programs; None where it names nobody."""
    return None if value >= NAMES_NOBODY else value


def describe_from(value: float, *, past: bool = False) -> str:
    """Say whom a threshold names, after "it" or a name."""
    names = "named" if past else "names"
    if value >= NAMES_NOBODY:
        return f"{names} nobody"
    return f"{names} customers from a probability of {value:.2f} on"
