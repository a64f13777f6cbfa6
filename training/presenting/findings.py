"""What the result page says about a finished retraining: the stored comparison, put into words and rows."""

from functools import cached_property

from core.charts import embed
from ml.evaluation.profit import with_assumptions
from registry.presenting.charts import curve_rows
from registry.presenting.promises import explain_newest
from registry.presenting.signal import describe_from, warning_about
from training.models import TrainingRun
from training.presenting import charts

METRIC_NAMES = {
    ("weighted", "Accuracy"): ("Accuracy", "All customers predicted correctly"),
    ("weighted", "AUC"): ("AUC", "Ranking; by chance 0.500"),
    ("weighted", "Precision"): ("Precision (weighted)", "Both classes, weighted by their size"),
    ("weighted", "Recall"): ("Recall (weighted)", "Both classes; always equal to accuracy"),
    ("weighted", "F1 Score"): ("F1 (weighted)", "Both classes, weighted by their size"),
    ("churners", "precision"): ("Precision (churners)", "Of those it says will leave, how many do"),
    ("churners", "recall"): ("Recall (churners)", "Of those who leave, how many it finds"),
    ("churners", "f1"): ("F1 (churners)", "Both in one figure"),
    ("probabilities", "brier"): (
        "Brier score",
        "How far the probabilities are from what happened; lower is better",
    ),
    ("probabilities", "log_loss"): ("Log loss", "Lower is better"),
}
VERDICTS = {"better": "better", "worse": "worse", "no_real_difference": "no real difference"}


class RetrainingFindings:
    """One finished retraining, as its page shows it."""

    def __init__(self, run: TrainingRun, *, campaign: dict | None = None):
        self.run = run
        self.stored = run.comparison
        self.judged = self.stored["judged"]
        self.choice = self.stored["choice"]
        # The profit follows from counts that are stored: what a contact costs may be supposed anew.
        self.campaign = campaign or self.stored.get("campaign")
        self.versions = [self._version(version) for version in self.stored["versions"]]

    def _version(self, stored):
        return {
            **stored,
            "name": str(self.run.version) if stored["key"] == "new" else stored["name"],
            "profit": with_assumptions(stored["profit"], **self.campaign).to_dict()
            if self.campaign
            else None,
        }

    @property
    def sentence(self) -> str:
        return self.stored["sentence"]

    @property
    def warning(self) -> str:
        """That the new version is not shown to tell who leaves; empty where it is, or it is gone."""
        return warning_about(self.run.version)

    @property
    def newest_uploads(self) -> dict:
        """How its probabilities held for the newest uploads alone; retrainings of earlier days know it only
        from the figures of the version.
        """
        figures = self.run.version.figures if self.run.version else {}
        return {"newest": figures.get("newest")}

    @property
    def newest(self) -> str:
        """That its probabilities do not hold for the latest upload; empty where they do, or it is gone."""
        return explain_newest(self.run.version.figures) if self.run.version else ""

    @property
    def twins(self) -> str:
        """How many of the file equal others in everything but the id, and what came of it; empty if none."""
        # Retrainings of earlier days did not count them.
        count = self.run.combination.get("twins", 0)
        if not count:
            return ""
        are = "customer of the file is" if count == 1 else "customers of the file are"
        return (
            f"{count:,} {are} equal to another one in every column that the model reads, under another id. "
            "Equal customers stand on one side: learned from together, or held out together and counted "
            "once as evidence. If they are the same people, send them under their earlier ids."
        )

    @property
    def invented(self) -> str:
        """How many of those compared the product made up, and what the real ones show; empty if none."""
        # Retrainings of earlier days did not count them.
        count = self.judged.get("invented")
        table = self.run.combined_dataset
        if count is None and table and table.holds_invented:
            return "Some of these customers are invented. How many was not counted then."
        if not count:
            return ""
        are = "is" if count == 1 else "are"
        told = f"{count:,} of these {self.judged['customers']:,} customers {are} invented."
        real = self.pairs[0]["real"] if self.pairs else {}
        return f"{told} On the real ones alone: {real['sentence']}" if real.get("sentence") else told

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``no_real_difference``, or nothing where no comparison was possible."""
        return self.pairs[0]["verdict"] if self.pairs else ""

    @property
    def pairs(self) -> list[dict]:
        return self.stored["pairs"]

    @property
    def new(self) -> dict | None:
        return self.versions[0] if self.versions else None

    @property
    def serving(self) -> dict | None:
        return self.versions[1] if len(self.versions) > 1 else None

    @cached_property
    def tables(self) -> list[dict]:
        """One table of figures for each version that is compared with."""
        return [
            {
                "name": pair["name"],
                "key": pair["key"],
                "sentence": pair["sentence"],
                "resamples": pair["resamples"],
                "rows": [_row(found, pair) for found in pair["differences"]],
            }
            for pair in self.pairs
        ]

    @cached_property
    def figures(self) -> dict:
        versions = self.versions
        return {
            "roc": embed(charts.roc_figure(versions)),
            "precision_recall": embed(charts.precision_recall_figure(versions)),
            "calibration": embed(charts.calibration_figure(versions)),
            "confusion": embed(charts.confusion_figure(self.new)),
        }

    @cached_property
    def profit_figure(self) -> dict:
        return embed(charts.profit_figure(self.versions, self.run.population.money))

    @property
    def currency(self) -> str:
        return self.run.population.currency

    @cached_property
    def titles(self) -> dict[str, str]:
        return charts.titles(self)

    @cached_property
    def beside(self) -> list[dict]:
        """For each version compared with: who changes side, and which features weigh differently."""
        return [self._beside(pair) for pair in self.pairs]

    def _beside(self, pair):
        sides, named = pair["changed_sides"], pair["named"]
        called = self.run.population.heading_of
        shifts = [{**row, "feature": called(row["feature"])} for row in pair["feature_shift"]]
        return {
            "chart": f"shift-{pair['key']}",
            "name": pair["name"],
            "shifts": shifts,
            "shift_title": charts.shift_title(shifts),
            "shift": embed(charts.shift_figure(shifts, str(self.run.version), pair["name"])),
            "sides": sides,
            "sides_title": charts.sides_title(sides, self.new["figures"]["rows"]),
            # The two ways to change side, each with some of its customers.
            "named": [
                {"title": "Now expected to leave", "rows": named["to_leave"], **sides["to_leave"]},
                {"title": "Now expected to stay", "rows": named["to_stay"], **sides["to_stay"]},
            ],
        }

    @cached_property
    def curve_tables(self) -> list[dict]:
        """The points of the curves, for those who read."""
        return [
            {
                "name": version["name"],
                "roc": curve_rows(
                    version["figures"]["roc"]["false_positive_rate"],
                    version["figures"]["roc"]["true_positive_rate"],
                ),
                "precision_recall": curve_rows(
                    version["figures"]["precision_recall"]["recall"],
                    version["figures"]["precision_recall"]["precision"],
                ),
                "calibration": version["figures"]["calibration"],
                "uncalibrated": version.get("uncalibrated"),
                "profit": version["profit"],
                "profit_points": _thin(version["profit"]["points"]) if version["profit"] else [],
                "confusion": version["figures"]["confusion"],
                "named_from": f"which {describe_from(version['threshold'])}",
            }
            for version in self.versions
        ]

    @cached_property
    def slices(self) -> list[dict]:
        base = self.run.population
        return [
            {
                **part,
                "feature": base.heading_of(part["feature"]),
                "label": base.value_of(part["feature"], part["label"]),
            }
            for part in self.stored.get("slices", [])
        ]


def _row(found, pair):
    # One figure was chosen beforehand. Of ten that are looked at, one often differs by chance.
    verdict = pair["verdict"] if found["metric"] == pair["rests_on"] else None
    return compared_figure((found["group"], found["metric"]), found, verdict)


def compared_figure(key: tuple[str, str], found: dict, verdict: str | None) -> dict:
    """Return the row of a figure of two versions; `found` has ``new``, ``serving`` and ``difference``."""
    name, explanation = METRIC_NAMES[key]
    return {
        "name": name,
        "explanation": explanation,
        **{part: found[part] for part in ("new", "serving", "difference")},
        "verdict": VERDICTS.get(verdict, ""),
        "better": {"better": True, "worse": False}.get(verdict),
    }


def _thin(points, most=11):
    step = max(1, (len(points) - 1) // (most - 1))
    return points[::step]
