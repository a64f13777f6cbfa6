"""How pages write what was recognised in a log, and what the floors above do with it."""

from datetime import date, datetime

from django import template

from companies.identity import Member
from core.sections import Link
from core.templatetags.core_tags import MISSING
from intake.presenting.writing import delimiter_in_words, encoding_in_words
from tabular.previews.detect import DetectedColumn
from tabular.source.sentences import with_sign
from tabular.values.moments import SPOKEN
from transactions.forms import FEATURE_SET_CHOICES
from transactions.models import AnalysisSession
from transactions.presenting import sections
from transactions.presenting.days import write_day
from transactions.presenting.steps import ShownStep, steps_of
from transactions.selectors import may_delete

register = template.Library()

KINDS = {"date": "dates", "time": "times of day", "number": "numbers", "text": "text", "blank": "empty"}
FEATURE_SETS = {code: label.partition(":")[0] for code, label in FEATURE_SET_CHOICES}


register.filter("delimiter", delimiter_in_words)
register.filter("encoding", encoding_in_words)


@register.filter
def deletable_by(analysis: AnalysisSession, member: Member) -> bool:
    return may_delete(member, analysis)


@register.filter
def date_order(column: DetectedColumn) -> str:
    """Say in which order the parts of the dates of a column stand."""
    if column.date_order_ambiguous:
        return "day and month could stand in either order"
    return SPOKEN[column.date_order] + (", with times" if column.has_time else "")


@register.filter
def kind(column: DetectedColumn) -> str:
    found = KINDS[column.kind]
    return f"{found}, {column.blanks:,} empty" if column.blanks and column.kind != "blank" else found


@register.filter
def open_number(column: DetectedColumn) -> str:
    """Return an example of a column that shows why its numbers can be read in two ways."""
    return with_sign(column.examples)


@register.filter
def log_day(moment: datetime | date | str | None) -> str:
    """Write a day by the clock of a log, which knows no time zone: 9 December 2011."""
    if not moment:
        return MISSING
    day = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return write_day(day) + (f", {day:%H:%M}" if getattr(day, "hour", 0) or getattr(day, "minute", 0) else "")


@register.filter
def feature_set(code: str) -> str:
    return FEATURE_SETS.get(code, code)


@register.simple_tag(takes_context=True)
def steps_of_log(context, analysis: AnalysisSession) -> list[ShownStep]:
    """Return the tabs of a log, with what is done and what is next."""
    return steps_of(context["member"], analysis)


@register.simple_tag(takes_context=True)
def log_actions(context, analysis: AnalysisSession) -> list[Link]:
    return sections.log_actions.contents(context["member"], analysis)
