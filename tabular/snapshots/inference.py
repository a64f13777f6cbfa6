"""A first reading of any table of customers: what its columns are, who is who, and who left.

Doors: `infer_table` reads the whole file once more after `previews.preview.preview_table` and proposes;
`Choices.suggested` takes the proposals as they are, a person changes some; `plan.freeze` decides once how the
table is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tabular.children import read_in_child
from tabular.errors import counted, shown
from tabular.previews.preview import Preview
from tabular.snapshots.column_types import (
    FEW_TEXTS,
    LEARNED,
    ColumnType,
    judge_column,
    possible_types,
    rank_id,
    yes_no_pair,
)
from tabular.snapshots.facts import ColumnFacts, gather_facts
from tabular.snapshots.outcomes import OutcomeCandidate, ask_afterwards, find_outcomes
from tabular.source.sentences import say_words
from tabular.source.sniff import Progress
from tabular.values.ids import is_shortened
from tabular.values.words import says_id

ROLES = ("id", "outcome", "feature", "left out")
EXAMPLES = 8
EXAMPLE_CHARACTERS = 60
INFERENCE_MEMORY = 600 << 20
INFERENCE_SECONDS = 300
# A number and what it is measured in. With more units than these, the cells are rather names of things.
MEASURE = re.compile(r"[<>~]?[-+$€£]?[0-9](?:[0-9.,' ]*[0-9])?\s?((?:[^\W\d_]|[°%€$£/.² ]){1,14})")
MOSTLY_MEASURES, MOST_UNITS = 0.9, 4
SHORTENED = (
    "A spreadsheet has shortened its numbers, so that different ones look the same. Format the column as "
    "text in the original, save it again and upload that."
)


@dataclass(frozen=True)
class InferredColumn:
    """What one column is taken for.

    Parameters
    ----------
    name, label
        As the header writes it, and fit for a sentence.
    kind, reason, possible
        The type, why, and which types it may be given (`column_types.ColumnType`).
    role, role_reason
        What it is proposed for (`ROLES`), and why it is left out where it is.
    blanks, missing_words
        Blank cells, and how many of them say NA, NULL and the like.
    distinct, is_exact
        Different values that are not blank; a lower bound where not exact.
    examples
        Values with their rows, the most frequent first.
    minimum, maximum
        Of numbers, and of dates as ISO text.
    written
        How numbers and dates are written: decimal, thousands, lakhs, percent, date_order, and whether
        decimals and dates could also be read otherwise.
    sides
        The spellings of no and yes.
    nameless
        The header does not tell this column from another, so it cannot be read.
    """

    name: str
    label: str
    place: int
    kind: str
    reason: str
    possible: tuple[str, ...]
    role: str
    role_reason: str
    rows: int
    blanks: int
    missing_words: dict[str, int]
    distinct: int
    is_exact: bool
    examples: tuple[tuple[str, int], ...]
    minimum: float | str | None
    maximum: float | str | None
    written: dict
    sides: tuple[str, str] | None = None
    nameless: bool = False

    @property
    def share_blank(self) -> float:
        """Blank cells of all cells."""
        return self.blanks / max(1, self.rows)

    @classmethod
    def from_dict(cls, found: dict) -> InferredColumn:
        """Build a column again from `dataclasses.asdict`, also after a round trip through JSON."""
        tuples = {name: tuple(found[name]) for name in ("possible",)}
        tuples["examples"] = tuple(map(tuple, found["examples"]))
        tuples["sides"] = tuple(found["sides"]) if found["sides"] else None
        return cls(**{**found, **tuples})


@dataclass(frozen=True)
class Inferred:
    """What a table of customers is taken for.

    Parameters
    ----------
    id_column, id_reason
        The column that names the customers; None where they are called after their rows.
    outcomes
        Columns that may say who left, the likeliest first.
    ask_about
        Columns that may be known only of those who left, with the question.
    """

    columns: tuple[InferredColumn, ...]
    rows: int
    id_column: str | None
    id_reason: str
    outcomes: tuple[OutcomeCandidate, ...]
    ask_about: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]

    def column(self, name: str) -> InferredColumn:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)

    def to_dict(self) -> dict:
        """Return what was inferred ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict) -> Inferred:
        """Build it again from `to_dict`, also after a round trip through JSON.

        What an earlier version wrote down besides is passed over: uploads wait for days.
        """
        known = {field.name for field in fields(cls)}
        return cls(
            **{
                **{name: value for name, value in found.items() if name in known},
                "columns": tuple(map(InferredColumn.from_dict, found["columns"])),
                "outcomes": tuple(map(OutcomeCandidate.from_dict, found["outcomes"])),
                "ask_about": tuple(map(tuple, found["ask_about"])),
                "warnings": tuple(found["warnings"]),
            }
        )


def infer_table(path: Path | str, preview: Preview, *, on_progress: Progress | None = None) -> Inferred:
    """Read the file at `path`, which `preview` described, and propose what its columns are.

    Memory stays flat but for eight bytes a row for each column that may be an id.
    """
    facts = gather_facts(Path(path), preview, on_progress=on_progress or _silent)
    id_column, id_reason, other_ids = _propose_id(facts)
    outcomes = find_outcomes(facts, id_column=id_column)
    outcome = outcomes[0].column if outcomes and outcomes[0].score else None
    ask_about = ask_afterwards(facts, besides={id_column, outcome})
    roles = _Roles(id_column, outcome, other_ids, dict(ask_about), _nameless(preview))
    columns = tuple(_column(found, roles) for found in facts)
    return Inferred(
        columns=columns,
        rows=preview.rows_in_file,
        id_column=id_column,
        id_reason=id_reason,
        outcomes=outcomes,
        ask_about=ask_about,
        warnings=(*preview.warnings, *_warnings(columns)),
    )


def _silent(step: str, done: int, total: int) -> None:
    pass


def _propose_id(facts: tuple[ColumnFacts, ...]) -> tuple[str | None, str, set[str]]:
    """Return the column that names the customers, why, and the others that could."""
    ranked = sorted(((rank_id(found), -found.column.place, found) for found in facts), key=lambda r: r[:2])
    ranked = [found for score, _, found in reversed(ranked) if score > 0]
    if not ranked:
        return (
            None,
            "No column tells the customers apart, so each is called after its row, such as Row 17.",
            set(),
        )
    best, others = ranked[0], {found.name for found in ranked[1:]}
    again = best.filled - best.distinct
    repeats = f"; {counted(again, 'row repeats', 'rows repeat')} a customer" if again > 0 else ""
    differs = "different in each row" if again <= 0 else f"{best.distinct:,} different values"
    also = f" {shown(ranked[1].name)} does so too and is left out." if others else ""
    return best.name, f"{shown(best.name)} tells the customers apart: {differs}{repeats}.{also}", others


@dataclass(frozen=True)
class _Roles:
    """Who plays which role, as far as the table as a whole tells."""

    id_column: str | None
    outcome: str | None
    other_ids: set[str]
    asked: dict[str, str]
    nameless: set[int]


def _nameless(preview: Preview) -> set[int]:
    """Return the places of columns whose name in the header is blank or stands twice."""
    names = [name.strip().casefold() for name in preview.table.header]
    return {place for place, name in enumerate(names) if not name or names.count(name) > 1}


def _column(facts: ColumnFacts, roles: _Roles) -> InferredColumn:
    judged = _judged(facts, roles)
    role, role_reason = _role(facts, judged, roles)
    column = facts.column
    return InferredColumn(
        name=facts.name,
        label=clean_label(facts.name),
        place=column.place,
        kind=judged.kind,
        reason=_holds(facts, judged, role),
        possible=judged.possible,
        role=role,
        role_reason=role_reason,
        rows=facts.rows,
        blanks=facts.blanks,
        missing_words=facts.missing_words,
        distinct=facts.distinct,
        is_exact=facts.is_exact,
        examples=tuple((text[:EXAMPLE_CHARACTERS], n) for text, n in list(facts.counts.items())[:EXAMPLES]),
        minimum=column.minimum,
        maximum=column.maximum,
        written={
            "decimal": column.decimal or ".",
            "decimal_ambiguous": column.decimal_ambiguous,
            "thousands": column.thousands,
            "lakhs": column.lakhs,
            "percent": column.percent,
            "date_order": column.date_order,
            "date_order_ambiguous": column.date_order_ambiguous,
        },
        sides=yes_no_pair(facts),
        nameless=column.place in roles.nameless,
    )


def _judged(facts: ColumnFacts, roles: _Roles) -> ColumnType:
    if facts.name == roles.id_column or facts.name in roles.other_ids:
        differs = counted(facts.distinct, "different value")
        return ColumnType("id", f"{differs} in {counted(facts.rows, 'row')}.", possible_types(facts, "id"))
    return judge_column(facts)


def _role(facts: ColumnFacts, judged: ColumnType, roles: _Roles) -> tuple[str, str]:
    """Return what a column is proposed for, and why it is left out where it is."""
    if facts.column.place in roles.nameless:
        return (
            "left out",
            "The header has no name for it, or the same name twice; give it one and upload again.",
        )
    if facts.name == roles.id_column:
        return "id", ""
    if says_id(facts.name) and facts.filled and all(map(is_shortened, facts.counts)):
        return "left out", SHORTENED
    if facts.name == roles.outcome:
        return "outcome", ""
    if judged.kind == "id":
        return "left out", _beside(
            facts
        ) or "It names the customers as the id does, and a name says nothing about leaving."
    if judged.kind not in LEARNED:
        what = {
            "constant": "It says the same in every row.",
            "free text": _beside(facts) or "A model cannot learn from free text.",
        }
        return "left out", what[judged.kind]
    if facts.name in roles.asked:
        return "left out", roles.asked[facts.name]
    if judged.kind == "category" and facts.distinct > FEW_TEXTS and (said := _beside(facts)):
        return "left out", said
    return "feature", ""


def _holds(facts: ColumnFacts, judged: ColumnType, role: str) -> str:
    """Say what a column holds; also that groups to learn from may be numbers, such as "12 months"."""
    said = _beside(facts) if (role, judged.kind) == ("feature", "category") else ""
    return f"{judged.reason} {said}".rstrip()


def _beside(facts: ColumnFacts) -> str:
    """Say that numbers with a unit are no numbers, where a column holds those."""
    found = [match for text in facts.counts if (match := MEASURE.fullmatch(text.strip()))]
    if len(found) <= MOSTLY_MEASURES * len(facts.counts) or len({each[1] for each in found}) > MOST_UNITS:
        return ""
    return (
        f"Its numbers have something behind them, as in {shown(found[0][0])}. Write the numbers alone, all "
        "in one unit, and a model can learn from them as numbers."
    )


def clean_label(name: str) -> str:
    """Return the name of a column fit for a sentence: single blanks, no underscores.

    Examples
    --------
    >>> clean_label("Call  Failure"), clean_label("total_day_minutes"), clean_label("Churn?")
    ('Call Failure', 'total day minutes', 'Churn')
    """
    spaced = "".join(c if c.isalnum() or c in "%€$£/&()+'-." else " " for c in name)
    return " ".join(spaced.split()) or name.strip()


def _warnings(columns: tuple[InferredColumn, ...]) -> list[str]:
    words: dict[str, int] = {}
    for column in columns:
        for word, number in column.missing_words.items():
            words[word] = words.get(word, 0) + number
    return say_words(words)


def infer_table_in_child(
    path: Path | str,
    preview: Preview,
    *,
    memory_bytes: int = INFERENCE_MEMORY,
    seconds: float = INFERENCE_SECONDS,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Inferred:
    """Do `infer_table` in a child process that is killed when it takes too much memory or time.

    Raises
    ------
    TableError
        ``too_much_memory`` and ``too_slow``.
    """
    found = read_in_child(
        "tabular.snapshots.inference:infer_for_parent",
        {"path": str(path), "preview": preview.to_dict()},
        memory_bytes=memory_bytes,
        seconds=seconds,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return Inferred.from_dict(found)


def infer_for_parent(*, path: str, preview: dict, on_progress: Progress) -> dict:
    """Do `infer_table` in a child, with arguments and result in JSON."""
    return infer_table(path, Preview.from_dict(preview), on_progress=on_progress).to_dict()
