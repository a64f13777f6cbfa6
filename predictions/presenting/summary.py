"""What a result says: the stored summary of a run, turned into the figures and sentences of its page."""

from dataclasses import dataclass

from core.figures import counted, of_100
from ml.evaluation.proportions import difference_interval
from ml.serving.explanation import Group
from ml.serving.risk import POLICIES
from predictions.engines.words import Words
from predictions.files import MOST_WORKBOOK_ROWS
from predictions.models import Prediction
from predictions.presenting.logs import LogResult
from predictions.presenting.named import Named
from predictions.presenting.outcomes import FEWEST, Graded, Outcomes
from predictions.presenting.shape import describe_shape
from registry.presenting.judged import fitted_again
from registry.presenting.promises import held_by
from registry.presenting.quality import quality_of
from registry.presenting.signal import warning_about


@dataclass(frozen=True)
class Findings:
    """A finished run as its page shows it. `earlier` is the run before it, where there is one."""

    prediction: Prediction
    earlier: Prediction | None = None

    @property
    def counts(self) -> dict:
        return self.prediction.result

    @property
    def rows(self) -> int:
        return self.counts["rows"]

    @property
    def leavers(self) -> int:
        return self.counts["churners"]

    @property
    def named(self) -> Named:
        return Named(self.counts)

    @property
    def headline(self) -> str:
        return self.named.headline

    @property
    def warning(self) -> str:
        """That the model is not shown to tell who leaves; empty where it is, or nobody looked."""
        return warning_about(self.prediction.model)

    @property
    def warnings(self) -> list[str]:
        """What every door says before the figures: of the model, and of the purchase log."""
        of_log = (self.log.outdated, self.log.silence, self.log.foreknowledge) if self.log else ()
        return [told for told in (self.warning, *of_log) if told]

    @property
    def call_first(self) -> list[dict]:
        """Whom to call first: named, and not known to have left; nobody where the file has no ids.

        Results of earlier days did not ask who had left.
        """
        asked_of_nobody = [] if self.counts.get("realised") else self.counts.get("urgent", [])
        return self.counts.get("call_first", asked_of_nobody)

    @property
    def whom_first(self) -> str:
        """Who they are, as a phrase."""
        still = " who by the file have not left" if self.counts.get("realised") else ""
        return f"Those named{still}, with the highest probability of leaving"

    @property
    def of_whom(self) -> str:
        return "of all customers who were scored" if self.log else "of all customers in the file"

    @property
    def share(self) -> float:
        return self.named.share

    @property
    def change(self) -> dict | None:
        """Percentage points since the run before, in words; more people named is bad.

        Two shares are compared where both are of `FEWEST` customers or more; a difference that chance
        explains is none to be glad or worried about.
        """
        if self.earlier is None or not self.earlier.result["rows"]:
            return None
        if min(self.rows, self.earlier.result["rows"]) < FEWEST:
            return {
                "text": f"too few to compare with {self.earlier}: it takes {FEWEST} customers in both",
                "direction": "",
                "trend": "",
            }
        points = 100 * (self.share - Named(self.earlier.result).share)
        if abs(points) < 0.05:
            return {"text": f"as in {self.earlier}", "direction": "", "trend": ""}
        text = f"{abs(points):.1f} points {'more' if points > 0 else 'fewer'} than {self.earlier}"
        before = self.earlier.result
        low, high = difference_interval(self.leavers, self.rows, before["churners"], before["rows"])
        if low <= 0 <= high:
            return {"text": f"{text}, which chance explains", "direction": "", "trend": ""}
        direction, trend = ("up", "bad") if points > 0 else ("down", "good")
        return {"text": text, "direction": direction, "trend": trend}

    @property
    def distribution(self) -> list[dict]:
        return [
            {"label": "Named as leaving", "count": self.leavers, "tone": "critical"},
            {"label": "Not named", "count": self.rows - self.leavers, "tone": "low"},
        ]

    @property
    def tiers(self) -> list[dict]:
        """Tiers from low to high, with their bounds in words."""
        policy = POLICIES[self.counts["policy"]]
        bounds = (0.0, *policy.bounds, 1.0)
        found = []
        for position, name in enumerate(policy.tiers):
            low, high = bounds[position], bounds[position + 1]
            last = position == len(policy.tiers) - 1
            found.append(
                {
                    "name": name,
                    "tone": name.lower(),
                    "count": self.counts["tiers"][name],
                    "bounds": f"{low:.2f} and above" if last else f"{low:.2f} to below {high:.2f}",
                }
            )
        return found

    @property
    def highest_tier(self) -> dict:
        return self.tiers[-1]

    @property
    def bins(self) -> list[dict]:
        counts = self.counts["histogram"]
        policy = POLICIES[self.counts["policy"]]
        return [
            {
                "start": round(position / len(counts), 4),
                "end": round((position + 1) / len(counts), 4),
                "count": count,
                "tone": policy.tier((position + 0.5) / len(counts)).lower(),
            }
            for position, count in enumerate(counts)
        ]

    @property
    def shape(self) -> str:
        """What the histogram says in one sentence."""
        return describe_shape(self.counts)

    @property
    def features(self) -> list[dict]:
        words = self._words
        return [
            {"label": words.label(item["feature"]), "value": item["effect"], "text": f"{item['effect']:.3f}"}
            for item in self.counts["features"]
        ]

    @property
    def reason(self) -> str:
        """What the feature that matters most says; its name where there is nothing to compare."""
        if self.counts.get("asked") == 0:
            return "The model was asked about nobody here"
        return self._finding or f"{self.features[0]['label']} moves the probability most"

    @property
    def _words(self):
        base = self.prediction.population
        return Words(base.words, dates=base.dates)

    @property
    def _finding(self):
        """Whom of the groups that were compared the model expects to leave more often, in today's words.

        Results of earlier days kept the sentence alone. Some named ranges of whole numbers wrongly, and those
        of logs averaged others than they named.
        """
        compared = self.counts.get("compared")
        if compared:
            return self._words.tell(compared["feature"], [Group(**group) for group in compared["groups"]])
        told = self.counts.get("finding", "")
        return "" if self.prediction.reads_log or " to below " in told else told

    @property
    def measured_on(self) -> str:
        """On whom the effects of columns were measured, as the end of a sentence; empty where on everybody.

        Of first-time buyers a rate stands in for the model: nothing of theirs moves it.
        """
        sampled, asked = self.counts["sampled"], self.counts.get("asked")
        if asked is None:
            return f", measured on {sampled:,} customers drawn at random" if sampled < self.rows else ""
        if asked == self.rows == sampled:
            return ""
        often = "came" if self.log.is_of_visits else "bought"
        drawn = ", drawn at random" if sampled < asked else ""
        return f", measured on {counted(sampled, 'customer')} who {often} twice or more{drawn}"

    @property
    def revenue_sentence(self) -> str:
        if not self.leavers:
            return "nobody is named"
        whose = "that customer" if self.leavers == 1 else f"those {self.leavers:,}"
        base = self.prediction.population
        return f"{base.value_label or 'value'} of {whose}, in {base.money}"

    @property
    def outcomes(self) -> Outcomes | None:
        """How right it was; None where the file does not say who left."""
        return Outcomes(self.counts) if self.counts.get("realised") else None

    @property
    def graded(self) -> Graded | None:
        """The same, of those first whom the version had not learned from."""
        if self.outcomes is None:
            return None
        return Graded(self.counts, has_ids=self.prediction.population.has_ids)

    @property
    def log(self) -> LogResult | None:
        """What is to be said of the purchase log; None where a file had one row for each customer."""
        return LogResult(self.prediction) if self.prediction.reads_log else None

    @property
    def fits_workbook(self) -> bool:
        return self.rows <= MOST_WORKBOOK_ROWS

    @property
    def most_workbook_rows(self) -> int:
        return MOST_WORKBOOK_ROWS

    @property
    def precision(self) -> dict | None:
        """How many of 100 named are expected to leave, by their own probabilities; None where nobody knows.

        First-time buyers of a log are left out of it: no model learned from them, and none was tried on them.
        """
        once = self.counts.get("one_purchase_named", 0)
        others = self.leavers - once
        if self.named.expected is None or not others:
            return None
        expected = self.named.expected - self.counts.get("one_purchase_expected", 0.0)
        whom = f"the {others:,} named who bought twice or more" if once else "those named here"
        return {"of_100": of_100(expected / others), "text": f"mean probability of {whom}{self._how_held}"}

    @property
    def _how_held(self):
        # What came of the last list is newer than what was tried in the training.
        last = self.log and self.log.last_list
        told = last and last.of_those_named
        return f". {told}" if told else how_promises_held(self.prediction.model)

    @property
    def read(self) -> dict:
        return self.prediction.input_data


def how_promises_held(version) -> str:
    """Say, as the end of a sentence, how far the probabilities of a version were off when it was tried."""
    found = version.figures
    if "calibration" not in found:
        return ""
    whom = "customer" if found["rows"] == 1 else "customers"
    whom = version.invented.replace("customers", whom) or whom
    its = f"its probabilities {held_by(found)}"
    if fitted_again(found):
        return f". When its recipe was judged, on {found['rows']:,} {whom} of an earlier day, {its}"
    return f". Tried on {found['rows']:,} {whom} it had not learned from, {its}"


def quality_line(version, *, with_figures: bool = False) -> str:
    """Say how good a version is in one line; `with_figures` also by one that takes some training to read."""
    quality = quality_of(version)
    if quality is None:
        return "Not measured yet."
    if not with_figures:
        return quality.in_plain_words
    if quality.warning:
        return quality.in_words
    auc = next(figure.value for figure in quality.weighted if figure.name == "AUC")
    return f"AUC {auc:.2f}. {quality.in_words}"
