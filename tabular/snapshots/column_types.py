"""What a column of a table of customers is, and why: the judgement on its facts."""

from __future__ import annotations

from dataclasses import dataclass

from tabular.errors import counted, shown
from tabular.snapshots.facts import ColumnFacts
from tabular.values.customer_words import CODES, PERSONAL, yes_or_no
from tabular.values.moments import SPOKEN
from tabular.values.words import ID_WORDS, match_role, words_of

# What a model may learn from.
LEARNED = ("number", "category", "yes/no", "date")
# Words on average longer than this are sentences.
LONG_TEXT = 40
# More different texts than so many, and than such a share of the rows, tell persons and not groups.
MANY_TEXTS, MANY_SHARE = 100, 0.2
MOSTLY_DIFFERENT, FEW_TEXTS = 0.5, 20
MOST_CATEGORIES = 1_000
MOST_CODES = 50
# An id may stand twice where a customer was exported twice.
NAMED_ID_SHARE, UNNAMED_ID_SHARE = 0.5, 1.0
LONGEST_ID = 64
NAMED = 0.6


@dataclass(frozen=True)
class ColumnType:
    """The type of a column, the reason in one sentence, and the other types it may be given.

    Parameters
    ----------
    kind : {"number", "category", "yes/no", "date", "id", "free text", "constant"}
    """

    kind: str
    reason: str
    possible: tuple[str, ...]


def judge_column(facts: ColumnFacts) -> ColumnType:
    """Return what a column is; whether it is an id is judged by `rank_id`, beside the other columns."""
    kind, reason = _judge(facts)
    return ColumnType(kind, reason, possible_types(facts, kind))


def _judge(facts: ColumnFacts) -> tuple[str, str]:
    if not facts.filled:
        return "constant", "Every cell is blank."
    if facts.distinct == 1 and not facts.blanks:
        return "constant", f"Every row says {shown(next(iter(facts.counts)))}."
    if pair := yes_no_pair(facts):
        return "yes/no", f"Its two values, {shown(pair[0])} and {shown(pair[1])}, say no and yes."
    if facts.column.kind == "date":
        return "date", _date_reason(facts)
    if facts.column.kind == "number":
        return _judge_numbers(facts)
    return _judge_texts(facts)


def yes_no_pair(facts: ColumnFacts) -> tuple[str, str] | None:
    """Return the most frequent spelling of no and of yes in a column that says nothing else."""
    if facts.distinct > 12 or not facts.is_exact:
        return None
    sides: dict[bool, str] = {}
    for text in facts.counts:
        says = yes_or_no(text)
        if says is None:
            return None
        sides.setdefault(says, text.strip())
    return (sides[False], sides[True]) if len(sides) == 2 else None


def _date_reason(facts: ColumnFacts) -> str:
    column = facts.column
    if column.date_order_ambiguous:
        return "Dates, and the file does not settle whether day or month stands first: please say."
    first, latest = str(column.minimum)[:10], str(column.maximum)[:10]
    return f"Dates from {first} to {latest}, written {SPOKEN[column.date_order]}."


def _judge_numbers(facts: ColumnFacts) -> tuple[str, str]:
    values = ", ".join(sorted(facts.counts)[:4])
    if facts.distinct == 2 and facts.whole:
        return "category", f"Only two numbers, {values}: rather the names of two groups than amounts."
    if facts.whole and facts.distinct <= MOST_CODES and CODES & set(words_of(facts.name)):
        return "category", f"Its name speaks of a code, and it holds {_different(facts)}."
    column = facts.column
    span = f" from {column.minimum:g} to {column.maximum:g}" if column.minimum is not None else ""
    beside = f"; {counted(column.unreadable, 'cell is', 'cells are')} no number" if column.unreadable else ""
    return "number", f"Numbers{span}, {_different(facts)}{beside}."


def _judge_texts(facts: ColumnFacts) -> tuple[str, str]:
    if facts.mean_length > LONG_TEXT and facts.distinct > FEW_TEXTS:
        return "free text", f"Long texts, of {facts.mean_length:.0f} characters on average."
    if PERSONAL & set(words_of(facts.name)) and facts.distinct > FEW_TEXTS:
        return "free text", f"Its name speaks of one person or of a remark, and it holds {_different(facts)}."
    many = facts.distinct > MANY_TEXTS and facts.share_distinct > MANY_SHARE
    mostly = facts.distinct > FEW_TEXTS and facts.share_distinct > MOSTLY_DIFFERENT
    if many or mostly or not facts.is_exact:
        rows = counted(facts.filled, "row")
        return "free text", f"Hardly any text stands often: {_different(facts)} in {rows}."
    different = _different(facts)
    most = _percent(max(facts.counts.values()), facts)
    return (
        "category",
        f"{different}, the most frequent in {most} of the rows.",
    )


def _different(facts: ColumnFacts) -> str:
    more = "" if facts.is_exact else "more than "
    return f"{more}{counted(facts.distinct, 'different value')}"


def _percent(number: int, facts: ColumnFacts) -> str:
    return f"{100 * number / max(1, facts.rows):.0f} %"


def possible_types(facts: ColumnFacts, kind: str) -> tuple[str, ...]:
    """Return the types that a column can be read as, the proposed one first."""
    out = [kind]
    if facts.column.kind == "number":
        out.append("number")
    if facts.column.kind == "date":
        out.append("date")
    if yes_no_pair(facts):
        out.append("yes/no")
    if facts.distinct <= MOST_CATEGORIES and facts.distinct > 0:
        out.append("category")
    if facts.filled == facts.rows and facts.share_distinct >= NAMED_ID_SHARE and facts.column.kind != "date":
        out.append("id")
    return tuple(dict.fromkeys([*out, "free text"]))


def rank_id(facts: ColumnFacts) -> float:
    """Return how well a column names the customers, from 0 (not at all) to 2."""
    share, words = facts.share_distinct, set(words_of(facts.name)[-1:])
    whole = facts.whole or facts.column.kind == "text"
    if facts.blanks > 0.5 * facts.rows or not whole or facts.mean_length > LONGEST_ID or facts.filled < 2:
        return 0.0
    named = match_role(facts.name, "customer_id")[0]
    if named >= NAMED and share >= NAMED_ID_SHARE and facts.column.kind != "date":
        return share + named
    if facts.blanks or share < UNNAMED_ID_SHARE or not facts.is_exact:
        return 0.0
    if ID_WORDS & words or _counts_rows(facts):
        return 0.5
    single_words = facts.column.kind == "text" and not any(" " in text.strip() for text in facts.counts)
    return 0.4 if single_words and not PERSONAL & set(words_of(facts.name)) else 0.0


def _counts_rows(facts: ColumnFacts) -> bool:
    """Whether numbers run from one row to the next without a gap."""
    column = facts.column
    return facts.whole and column.minimum is not None and column.maximum - column.minimum + 1 == facts.rows
