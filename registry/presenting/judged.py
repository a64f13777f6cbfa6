"""What was judged: the fit that serves, or its recipe at an earlier cutoff, before it was fitted again.

A model of a purchase log learns once more after its recipe was judged, from the very customers that judged
it: theirs are the latest outcomes that are known. No figure of such a version is of the fit that serves.
"""

from dataclasses import dataclass
from datetime import date, datetime

from core.figures import counted, of_100, percent
from ml.evaluation.signal import NAMES_NOBODY
from registry.presenting.signal import describe_from, threshold_or_none
from tabular.snapshots.ages import say_day

# What no page of such a version may leave out.
SERVES = (
    "The model that serves was then fitted again by the same recipe, on these customers, so it knows their "
    "outcomes and cannot have been judged yet."
)


@dataclass(frozen=True)
class FittedAgain:
    """The fit that serves, where another one was judged.

    Parameters
    ----------
    customers
        From how many it learned: those on whom the recipe was judged.
    threshold
        From which probability on it names a customer; chosen anew for this fit. `NAMES_NOBODY` where it
        names none.
    learned_on, judged_on
        The cutoffs at which the recipe learned and was judged; None where they are not at hand.
    cutoffs
        From the customers of how many cutoffs the fit that serves learned, the latest of them the one that
        judged.
    """

    customers: int
    threshold: float
    learned_on: date | None = None
    judged_on: date | None = None
    cutoffs: int = 1


def fitted_again(found: dict, manifest: dict | None = None) -> FittedAgain | None:
    """Return the fit that serves; None where it is the one whose figures are `found`."""
    manifest = manifest or {}
    split = manifest.get("split") or {}
    kept = found.get("fitted_again")
    if kept is None and split.get("how") == "temporal" and "registered_rows" in split:
        # Versions of earlier days say it in their manifest alone.
        kept = {"customers": split["registered_rows"], "threshold": manifest["threshold"]}
    if kept is None:
        return None
    evidence = manifest.get("evidence") or {}
    return FittedAgain(
        customers=kept["customers"],
        threshold=NAMES_NOBODY if found.get("names_nobody") else kept["threshold"],
        learned_on=_day(evidence.get("trained_at_cutoff")),
        judged_on=_day(evidence.get("tested_at_cutoff")),
        cutoffs=kept.get("cutoffs", 1),
    )


def describe_judged(found: dict, again: FittedAgain | None) -> str:
    """Say on whom the figures rest, and whether they are those of what serves."""
    left, once = f"of whom {percent(found['churners']['base_rate'])} left", describe_first_buyers(found)
    if again is None:
        tried = f"Tried on {_whom(found)} it did not learn from, {left}."
        return f"{tried} {once}".strip()
    told = (_describe_recipe(found, again, left), SERVES, _describe_pooling(again), once)
    return " ".join(each for each in told if each)


def _describe_pooling(again):
    if again.cutoffs == 1:
        return ""
    return (
        f"It learned from {again.cutoffs} days, one period apart, as the recipe did where it could: tried on "
        "an earlier day, that gave better probabilities than the latest day alone."
    )


def _whom(found):
    """Return the customers that a model was tried on; of a purchase log those who bought twice or more."""
    several = " with two purchases or more" if "judged_apart" in found else ""
    return f"{counted(found['rows'], 'customer')}{several}"


def describe_first_buyers(found: dict) -> str:
    """Say how the rate of those who bought once only was judged, apart; nothing where nobody did."""
    held = how_rates_held((found.get("judged_apart") or {}).get("first_buyers"))
    return held and f"Who bought once only is judged apart, by how often such customers left before. {held}"


def _describe_recipe(found, again, left):
    rows = _whom(found)
    if again.learned_on is None or again.judged_on is None:
        return f"Its recipe was judged on {rows} of a later day than it had learned from, {left}."
    return (
        f"Its recipe learned from the customers of {say_day(again.learned_on)} and was judged on the {rows} "
        f"of {say_day(again.judged_on)}, {left}."
    )


def describe_figures(found: dict, again: FittedAgain | None) -> str:
    """Say of which model the figures of a card are, above them; nothing where it is the one that serves."""
    if again is None:
        return ""
    return (
        "All figures, intervals and pictures below are of the recipe as it was judged: with its threshold of "
        f"then it {describe_from(found['threshold'], past=True)}. The model that serves "
        f"{describe_from(again.threshold)}."
    )


def describe_threshold(found: dict, again: FittedAgain | None) -> str:
    """Say at which threshold figures of churners were measured, as the end of a sentence."""
    if threshold_or_none(found["threshold"]) is None:
        return "naming nobody"
    return f"at {'the threshold of then,' if again else 'a threshold of'} {found['threshold']:.2f}"


def how_rates_held(judged: dict | None) -> str:
    """Say how a rate that stands in for a model did on others; nothing where it was tried on nobody."""
    if not judged or not judged["rows"]:
        return ""
    rows, promised = judged["rows"], of_100(judged["mean_probability"])
    return (
        f"That rate was tried on {counted(rows, 'other such customer')}: it promised {promised} of 100, and "
        f"{of_100(judged['churn_rate'])} left."
    )


def _day(instant):
    return datetime.fromisoformat(instant).date() if instant else None
