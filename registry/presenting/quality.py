"""How good a version is, in figures that are named and in words."""

from dataclasses import dataclass

from core.figures import of_100
from registry.models import ModelMetrics, ModelVersion


@dataclass(frozen=True)
class Figure:
    """One figure of a model, named with its averaging."""

    name: str
    value: float | None
    explanation: str = ""


@dataclass(frozen=True)
class Quality:
    """How good a version was on customers that it had not seen."""

    weighted: list[Figure]
    churners: list[Figure]
    calibration: list[Figure]
    in_words: str
    rows: int
    base_rate: float

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
                "explanation": "recall (churners), at the threshold of this version",
            },
            {
                "name": "Ranking",
                "value": f"{value['AUC']:.3f}",
                "explanation": "AUC; by chance 0.500, without a fault 1.000",
            },
        ]


def quality_of(version: ModelVersion) -> Quality | None:
    """Return the figures of `version` for pages; None where it was never evaluated."""
    metrics = getattr(version, "metrics", None)
    if metrics is None or "churners" not in (metrics.additional_metrics or {}):
        return None
    found = metrics.additional_metrics
    churners, calibration = _of_somebody(found), found["calibration"]
    return Quality(
        weighted=_weighted(metrics),
        churners=[
            Figure(
                "Precision (churners)", churners["precision"], "Of those it says will leave, how many do."
            ),
            Figure("Recall (churners)", churners["recall"], "Of those who leave, how many it finds."),
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
        in_words=f"{_in_words(churners)}{_say_invented(version.training_dataset)}",
        rows=found["rows"],
        base_rate=churners["base_rate"],
    )


def _weighted(metrics: ModelMetrics) -> list[Figure]:
    return [
        Figure("Accuracy", metrics.accuracy, "Share of customers told right."),
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


def _of_somebody(found):
    """Return the figures of the leavers without those that would be shares of nobody."""
    confusion = found["confusion"]
    named = confusion["true_positive"] + confusion["false_positive"]
    return found["churners"] | ({} if named else {"precision": None})


def _in_hundred(share, nobody):
    return nobody if share is None else f"{of_100(share)} in 100"


def _in_words(churners):
    if churners["precision"] is None:
        return "It named none of the customers whom it was tried on."
    if not churners["recall"]:
        return "It found none of those who left."
    right, found = of_100(churners["precision"]), of_100(churners["recall"])
    whom = "all" if churners["precision"] == 1 else f"about {right}"
    return f"Of 100 customers it says will leave, {whom} do. It finds {found} of 100 who leave."
