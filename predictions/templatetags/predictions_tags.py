"""How predictions are written on pages."""

from datetime import date
from urllib.parse import urlencode

from django import template

from companies.identity import Member
from intake.presenting.writing import delimiter_in_words, encoding_in_words
from predictions.models import Prediction
from predictions.presenting.logs import CHANGE_NAMES, what_it_would_know, why_not_scored
from predictions.presenting.named import Named
from predictions.presenting.summary import quality_line
from predictions.selectors import may_change, scored_before
from registry.models import ModelVersion, Population
from registry.presenting.signal import warning_about
from tabular.snapshots.ages import say_day
from transactions.models import AnalysisSession

register = template.Library()


@register.filter
def visible(text) -> str:
    """Write characters that cannot be seen, or that turn the text around them, by their number."""
    return "".join(sign if sign.isprintable() else f"⟨U+{ord(sign):04X}⟩" for sign in str(text or ""))


@register.filter
def columns_needed(base: Population) -> tuple[str, ...]:
    """Return which columns a file of these customers needs to be predicted."""
    return base.columns_of_file(with_outcome=False)


@register.filter
def quality(version, member: Member) -> str:
    """Say how good a version is: in plain words, and to developers by its figures as well."""
    return quality_line(version, with_figures=member.is_developer)


@register.filter
def warning(version) -> str:
    """Say that a version is not shown to tell who leaves; nothing where it is."""
    return warning_about(version)


@register.filter
def lacks_for(analysis: AnalysisSession, version: ModelVersion | None) -> str:
    """Say why a version cannot score a log; nothing where it can, or nobody knows before it tries."""
    return why_not_scored(analysis, version) if version else ""


@register.filter
def foreknowledge_of(version: ModelVersion, analysis: AnalysisSession) -> str:
    """Say that a version learned from days after the end of a log; nothing where it did not."""
    return what_it_would_know(analysis, version)


@register.filter
def person(prediction: Prediction, member: Member) -> str:
    account = prediction.account
    return "you" if account == member.account else str(account)


@register.filter
def may_be_changed(prediction: Prediction, member: Member) -> bool:
    return may_change(member, prediction)


@register.filter(name="scored_before")
def scored_before_it(prediction: Prediction) -> Prediction | None:
    return scored_before(prediction)


@register.filter
def named(prediction: Prediction) -> Named | None:
    """Return who is named by a finished prediction, and how many of them are expected to leave."""
    return Named(prediction.result) if prediction.result else None


@register.filter
def change_query(kind: str) -> str:
    """Return the words of an address that leave in the table of a result whose change is of this kind."""
    return urlencode({"change": kind})


@register.filter
def change_name(kind: str) -> str:
    """Say what became of a customer since the result before; nothing where it was named in neither."""
    return CHANGE_NAMES.get(kind, "")


@register.filter
def took(prediction: Prediction):
    return prediction.job.finished_at - prediction.job.started_at


@register.filter
def read_sentence(prediction: Prediction) -> str:
    read = prediction.input_data
    if prediction.reads_log and not prediction.is_done:
        return f"The customers of “{visible(read['log'])}”."
    if prediction.reads_log:
        lapsed = prediction.result["lapsed"]["customers"]
        return f"{read['accepted']:,} active customers scored" + (f"; {lapsed:,} lapsed." if lapsed else ".")
    done = "read and scored" if prediction.is_done else "read"
    parts = [f"{read['accepted']:,} row{'' if read['accepted'] == 1 else 's'} {done}"]
    if read["duplicates"]:
        parts.append(
            f"{read['duplicates']:,} exact duplicate{'' if read['duplicates'] == 1 else 's'} counted once"
        )
    if read["rejected"]:
        parts.append(f"{read['rejected']:,} left out")
    if read["warnings"]:
        parts.append(f"{len(read['warnings'])} remark{'' if len(read['warnings']) == 1 else 's'}")
    return "; ".join(parts) + "."


@register.filter
def format_sentence(spec: dict) -> str:
    """Say how a file was read: what was guessed is said aloud."""
    if spec["format"] == "xlsx":
        return f"XLSX workbook, sheet “{visible(spec['sheet'])}”"
    between, encoding = delimiter_in_words(spec["delimiter"]), encoding_in_words(spec["encoding"])
    return f"CSV, separated by {between}, written in {encoding}"


@register.filter
def surprises(prediction: Prediction) -> list[dict]:
    """List what the model never met: categories it does not know, numbers beyond its training data."""
    read, base = prediction.input_data, prediction.population
    called = base.heading_of
    found = []
    for column, seen in read["unknown_categories"].items():
        examples = [
            f"{base.value_of(column, value) or 'blank'} ({rows:,})"
            for value, rows in list(seen["values"].items())[:5]
        ]
        found.append(
            {"column": called(column), "what": "unknown category", "rows": seen["rows"], "examples": examples}
        )
    for column, seen in read["out_of_range"].items():
        if "earliest" in seen:
            days = [date.fromisoformat(seen[end]) for end in ("earliest", "latest")]
            examples = [f"earliest {say_day(days[0])}", f"latest {say_day(days[1])}"]
        else:
            examples = [f"lowest {seen['minimum']:g}", f"highest {seen['maximum']:g}"]
        what = "beyond the customers the model learned from"
        found.append({"column": called(column), "what": what, "rows": seen["rows"], "examples": examples})
    return found


@register.filter
def probability_of(bounds: str) -> str:
    return f"customers with a probability of {bounds}"
