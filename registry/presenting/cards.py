"""The model card of a version: what it is for, how far it can be relied on, and where it should not be used.

Everything is derived from what was stored when the version was made; nobody writes a card by hand.
"""

from dataclasses import dataclass

from core.figures import counted, percent
from core.sections import Sections
from ml.evaluation.proportions import falls_behind
from registry.models import Population
from registry.presenting import promises
from registry.presenting.claims import compare_claims
from registry.presenting.judged import FittedAgain, fitted_again
from registry.presenting.quality import Figure
from registry.presenting.signal import describe_from, threshold_or_none

# As `ml.evaluation.leaks.BLOCKS`, which a web process does not load.
KNOWS = 0.975


@dataclass(frozen=True)
class Limit:
    """One thing to know before relying on the model: in short, and why."""

    title: str
    text: str


@dataclass(frozen=True)
class Part:
    """One part of the customers, and how good the version is for it."""

    feature: str
    label: str
    customers: int
    churned: int
    churn_rate: float
    mean_probability: float
    small: bool
    precision: dict
    recall: dict
    f1: dict


# Where the interval of a figure of the pages stands among the stored ones.
INTERVALS = {
    "Accuracy": ("weighted", "Accuracy"),
    "AUC": ("weighted", "AUC"),
    "Precision (weighted)": ("weighted", "Precision"),
    "Recall (weighted)": ("weighted", "Recall"),
    "F1 (weighted)": ("weighted", "F1 Score"),
    "Precision (churners)": ("churners", "precision"),
    "Recall (churners)": ("churners", "recall"),
    "F1 (churners)": ("churners", "f1"),
    "Brier score": ("probabilities", "brier"),
    "Log loss": ("probabilities", "log_loss"),
}


def interval_of(found: dict, name: str) -> dict | None:
    """Return ``low`` and ``high`` of the figure `name`; None where they were not computed."""
    group, key = INTERVALS.get(name, (None, None))
    interval = found.get("intervals", {}).get(group, {}).get(key)
    return interval if interval and interval["low"] is not None else None


def with_intervals(rows: list[Figure] | list[dict], found: dict) -> list[dict]:
    """Put the 95 % interval beside each figure of a table of metrics."""
    told = []
    for row in rows:
        row = row if isinstance(row, dict) else {**vars(row)}
        told.append(row | {"interval": interval_of(found, row["name"])})
    return told


def parts_of(found: dict, population: Population) -> list[Part]:
    """Return the slices of the customers that the version was tried on."""
    return [
        Part(
            feature=population.label_of(part["feature"]),
            label=population.value_of(part["feature"], part["label"]),
            customers=part["customers"],
            churned=part["churned"],
            churn_rate=part["churn_rate"],
            mean_probability=part["mean_probability"],
            small=part["small"],
            **{name: part["metrics"]["churners"][name] for name in ("precision", "recall", "f1")},
        )
        for part in found.get("slices", [])
    ]


# For the floors above, which know how a version was made: each is asked with the member and the version.
card_sections = Sections()


CALIBRATORS = {
    "none": "none: as the model gives them",
    "sigmoid": "sigmoid: slope and shift of the log odds",
    "isotonic": "isotonic: a rising line through pooled customers",
}


def calibration_of(manifest: dict | None) -> str:
    """Return how scores become probabilities, and what other ways would have given."""
    if not manifest or "calibrator" not in manifest:
        return ""
    calibrator = manifest["calibrator"]
    told = CALIBRATORS.get(calibrator["method"], calibrator["method"])
    tried = ", ".join(f"{name} {value:.4f}" for name, value in calibrator.get("comparison", {}).items())
    return f"{told}. Brier score by way: {tried}" if tried else told


def calibration_source(manifest: dict | None) -> str:
    """Return a sentence on whom the calibration was learned from; empty where nothing was written of it."""
    split = (manifest or {}).get("split") or {}
    # A model of purchases is fitted once more on later customers than those it was tried with.
    rows = split.get("registered_rows", split.get("train_rows"))
    if split.get("calibrated_on") == "training_predictions":
        too_large = percent(split["expected_shrinkage"], 2)
        return (
            f"Learned from the {rows:,} customers that the model was trained on: with so many for so few "
            f"weights, its log odds are expected to be only {too_large} too large for new customers."
        )
    if "folds" not in split:
        return ""
    told = f"each scored by one of {split['folds']} models that did not learn from it."
    return f"Learned from {counted(rows, 'customer')}, {told}"


def learned_from(found: dict, manifest: dict | None) -> str:
    """Return from how many customers the fit that serves learned, and who judged it; empty if unknown."""
    split = (manifest or {}).get("split") or {}
    if not {"train_rows", "test_rows"} <= set(split):
        return ""
    again = fitted_again(found, manifest)
    if again and again.cutoffs > 1:
        return (
            f"{again.customers:,} customers of {again.cutoffs} days; those of the latest day judged its "
            f"recipe before, which had learned from {split['train_rows']:,} of earlier days"
        )
    if again:
        return (
            f"{again.customers:,} customers, on whom its recipe was judged before: it had learned from "
            f"{split['train_rows']:,} of an earlier day"
        )
    return f"{split['train_rows']:,} customers; tried on the other {split['test_rows']:,}"


def purpose_of(*, name: str, manifest: dict | None, population: Population) -> str:
    """Return what the model is for."""
    features = manifest["schema"] if manifest else None
    columns = len(features["categorical"]) + len(features["numeric"]) if features else None
    about = "what it bought, how often and how recently" if population.is_log else "it"
    known = f", from {columns} facts about {about}" if columns else ""
    return (
        f"{name} says for each customer how likely it is to leave{known}. It is meant for choosing whom to "
        "call or write to first. It is not meant for deciding about prices, credit or service of a single "
        "person."
    )


NOBODY = (
    "It names nobody as leaving: it is not shown to rank customers better than chance, or each threshold "
    "would name more than twice as many as leave. Customers are still sorted by their probability."
)
LOWER = (
    "A lower threshold finds more leavers and also names more customers who stay. The cost of a call is not "
    "part of it."
)


def threshold_reason(found: dict, manifest: dict | None = None) -> str:
    """Return from where on a customer is named as leaving, why from there, and what came of it."""
    if again := fitted_again(found, manifest):
        return _threshold_of_two(found, again)
    if found.get("names_nobody"):
        if threshold_or_none(found["threshold"]) is None:
            return NOBODY
        then = _what_it_named(found, f"When it was tried, it {_named_then(found)}. Of")
        return f"{NOBODY} {then}"
    threshold = found["threshold"]
    why = "It was chosen when the version was made. "
    if threshold == 0.5:
        known = (
            "as far as its probabilities hold"
            if _is_uncalibrated(manifest)
            else "by its calibrated probabilities"
        )
        why = f"This is where, {known}, leaving becomes likelier than staying. "
    return (
        f"From a probability of {threshold:.2f} on, a customer is named as leaving. {why}"
        f"{_what_it_named(found, 'Of')} {LOWER}"
    )


def _threshold_of_two(found: dict, again: FittedAgain) -> str:
    """Tell the threshold that serves from the one that was judged."""
    then = _what_it_named(found, f"Then it {_named_then(found)}. Of")
    if found.get("names_nobody"):
        return f"{NOBODY} The recipe had another fit and a threshold of its own when it was judged. {then}"
    return (
        f"From a probability of {again.threshold:.2f} on, a customer is named as leaving. It was chosen when "
        "the model that serves was fitted, and what comes of it cannot have been judged yet. The recipe had "
        f"another fit and a threshold of its own when it was judged. {then} {LOWER}"
    )


def _named_then(found):
    return describe_from(found["threshold"], past=True)


def _what_it_named(found, of):
    tried = counted(found["rows"], "customer")
    named = sum(found["confusion"][key] for key in ("true_positive", "false_positive"))
    if not named:
        return f"{of} {tried} tried it named nobody."
    precision, recall = (_share(found["churners"][name]) for name in ("precision", "recall"))
    return (
        f"{of} {tried} tried it named {named:,}: {precision} of them left, and {recall} of all who left were "
        "named."
    )


def _is_uncalibrated(manifest):
    return bool(manifest) and "imported" in manifest and manifest["calibrator"]["method"] == "none"


def _known_answers(population):
    """Return what to say of columns that were learned from although they may tell who left."""
    kept = population.definition.get("kept_leaks", [])
    known = [leak for leak in kept if "sentence" not in leak and leak["auc"] >= KNOWS]
    limits = []
    if known:
        named = _list([f"{population.label_of(leak['column'])} (AUC {leak['auc']:.3f})" for leak in known])
        tells = "alone tells" if len(known) == 1 else "each tell alone"
        limits.append(
            Limit(
                "It may have been told the answer",
                f"{named} {tells} nearly all who left from those who stayed. Where that is known only after "
                "somebody left, all figures here are too good to be true.",
            )
        )
    if doubtful := [
        leak.get("sentence") or _kept_before(leak, population) for leak in kept if leak not in known
    ]:
        limits.append(Limit("It may have learned from what was written down afterwards", " ".join(doubtful)))
    return limits


def _kept_before(leak, population):
    # Which customers a column marks was not kept with the first bases.
    return (
        f"Something in {population.label_of(leak['column'])} is only of those who left, or only of those who "
        "stayed."
    )


def limits_of(found: dict, manifest: dict | None, population: Population) -> list[Limit]:
    """Return what to know before relying on the version, the most important first."""
    churners, rows = found["churners"], found["rows"]
    left = round(churners["base_rate"] * rows)
    again = fitted_again(found, manifest)
    limits = [*_known_answers(population), _width(found, rows, left, again)]
    limits += _weak_parts(found, churners, population)
    small = [f"{part.feature}: {part.label}" for part in parts_of(found, population) if part.small]
    if small:
        limits.append(
            Limit(
                "Too few customers to judge some groups",
                f"{_list(small)}. Fewer than 100 customers were tried there, or fewer than 30 of those who "
                "left or of those who stayed.",
            )
        )
    # Whoever is predicted is nearer to the newest.
    if newest := promises.explain_newest(found):
        limits.append(Limit(promises.title_by(found), newest))
    fault = promises.explain(found["calibration"])
    if fault:
        limits.append(Limit(promises.title_of(found["calibration"]), fault))
    if manifest and "imported" in manifest:
        limits.append(
            Limit(
                "What it learned from is not known here",
                "It was made elsewhere and came in as a file. "
                + (
                    f"Its figures come from {manifest['imported']['tried_on']:,} customers whom the operator "
                    "gave to try it out; that it had not learned from them is the operator's word. "
                    + compare_claims(manifest)
                    if manifest["imported"].get("tried_on")
                    else "Its figures are those that came with it, and were not computed here."
                ).rstrip()
                + f" {_beside_column(found, population)}",
            )
        )
    elif manifest and manifest.get("observed"):
        limits.append(_what_it_has_seen(manifest["observed"], population))
    limits.append(
        Limit(
            "It knows yesterday",
            "New prices, new offers and a new competitor change why people leave. Retrain when they come, "
            "and compare what was predicted with what happened.",
        )
    )
    limits.append(
        Limit(
            "It says who, not what helps",
            "A customer who is likely to leave is not therefore one whom a call would keep, and what weighs "
            "in the model is not therefore a cause.",
        )
    )
    return limits


def _beside_column(found, population):
    """Say how an imported model did beside the best single column, or that nobody looked."""
    rule = found.get("simple_rule") or {}
    if "model_auc" not in rule:
        return (
            "It was not compared with sorting customers by their best single column: for that, import it "
            "again with customers of whom 60 or more left and as many stayed."
        )
    column = population.label_of(rule["feature"])
    return (
        f"On {rule['rows']:,} of them it was compared with sorting by {column}, the best single column of "
        f"the others: AUC {rule['model_auc']:.3f} against {rule['auc']:.3f}."
    )


def _what_it_has_seen(observed, population):
    dates = population.dates
    seen = [
        f"{population.label_of(name)} {_days_before(low, high) if name in dates else _span(low, high)}"
        for name, (low, high) in sorted(observed.items())
    ]
    counted_from = (
        " The reference day is the latest date of a file that does not lie in the future."
        if dates.intersection(observed)
        else ""
    )
    return Limit(
        "It knows what it has seen",
        f"It learned from customers with {_list(seen)}. Outside of that, and for words in the "
        "file that it never met, it guesses; each prediction counts such customers." + counted_from,
    )


def _span(low, high):
    return f"from {low:,.6g} to {high:,.6g}"


def _days_before(low, high):
    """Return in words what two ages of dates are; a date that lies ahead is younger than none."""
    if high < 0:
        return f"{-high:,.0f} to {-low:,.0f} days after the reference day"
    if low < 0:
        return f"from {-low:,.0f} days after to {high:,.0f} days before the reference day"
    return f"{low:,.0f} to {high:,.0f} days before the reference day"


def _width(found, rows, left, again):
    if again:
        text = (
            f"They are of its recipe, which was judged on {counted(rows, 'customer')} before the model that "
            f"serves learned from these; {left:,} of them left. How good that model is cannot be known "
            "before what it foretells has happened. "
        )
    else:
        text = f"It was tried on {counted(rows, 'customer')} it did not learn from, of whom {left:,} left. "
    recall = interval_of(found, "Recall (churners)")
    if recall is None:
        text += "How far its figures would differ on other customers was not computed for this version."
    elif found.get("names_nobody"):
        text += "It names nobody, so none of them was found."
    else:
        text += (
            f"It found {_share(recall['value'])} of those. Of all leavers of this kind, as far as {left:,} "
            f"can tell, it finds between {_share(recall['low'])} and {_share(recall['high'])}: a 95 % "
            "confidence interval, which holds the true share in 95 of 100 such trials. The share among other "
            "customers varies by more than that."
        )
    return Limit("Its figures are estimates", text)


def _weak_parts(found, churners, population):
    """Say where it finds fewer of those who leave than elsewhere, beyond what so many groups do by chance."""
    parts = [part for part in parts_of(found, population) if not part.small]
    hits, missed = (found["confusion"][key] for key in ("true_positive", "false_negative"))
    # Where the same customers came several times, their rows are fewer customers.
    twins = found["calibration"].get("rows_per_customer", 1.0)
    weak = [
        f"{part.feature}: {part.label} ({_share(part.recall['value'])})"
        for part in parts
        if falls_behind(
            round(part.recall["value"] * part.churned / twins), round(part.churned / twins),
            all_hits=round(hits / twins), all_tried=round((hits + missed) / twins), looks=len(parts),
        )
    ]  # fmt: skip
    if not weak:
        return []
    return [
        Limit(
            "It finds fewer leavers in some groups",
            f"{_list(weak)}, against {_share(churners['recall'])} of all who leave. A list made with it "
            "leaves these groups out more often than they deserve.",
        )
    ]


def _share(value):
    return percent(value, 0)


def _list(words):
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
