"""How a model stands to the best single column: shown to be better, shown to be worse, or neither."""

from functools import partial

from ml.evaluation.signal import describe_missing_signal, read_signal
from ml.logs.features.wording import say_feature
from ml.logs.visits import say_visits
from training.models import TrainingRun


def is_above_rule(training: TrainingRun) -> bool:
    """Whether the model ranks better than the rule, and chance does not explain it."""
    # Reports of earlier days do not tell.
    return _gain(training, "low") > 0


def is_below_rule(training: TrainingRun) -> bool:
    """Whether the rule ranks better than the model, and chance does not explain it."""
    return _gain(training, "high") < 0


def call_feature(training: TrainingRun, name: str) -> str:
    """Return what people call a feature of the log that was learned from."""
    label = say_feature(name)
    return say_visits(label) if (training.report or {}).get("of_visits") else label


def describe_order(rule: dict) -> str:
    """Say whom the rule puts first, as the beginning of a sentence."""
    # Reports of earlier days knew numbers alone.
    if rule.get("is_category"):
        return "whoever has a value with which many left"
    return f"whoever has a {'high' if rule['higher_is_riskier'] else 'low'} value"


def _gain(training, end):
    return _rule(training).get("model_gains", {}).get(end) or 0


def describe_standing(training: TrainingRun) -> str:
    """Say in a sentence that the model is no better than chance or the rule; nothing where it is, or where
    none is.
    """
    rule = _rule(training)
    signal = read_signal(training.version.metrics.additional_metrics)
    if signal and not signal.beats_chance:
        return describe_missing_signal(signal, partial(call_feature, training))
    if not rule or is_above_rule(training):
        return ""
    figures = (
        f"AUC {training.version.metrics.additional_metrics['churners']['auc']:.3f} against {rule['auc']:.3f}"
    )
    called = call_feature(training, rule["feature"])
    if is_below_rule(training):
        return f"It ranks customers worse than sorting by {called} does ({figures})."
    return f"It is not shown to be better than sorting by {called} ({figures})."


def _rule(training):
    return (training.report or {}).get("simple_rule") or {}
