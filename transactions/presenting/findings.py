"""What the pages say about a log that was read, and about features that were computed."""

from core.figures import counted, percent
from ml.logs.features.catalogue import list_features
from ml.logs.features.definitions import MONEY
from ml.logs.visits import say_visits
from transactions.cutoffs import GIVEN, of_log, plan_features
from transactions.engines.features import LABEL
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.presenting.roles import ROLES

BLOCKS, FINE = "blocks", "fine"
MOST_TELLING = 8
CHANCE = 0.5

# Why a row is no event, as `tabular.logs.event_values` names it.
REASONS = {
    "missing_id": "No customer",
    "shortened_id": "A long number that a spreadsheet shortened",
    "bad_date": "No date, or one that cannot be read",
    "future_date": "A date in the future",
    "bad_time": "A time of day that cannot be read, or contradicts the date",
    "bad_number": "No number where one is needed",
    "bad_label": "Neither yes nor no in “Has left”",
    "ragged": "More or fewer cells than the header",
}


class Reading:
    """The account of the rows of one log: where each of them went, and why."""

    def __init__(self, analysis: AnalysisSession):
        self.analysis = analysis
        self.report = analysis.import_report

    @property
    def headline(self) -> str:
        report = self.report
        if report["accepted"] == report["rows_in"]:
            return "Every row could be used"
        if not report["accepted"]:
            return "No row could be used"
        share = report["accepted"] / report["rows_in"]
        return f"{percent(share, 1 if share < 0.99 else 0)} of the rows could be used"

    @property
    def columns(self) -> list[dict]:
        """What each column was taken for."""
        chosen = self.report["columns"]
        return [{"role": ROLES[role][0], "column": chosen[role]} for role in ROLES if role in chosen]

    @property
    def fates(self) -> list[dict]:
        """Where the rows went; the counts add up to the rows of the file."""
        report = self.report
        return [
            {"label": "Used", "count": report["accepted"], "tone": "low"},
            {"label": "Exact duplicates", "count": report["duplicates"], "tone": "neutral"},
            {"label": "Left out", "count": report["rejected"], "tone": "high"},
        ]

    @property
    def reasons(self) -> list[dict]:
        """Why rows were left out, the most frequent reason first."""
        found = sorted(self.report["rejected_by_reason"].items(), key=lambda pair: -pair[1])
        return [
            {"label": REASONS.get(kind, kind.replace("_", " ").capitalize()), "value": count}
            for kind, count in found
            if count
        ]

    @property
    def events(self) -> list[tuple[str, int]]:
        """What happened on the rows, the most frequent kind first."""
        return sorted(self.report["event_types"].items(), key=lambda pair: -pair[1])

    @property
    def compared(self) -> dict[str, str]:
        """What the figures on the cards are compared with."""
        report = self.report
        return {
            "accepted": f"of {report['rows_in']:,} in the file",
            "customers": f"{report['accepted'] / report['customers']:,.1f} rows each, on average",
            "returns": f"{percent(report['returns'] / report['accepted'])} of the rows used",
        }


class MatrixFindings:
    """What is known about the features of one log at one cutoff."""

    def __init__(self, matrix: FeatureMatrix):
        self.matrix = matrix
        self.report = matrix.report
        self.labels = self.report["labels"]
        self.as_of = of_log(matrix.as_of)

    @property
    def headline(self) -> str:
        features = counted(len(self.report["features"]), "feature")
        return f"{features} of {counted(self.report['rows'], 'customer')}"

    # --- Who left

    @property
    def label_headline(self) -> str:
        if not self.labels:
            return "Nobody can be said to have left yet"
        return f"{percent(self.labels['churn_rate'])} of the active customers left"

    @property
    def label_sentence(self) -> str:
        matrix = self.matrix
        if matrix.label_source == GIVEN:
            return "As the file says itself."
        gap = f", after a gap of {matrix.gap_days} days" if matrix.gap_days else ""
        return (
            f"Left: no purchase in the {matrix.horizon_days} days after the cutoff{gap}. Lapsed: no purchase "
            f"in the {matrix.active_window_days} days before it; listed, never scored as a risk."
        )

    @property
    def why_no_labels(self) -> str:
        return plan_features(analysis=self.matrix.analysis, as_of=self.as_of).why

    @property
    def outcomes(self) -> list[dict]:
        found = self.labels
        parts = [
            {"label": "Stayed", "count": found["active"] - found["churned"], "tone": "low"},
            {"label": "Left", "count": found["churned"], "tone": "critical"},
        ]
        if found["lapsed"]:
            parts.append({"label": "Lapsed already", "count": found["lapsed"], "tone": "neutral"})
        return parts

    # --- What speaks against them

    @property
    def suspects(self) -> list[dict]:
        """Features that tell the outcome suspiciously well by themselves, the worst first."""
        return [row for row in self.report["leaks"] or () if row["verdict"] != FINE]

    @property
    def leak_headline(self) -> str:
        blocked = [row["column"] for row in self.suspects if row["verdict"] == BLOCKS]
        if blocked:
            return f"{len(blocked)} feature{'s tell' if len(blocked) > 1 else ' tells'} the outcome"
        if self.suspects:
            return "Nothing knows the future, but look at what tells the outcome"
        return "Nothing knows the future"

    @property
    def guarded(self) -> str:
        """What the leak guard did."""
        customers = self.report["guard"]["customers"]
        return (
            f"For {customers:,} customers everything at or after the cutoff was deleted, moved and invented: "
            "no feature changed by a single bit."
        )

    # --- What tells the outcome

    @property
    def telling(self) -> list[dict]:
        """The features that rank customers best by themselves, for bars that begin at chance."""
        called = self._call
        ranked = sorted(self.report["leaks"] or (), key=lambda row: (-row["auc"], row["column"]))
        return [
            {"label": called(row["column"]), "value": row["auc"] - CHANCE, "text": f"{row['auc']:.2f}"}
            for row in ranked[:MOST_TELLING]
            if row["auc"] > CHANCE
        ]

    def _call(self, column):
        heading = self.matrix.analysis.population.heading_of(column)
        return say_visits(heading) if self.matrix.analysis.is_of_visits else heading

    @property
    def telling_headline(self) -> str:
        names = [row["label"] for row in self.telling[:2]]
        if len(names) < 2:
            return f"{names[0]} tells most by itself" if names else "No feature tells the outcome by itself"
        return f"{names[0]} and {names[1][:1].lower()}{names[1][1:]} tell most by themselves"

    # --- The catalogue

    @property
    def catalogue_headline(self) -> str:
        absent, dropped = len(self.report["absent"]), len(self._dropped())
        said = [f"{len(self.report['features'])} features"]
        said += [f"{absent} absent"] if absent else []
        said += [f"{dropped} dropped for learning"] if dropped else []
        return ", ".join(said)

    @property
    def features(self) -> list[dict]:
        """The whole set, also what the log could not give, each with what was found against it."""
        dropped = self._dropped()
        blocked = {row["column"] for row in self.suspects if row["verdict"] == BLOCKS}
        importance = {row["column"]: row["auc"] for row in self.report["leaks"] or ()}
        return [
            {
                **feature.to_dict(),
                "unit": feature.unit.replace(MONEY, self.matrix.analysis.population.money),
                "absent": self.report["absent"].get(feature.name),
                "dropped": dropped.get(feature.name),
                "blocked": feature.name in blocked,
                "importance": importance.get(feature.name),
            }
            for feature in list_features(self.matrix.feature_set)
        ]

    @property
    def shown(self) -> dict:
        """The first customers, ready to be written into cells."""
        table = self.report["preview"]
        kinds = {feature.name: feature.dtype for feature in list_features(self.matrix.feature_set)}
        # Features of earlier days call it `churned`.
        labels = (LABEL, "churned")
        numeric = [kinds.get(name) in ("integer", "float") or name in labels for name in table["columns"]]
        return {
            "columns": [
                {"name": name, "is_number": is_number}
                for name, is_number in zip(table["columns"], numeric, strict=True)
            ],
            "rows": [
                [
                    {"text": _shown(value), "is_number": is_number}
                    for value, is_number in zip(row, numeric, strict=True)
                ]
                for row in table["data"]
            ],
        }

    def _dropped(self):
        return {row["name"]: row["sentence"] for row in self.report["selection"]["dropped"]}


def _shown(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3g}"
    return str(value)
