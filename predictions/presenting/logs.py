"""What a result says of the purchase log that it was made of: who was scored, who was not, and since when."""

from dataclasses import dataclass
from functools import cached_property

from core.figures import counted, of_100, percent
from ml.evaluation.proportions import share_interval
from ml.logs.visits import say_visits
from predictions.engines.kinds import BOUGHT, CALMER, CONTAINS, CONTINUES, NEW, SILENT, STILL, WERE_CLOSED
from predictions.models import Prediction
from predictions.presenting.finished_lists import FinishedList, Line, compare, lines_of, newest_of
from predictions.presenting.outcomes import Share
from predictions.selectors import closed_days_known_now, outcomes_known_until
from registry.models import ModelVersion
from registry.presenting.judged import fitted_again, how_rates_held
from registry.presenting.lacking import what_it_lacks
from transactions.cutoffs import end_of_log
from transactions.models import AnalysisSession
from transactions.presenting.days import write_day

CHANGE_NAMES = {
    NEW: "New on the list",
    STILL: "Still on the list",
    BOUGHT: "Off the list: bought since",
    CALMER: "Off the list: less likely now",
    SILENT: "Off the list: lapsed",
}


@dataclass(frozen=True)
class LogResult:
    """A finished run on a purchase log."""

    prediction: Prediction

    @property
    def counts(self) -> dict:
        return self.prediction.result

    @property
    def read(self) -> dict:
        return self.prediction.input_data

    @property
    def is_of_visits(self) -> bool:
        return self.prediction.is_of_visits

    @property
    def day(self) -> str:
        return write_day(self.counts["as_of"])

    @property
    def lapsed(self) -> dict:
        return self.counts["lapsed"]

    @property
    def definition(self) -> dict | None:
        return self.read.get("definition")

    @property
    def who(self) -> str:
        """Who was scored, and what leaving means for them."""
        rows = self.counts["rows"]
        scored = f"{counted(rows, 'customer was', 'customers were')} scored as of {self.day}"
        if self.definition is None:
            return f"{scored}. Leaving is what the column of the log said from which the model learned."
        window, horizon = self.lapsed["window_days"], self.definition["horizon_days"]
        gap = self.definition["gap_days"]
        begins = f", beginning {gap} days later" if gap else ""
        return self._say(
            f"{scored}: those who bought in the {window} days before. Leaving means to buy nothing for "
            f"{horizon} days from then on{begins}."
        )

    @property
    def lapsed_headline(self) -> str:
        count = self.lapsed["customers"]
        verb = "customer has" if count == 1 else "customers have"
        return f"{count:,} {verb} lapsed and {'was' if count == 1 else 'were'} not scored"

    @property
    def lapsed_sentence(self) -> str:
        return self._say(
            f"They have bought nothing for more than {self.lapsed['window_days']} days: they count "
            "as lost already, so no chance of leaving is calculated for them."
        )

    @property
    def weak(self) -> str:
        """What the low evidence of some customers means; empty where there is none of them."""
        count = self.counts["one_purchase"]
        if not count:
            return ""
        verb, them = ("has", "that customer") if count == 1 else ("have", "them")
        return self._say(
            f"{count:,} of the scored {verb} bought once only. Too little is known of {them}: how often such "
            f"customers left before stands in, by how long they are known. {self._rates_held}".strip()
        )

    def _say(self, sentence):
        return say_visits(sentence) if self.is_of_visits else sentence

    @property
    def _rates_held(self):
        return how_rates_held((self.prediction.model.figures.get("judged_apart") or {}).get("first_buyers"))

    @property
    def first_buyers(self) -> str:
        """What to make of those named who bought once; empty where there is none, or nobody counted them."""
        count = self.counts.get("one_purchase_named", 0)
        if not count:
            return ""
        share = of_100(self.counts["one_purchase_expected"] / count)
        return self._say(
            f"{count:,} of the {self.counts['churners']:,} named bought once only. The model did not learn "
            "from such customers and is not asked about them; how often they left before stands in for them: "
            f"{share} of 100."
        )

    @property
    def overlap(self) -> str:
        """How the log stands to the one before, with counts; empty where there was none."""
        found = self.counts.get("overlap")
        if not found:
            return ""
        known = f"of the {found['rows_before']:,} rows that were known, "
        if found["relation"] == CONTAINS:
            return f"The log contains the one before: {known}{found['rows_found']:,} are in it again."
        customers = f"{found['customers_found']:,} of {found['customers_before']:,} known customers are in it"
        again, of = found["rows_found"], found["rows_in_span"]
        shared = f"{again:,} of {of:,} rows of the days that both have are the same"
        if found["relation"] == CONTINUES:
            same = f"; {shared}" if of else ""
            missing = found["days_missing"]
            gap = f" Of {counted(missing, 'day')} in between nothing is known." if missing else ""
            # Of results of earlier days nobody kept which days those are.
            if missing and self.counts.get("days_between"):
                gap += f" {WERE_CLOSED}"
            return f"The log continues the one before: {customers}{same}. Both were read together.{gap}"
        return (
            f"The log neither contains nor continues the one before: {customers}, and {shared}. It was "
            "scored by itself, and nothing is compared."
        )

    @property
    def silence(self) -> str:
        """That days of the log may be missing; empty where none is known to be, as in older results."""
        return self.counts.get("silence", "")

    @cached_property
    def outdated(self) -> str:
        """That what somebody said of closed days is not what the list was made with; empty where it is."""
        now = closed_days_known_now(self.prediction)
        # Results of earlier days kept not what they knew: one that warned of no days is left alone.
        then = self.counts.get("closed", [] if self.silence else now)
        if now is None or now == then:
            return ""
        said = [f"closed from {_write_days(days)}" for days in now if days not in then]
        said += [f"open from {_write_days(days)}" for days in then if days not in now]
        return (
            f"Since this list was made it was said that you were {' and '.join(said)}. "
            "The list does not know of it: score the log again."
        )

    @property
    def foreknowledge(self) -> str:
        """That the model learned from days after the end of the log; empty where it did not."""
        knew_until = self.read.get("knew_until")
        if not knew_until:
            return ""
        return (
            f"The model learned from what customers did until {write_day(knew_until)}, and this log ends "
            f"before {self.day}: it already knows a part of what it predicts here. Do not judge it by "
            "this list; later results do not count it either."
        )

    @property
    def level(self) -> str:
        """How many are expected to leave, and how far off such a forecast was; empty where nobody knows.

        Who is likelier than whom is known better than how many leave, which moves with the season. What came
        of the last list is newer than what was tried in the training, and comes first.
        """
        expected, past = self.counts.get("expected_churners"), past_forecasts(self.prediction.model)
        if expected is None or not (past or self.last_list) or not self.counts["rows"]:
            return ""
        told = [self.last_list and self.last_list.in_words, past and _say_past(past, self.last_list)]
        share = expected / self.counts["rows"]
        return (
            f"{percent(share)} of those scored are expected to leave. How many leave is less certain than "
            f"who is likelier to: {' '.join(filter(None, told))}"
        )

    @property
    def last_list(self) -> FinishedList | None:
        """What came of the latest list whose time is over and that the same version made."""
        found = self.counts.get("changes")
        return newest_of(found, model=self.prediction.model.pk) if found else None

    @property
    def changes(self) -> "Changes | None":
        found = self.counts.get("changes")
        return Changes(found, of_visits=self.is_of_visits) if found else None


def _write_days(days):
    return " to ".join(map(write_day, days))


def why_not_scored(analysis: AnalysisSession, version: ModelVersion) -> str:
    """Say why a version cannot score a log, where that is certain before it tries; empty otherwise."""
    return what_it_lacks(version, columns=analysis.event_columns, of_visits=analysis.is_of_visits)


def what_it_would_know(analysis: AnalysisSession, version: ModelVersion) -> str:
    """Say, before it scores a log, that a version learned from days after its end; empty where it did not."""
    knew_until, end = outcomes_known_until(version), end_of_log(analysis)
    if knew_until is None or knew_until <= end:
        return ""
    return (
        f"{version} learned from what customers did until {write_day(knew_until)}, and this log "
        f"ends before {write_day(end)}: it already knows a part of what it would predict here. "
        "Score a later log, unless you only want to see how such a list looks."
    )


def past_forecasts(version) -> list[dict]:
    """Return what was expected at past cutoffs and what happened; of versions of earlier days, at one."""
    found = version.figures
    if found.get("past_forecasts"):
        return found["past_forecasts"]
    # Without a later day, as with given labels, it was no forecast.
    if fitted_again(found) is None or "calibration" not in found:
        return []
    calibration = found["calibration"]
    return [
        {
            "customers": found["rows"],
            "promised": calibration["mean_probability"],
            "happened": calibration["churn_rate"],
        }
    ]


def _say_past(past, last_list):
    """Tell how far off past forecasts were: one in full, several by their mean and their largest error.

    Where the time of a list is over they are not the latest that is known.
    """
    *before, latest = past
    told = compare(latest["promised"], latest["happened"])
    if last_list and last_list.in_words:
        return f"When the model was trained, {_say_errors(past) if before else told}."
    if not before:
        return (
            "such a forecast was made once before, when the recipe was judged, for "
            f"{counted(latest['customers'], 'customer')}. Then {told}. Once is not a rule: another season "
            "may be further off."
        )
    return (
        f"{_say_errors(past)}. The latest of them was for {counted(latest['customers'], 'customer')}: {told}."
    )


def _say_errors(past):
    errors = [abs(one["promised"] - one["happened"]) for one in past]
    mean, most = (of_100(error, 1) for error in (sum(errors) / len(errors), max(errors)))
    return f"{len(past)} such forecasts of past days were off by {mean} points on average, and once by {most}"


@dataclass(frozen=True)
class Changes:
    """What changed since the result before; `found` is what the engine counted."""

    found: dict
    of_visits: bool = False

    @property
    def kinds(self) -> dict:
        return self.found["kinds"]

    @property
    def since(self) -> str:
        return write_day(self.found["since"])

    @property
    def new(self) -> int:
        return self.kinds[NEW]

    @property
    def left_list(self) -> int:
        return self.kinds[BOUGHT] + self.kinds[CALMER] + self.kinds[SILENT]

    @property
    def headline(self) -> str:
        return f"{self.new:,} new on the list since {self.since}, {self.left_list:,} no longer on it"

    @property
    def rows(self) -> list[dict]:
        """Each kind with its count, and how many of them are rows of the table of the result."""
        first = self.found["first_seen"]
        seen = f"; {first:,} of them were not scored last time" if first else ""
        notes = {
            NEW: f"not named last time, named now{seen}",
            STILL: "named both times",
            BOUGHT: f"named last time, and bought in between{self._bought_long_ago}",
            CALMER: "bought nothing in between, and is not named any more",
            SILENT: "bought nothing in between, and too long ago to be scored",
        }
        return [
            {
                "kind": kind,
                "name": self._say(CHANGE_NAMES[kind]),
                "count": self.kinds[kind],
                "note": self._say(note),
                "scored": self._scored.get(kind, 0),
            }
            for kind, note in notes.items()
        ]

    def _say(self, sentence):
        return say_visits(sentence) if self.of_visits else sentence

    @property
    def _scored(self):
        # Results of earlier days did not count them, nor can their tables be filtered.
        return self.found.get("scored", {})

    @property
    def _bought_long_ago(self):
        count = self.kinds[BOUGHT] - self._scored.get(BOUGHT, self.kinds[BOUGHT])
        return f"; {count:,} of them too long ago to be scored" if count else ""

    @property
    def outcome(self) -> dict | None:
        return self.found["outcome"]

    @property
    def hits(self) -> Share:
        """Of those named last time, who bought nothing in the time that was foretold."""
        return Share(self.outcome["named_without_purchase"], self.outcome["named"])

    @property
    def everybody(self) -> Share:
        return Share(self.outcome["scored_without_purchase"], self.outcome["scored"])

    @property
    def came_true(self) -> str:
        """How right the list before was; what is known so far while its time is not over."""
        return self._say(self._describe_outcome())

    def _describe_outcome(self):
        if knew_until := self.found.get("knew_until"):
            return (
                "The last list is not checked: its model had learned what customers did until "
                f"{write_day(knew_until)}, so it already knew what became of them."
            )
        if self.outcome is None:
            return (
                "How right the last list was is not known: some days of its time are missing or in doubt, "
                "or leaving was not defined by a time without purchases."
            )
        named = self.outcome["named"]
        if not named:
            return "Nobody was named last time, so there is nothing to check."
        share = of_100(self.hits.hits / named)
        if not self.outcome["is_over"]:
            bought, ends = named - self.hits.hits, write_day(self.outcome["ends"])
            return (
                f"Whether the last list was right is not known yet: {self.outcome['days_passed']:,} of its "
                f"{self.outcome['horizon_days']:,} days have passed, until {ends}. "
                f"{bought:,} of {named:,} named have bought since, and have not left: at most "
                f"{share} of 100 can still come true{self._promised}."
            )
        low, high = (of_100(bound) for bound in share_interval(self.hits.hits, named))
        everybody = of_100(self.everybody.hits / self.everybody.of)
        return (
            f"Of {named:,} named last time, {self.hits.hits:,} left: {share} of 100 (95 % "
            f"interval: {low} to {high}){self._promised}. Of all "
            f"{self.outcome['scored']:,} who were scored it was {everybody} of 100."
        )

    @property
    def lists_before(self) -> list[Line]:
        """The lists before the last one whose time is over, the latest first."""
        return lines_of(self.found)

    @property
    def _promised(self):
        """What the probabilities of those named last time added up to, as the end of a sentence."""
        promised = self.outcome.get("promised")
        return "" if promised is None else f"; {of_100(promised / self.outcome['named'])} were promised"
