"""Whether a model is shown to tell who leaves: better than chance, and better than the best single column."""

from __future__ import annotations

from dataclasses import dataclass

CHANCE = 0.5
# A threshold that no probability reaches: a model that ranks no better than chance names nobody.
NAMES_NOBODY = 2.0
# A list of more than so many customers for each one who leaves is no list: it is everybody.
MOST_NAMED_PER_LEAVER = 2


@dataclass(frozen=True)
class Signal:
    """How a model ranks customers, beside chance and the best single column, all on the same customers.

    Attributes
    ----------
    auc, low, high : float
        Of the model, with its 95 % interval.
    rule : dict or None
        `ml.learning.judging.judge_simple_rule`; None where nothing was compared. With ``model_auc`` where
        other customers were compared than those of ``auc``.
    """

    auc: float
    low: float
    high: float
    rule: dict | None = None

    @property
    def beats_chance(self):
        """Whether chance does not explain its ranking."""
        return self.low > CHANCE

    @property
    def beats_column(self):
        """Whether it ranks better than the best single column, and chance does not explain that.

        True as well where there was no column to compare with: nothing is said of what was not looked at.
        """
        return self.rule is None or self.rule["model_gains"]["low"] > 0

    @property
    def is_shown(self):
        """Whether the model is shown to be worth more than either."""
        return self.beats_chance and self.beats_column


def read_signal(metrics, rule=None):
    """Return what the figures of a model say of its signal.

    Parameters
    ----------
    metrics : dict
        `ml.learning.judging.judge`, with ``simple_rule`` where a column was compared.
    rule : dict, optional
        Where the figures have none, as those of earlier days.

    Returns
    -------
    Signal or None
        None where no interval was computed.

    Examples
    --------
    >>> read_signal({"intervals": {"weighted": {"AUC": {"value": 0.52, "low": 0.48, "high": 0.56}}}}).is_shown
    False
    """
    auc = metrics.get("intervals", {}).get("weighted", {}).get("AUC")
    if not auc or auc["low"] is None:
        return None
    rule = metrics.get("simple_rule") or rule
    if rule and (rule.get("model_gains") or {}).get("low") is None:
        rule = None
    return Signal(auc["value"], auc["low"], auc["high"], rule)


def describe_missing_signal(signal, say, *, figures=True):
    """Say in a sentence that a model is not shown to tell who leaves; nothing where it is, or nobody knows.

    Parameters
    ----------
    signal : Signal or None
    say : callable
        Names a column for people.
    figures : bool, default True
        Whether AUC and intervals are given, which take some training to read.

    Returns
    -------
    str
    """
    if signal is None or signal.is_shown:
        return ""
    if not signal.beats_chance:
        told = (
            f": AUC {signal.auc:.3f}, 95 % interval {signal.low:.3f} to {signal.high:.3f}, and chance has "
            f"{CHANCE:.3f}"
        )
        return f"It is not shown to rank customers better than chance{told if figures else ''}."
    rule, gains = signal.rule, signal.rule["model_gains"]
    does = "ranks customers worse" if gains["high"] < 0 else "is not shown to rank customers better"
    told = (
        f": AUC {rule.get('model_auc', signal.auc):.3f} against {rule['auc']:.3f} on the same customers, "
        f"95 % interval of the difference {_signed(gains['low'])} to {_signed(gains['high'])}"
    )
    return f"It {does} than sorting them by {say(rule['feature'])}{told if figures else ''}."


def _signed(value):
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")
