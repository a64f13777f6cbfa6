"""What a training on a purchase log says of itself: whether the model is any use, and how that is known."""

from dataclasses import dataclass

from ml.evaluation.signal import read_signal
from training.models import TrainingRun
from training.presenting.purchases import describe_report, other_days
from training.presenting.simple_rule import call_feature, describe_order, is_above_rule, is_below_rule
from transactions.presenting.days import write_day

# Headings of `describe_report` whose sentences the page has above already.
TOLD = ("Deployment", "How it was judged", "Best single column")


@dataclass(frozen=True)
class Compared:
    """One line of the comparison: who ranks, and how well; None where a figure does not exist."""

    name: str
    note: str
    auc: float
    f1: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Verdict:
    """A finished training as its page shows it."""

    training: TrainingRun

    @property
    def report(self) -> dict:
        return self.training.report

    @property
    def rule(self) -> dict:
        return self.report["simple_rule"]

    @property
    def model(self) -> Compared:
        found = self._figures
        interval = found["intervals"]["weighted"]["AUC"]
        return Compared(
            name=str(self.training.model_type),
            note="the recipe, judged on customers whose outcome it did not know",
            auc=found["churners"]["auc"],
            f1=found["churners"]["f1"],
            low=interval["low"],
            high=interval["high"],
        )

    @property
    def rows(self) -> list[Compared]:
        interval = self.rule.get("interval", {})
        return [
            self.model,
            *self._champion,
            Compared(
                name=f"Simple rule: {self._rules_column}",
                note=f"{describe_order(self.rule)} is called first; the best single column",
                auc=self.rule["auc"],
                f1=self.rule["f1"],
                low=interval.get("low"),
                high=interval.get("high"),
            ),
            Compared(
                name="Knowing nothing",
                note="a random order, and everybody named as leaving",
                auc=0.5,
                f1=self.rule["f1_of_all"],
            ),
        ]

    @property
    def _champion(self) -> list[Compared]:
        """What served when this was trained, on the same customers; nothing where it was not judged there."""
        found = self.report.get("beside_champion") or {}
        if "ranking" not in found:
            return []
        knew = ", of whose outcomes it knew a part" if found["knew_until"] else ""
        ranking = found["ranking"]
        return [
            Compared(
                name=found["name"],
                note=f"the champion at the time, on the same customers{knew}",
                auc=ranking["value"],
                f1=found["f1"],
                low=ranking["low"],
                high=ranking["high"],
            )
        ]

    @property
    def headline(self) -> str:
        if not self._beats_chance:
            return "The model is not shown to rank customers better than chance"
        if is_above_rule(self.training):
            return "The model ranks customers better than the best single column"
        if is_below_rule(self.training):
            return f"The model ranks customers worse than sorting by {self._rules_column}"
        if f"{self.model.auc:.3f}" > f"{self.rule['auc']:.3f}":
            return "The model is not shown to be better than the best single column"
        return f"The model is no better than sorting by {self._rules_column}"

    @property
    def meaning(self) -> str:
        """What to make of the comparison, in a sentence."""
        if not self._beats_chance:
            # Where the file itself says who left, nothing was defined.
            other = ", or another definition of leaving" if self.report.get("definition") else ""
            return (
                f"AUC {self.model.auc:.3f}, 95 % interval {self.model.low:.3f} to {self.model.high:.3f}, and "
                f"chance has 0.500. Try a longer log{other}."
            )
        figures = f"AUC {self.model.auc:.3f} against {self.rule['auc']:.3f}"
        if is_above_rule(self.training):
            return f"{figures}: more than chance explains. Its list is better than the simple rule."
        if is_below_rule(self.training):
            return f"{figures}: more than chance explains. Use the rule, or try another type or a longer log."
        return f"{figures}: chance may explain the difference. Try another type, or a longer log."

    @property
    def how(self) -> str:
        """How the figures came to be, and what they do not say of the version that serves."""
        report = self.report
        if report["split"] != "temporal":
            return (
                "It learned from four fifths of the customers whose outcome the file tells, and was judged "
                "on the rest. The model that was judged is the one that was kept."
            )
        earlier, later = (write_day(report[name]) for name in ("trained_at_cutoff", "tested_at_cutoff"))
        return (
            f"The recipe learned from the customers of {earlier}{other_days(report, 'tested_from')} and was "
            f"judged on those of {later}, of whom it is known by now who left. {self.training.version} then "
            f"learned by the same recipe from the customers of {later}{other_days(report, 'serves_from')}, "
            "so it knows their outcomes, and nobody can have judged it yet: the figures say how "
            "well the recipe did one period ago."
        )

    @property
    def deployment(self) -> str:
        return self.report.get("deployment", {}).get("reason", "")

    @property
    def details(self) -> list[tuple[str, list[str]]]:
        """What else the report says, under headings."""
        return [(heading, told) for heading, told in describe_report(self.training) if heading not in TOLD]

    @property
    def judged_on(self) -> int:
        return self._figures["rows"]

    @property
    def _rules_column(self):
        return call_feature(self.training, self.rule["feature"])

    @property
    def _beats_chance(self):
        return read_signal(self._figures).beats_chance

    @property
    def _figures(self):
        return self.training.version.metrics.additional_metrics
