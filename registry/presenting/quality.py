"""How good a version is, in figures that are named and in words."""

from dataclasses import dataclass

from core.figures import of_100
from ml.logs.visits import say_visits
from registry.models import ModelMetrics, ModelVersion
from registry.presenting.judged import describe_judged, fitted_again
from registry.presenting.signal import warning_about


@dataclass(frozen=True)
class Figure:
    """One figure of a model, named with its averaging."""

    name: str
    value: float | None
    explanation: str = ""


@dataclass(frozen=True)
class Quality:
    """How good a version, or its recipe, was on customers that it had not seen.

    `judged` says which of the two, and `is_fitted_again` is true of the recipe. `warning` says that the model
    is not shown to rank customers better than chance, or than a single column, and stands before all praise.
    `in_words` begins with it; `in_plain_words` with the same without figures, for who was not trained to read
    them.
    """

    weighted: list[Figure]
    churners: list[Figure]
    calibration: list[Figure]
    in_words: str
    in_plain_words: str
    rows: int
    base_rate: float
    judged: str
    is_fitted_again: bool
    warning: str

    @property
    def at_home(self) -> list[dict]:
        """The three figures that matter daily, in words, each beside what chance would reach."""
        value = {figure.name: figure.value for figure in (*self.weighted, *self.churners)}
        by_chance = of_100(self.base_rate)
        return [
            {
                "name": "Right when it says “leaves”",
                "value": _in_hundred(value["Precision (churners)"], "nobody named"),
                "explanation": f"precision (churners); picked at random: {by_chance} in 100",
            },
            {
                "name": "Leavers it finds",
                "value": _in_hundred(value["Recall (churners)"], "nobody left"),
                "explanation": f"recall (churners), at {self._whose_threshold}",
            },
            {
                "name": "Ranking",
                "value": f"{value['AUC']:.3f}",
                "explanation": "AUC; by chance 0.500, without a fault 1.000",
            },
        ]

    @property
    def _whose_threshold(self):
        return f"the threshold of {'when it was judged' if self.is_fitted_again else 'this version'}"


def quality_of(version: ModelVersion, manifest: dict | None = None) -> Quality | None:
    """Return the figures of `version` for pages; None where it was never evaluated.

    With its `manifest` they tell days, and of versions of earlier days whether they were fitted again.
    """
    metrics = getattr(version, "metrics", None)
    found = version.figures
    if metrics is None or "churners" not in found:
        return None
    churners, calibration = figures_of_churners(found), found["calibration"]
    again = fitted_again(found, manifest)
    warning, plain = (warning_about(version, manifest, figures=told) for told in (True, False))
    judged = describe_judged(found, again)
    words, invented = _in_words(churners, again), _say_invented(version.training_dataset)
    return Quality(
        weighted=_weighted(metrics),
        churners=[
            Figure(
                "Precision (churners)", churners["precision"], "Of those it says will leave, how many do."
            ),
            Figure("Recall (churners)", churners["recall"], "The share of those who leave whom it names."),
            Figure("F1 (churners)", churners["f1"], "Both in one figure."),
            Figure("Average precision (churners)", churners["average_precision"], "Over all thresholds."),
        ],
        calibration=[
            Figure(
                "Calibration error", calibration["ece"], "How far the promised chances are off, on average."
            ),
            Figure("Brier score", found["brier"], "Squared distance to what happened; less is better."),
            Figure("Log loss", found["log_loss"], "Less is better."),
        ],
        in_words=f"{_told(found, warning, words)}{invented}",
        in_plain_words=f"{_told(found, plain, words)}{invented}",
        rows=found["rows"],
        base_rate=churners["base_rate"],
        judged=say_visits(judged) if version.is_of_visits else judged,
        is_fitted_again=again is not None,
        warning=warning,
    )


def _weighted(metrics: ModelMetrics) -> list[Figure]:
    return [
        Figure("Accuracy", metrics.accuracy, "Share of customers predicted correctly."),
        Figure("AUC", metrics.auc_roc, "Chance that one who leaves is ranked above one who stays."),
        Figure("Precision (weighted)", metrics.precision, "Both classes, weighted by their size."),
        Figure("Recall (weighted)", metrics.recall, "Both classes; always equal to accuracy."),
        Figure("F1 (weighted)", metrics.f1_score, "Both classes, weighted by their size."),
    ]


def _say_invented(dataset):
    # A page that has room for one sentence only must not leave out whose figures these are.
    if dataset is None or not dataset.holds_invented:
        return ""
    return f" {'Some of these' if dataset.is_combined else 'These'} customers are invented."


def figures_of_churners(found: dict) -> dict:
    """Return the stored figures of the leavers; a precision of nobody is None, and no 0 of earlier days."""
    confusion = found["confusion"]
    named = confusion["true_positive"] + confusion["false_positive"]
    return found["churners"] | ({} if named else {"precision": None})


def _in_hundred(share, nobody):
    return nobody if share is None else f"{of_100(share)} in 100"


def _told(found, warning, words):
    return warning if found.get("names_nobody") else f"{warning} {words}".strip()


def _in_words(churners, again):
    if churners["precision"] is None:
        return f"{'Its recipe' if again else 'It'} named none of the customers whom it was tried on."
    if not churners["recall"]:
        return f"{'Its recipe' if again else 'It'} found none of those who left."
    right, found = of_100(churners["precision"]), of_100(churners["recall"])
    whom = "all" if churners["precision"] == 1 else f"about {right}"
    if again:
        return (
            f"Of 100 customers that its recipe named when it was judged, {whom} left. "
            f"It found {found} of 100 who left."
        )
    return f"Of 100 customers that it named when it was tried, {whom} left. It found {found} of 100 who left."
