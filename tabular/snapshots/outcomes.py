"""Which column says who left, which of its values says so, and which columns are known only afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tabular.errors import counted, shown
from tabular.snapshots.facts import ColumnFacts
from tabular.values.customer_words import (
    LEFT,
    STAYED,
    STAYED_OUTCOMES,
    rank_outcome,
    says_afterwards,
    yes_or_no,
)
from tabular.values.words import words_of

# With more values a column is no outcome, even if a person says which of them means "left".
MOST_VALUES = 20
# From here on a name says it, below it only may.
CLEAR_NAME = 0.7


@dataclass(frozen=True)
class OutcomeCandidate:
    """A column that may say who left.

    Parameters
    ----------
    values
        Each value with its rows, the most frequent first.
    left_value
        The value that means "left"; None where somebody has to say.
    score
        From 0 to 1: how sure the name is.
    """

    column: str
    values: tuple[tuple[str, int], ...]
    left_value: str | None
    reason: str
    score: float

    def to_dict(self) -> dict:
        """Return the candidate ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict) -> OutcomeCandidate:
        """Build a candidate again from `to_dict`."""
        return cls(**{**found, "values": tuple(map(tuple, found["values"]))})


def find_outcomes(facts: tuple[ColumnFacts, ...], *, id_column: str | None) -> tuple[OutcomeCandidate, ...]:
    """Return the columns that may say who left, the likeliest first; never the id."""
    found = [_candidate(column) for column in facts if column.name != id_column and _may_be(column)]
    return tuple(sorted(found, key=lambda candidate: (-candidate.score, len(candidate.values))))


def _may_be(facts: ColumnFacts) -> bool:
    return facts.is_exact and 2 <= facts.distinct <= MOST_VALUES and facts.column.kind != "date"


def _candidate(facts: ColumnFacts) -> OutcomeCandidate:
    score = rank_outcome(facts.name)
    left, why = _left_value(facts)
    named = "Its name says who left" if score >= CLEAR_NAME else "Its name may say who left"
    values = "two values" if facts.distinct == 2 else f"{facts.distinct} values"
    said = f"{named}, and it has {values}" if score else f"It has {values}"
    rows = f"{100 * facts.counts[left] / facts.filled:.0f} % of the rows" if left else ""
    meant = f"{shown(left)} {why} ({rows})" if left else "please say which of them means that somebody left"
    return OutcomeCandidate(facts.name, tuple(facts.counts.items()), left, f"{said}; {meant}.", score)


def _left_value(facts: ColumnFacts) -> tuple[str | None, str]:
    """Return the value that means "left", where its words or those of the name say so."""
    named = [text for text in facts.counts if text.strip().casefold() in LEFT]
    if len(named) == 1:
        return named[0], "says that somebody left"
    leaves = [
        text for text in facts.counts if set(words_of(text)) & LEFT and not set(words_of(text)) & STAYED
    ]
    if len(leaves) == 1:
        return leaves[0], "says that somebody left"
    if facts.distinct != 2 or not rank_outcome(facts.name):
        return None, ""
    stayed = [text for text in facts.counts if text.strip().casefold() in STAYED]
    if len(stayed) == 1:
        return next(text for text in facts.counts if text != stayed[0]), "is what is not a word for staying"
    stays = bool(STAYED_OUTCOMES & set(words_of(facts.name)))
    says = {yes_or_no(text): text for text in facts.counts}
    if set(says) != {True, False}:
        return None, ""
    return (says[False], "says that somebody is gone") if stays else (says[True], "says yes")


def why_no_outcome(column) -> str:
    """Say why an `InferredColumn` cannot tell who left, and what makes it tell."""
    example = shown(column.examples[0][0]) if column.examples else ""
    blank = f"{counted(column.blanks, 'cell is', 'cells are')} blank"
    if column.kind == "date":
        does = "Add a column with Yes where somebody left and No where not"
        return f"it says when (e.g. {example}), and {blank}. {does}"
    if column.distinct == 1 and column.blanks:
        does = "Write No into the blank cells, or another word for who stayed"
        return f"it says {example} or nothing, and {blank}. {does}"
    found = counted(column.distinct, "different value")
    return f"it has {found}; what tells who left has 2 to {MOST_VALUES}. Choose another one"


def named_in_vain(columns: Sequence, outcomes: Sequence[OutcomeCandidate]) -> str:
    """Say of the column whose name tells who left why it does not; nothing where there is none."""
    besides = {candidate.column for candidate in outcomes}
    named = [column for column in columns if column.name not in besides and rank_outcome(column.name)]
    if not named or any(candidate.score for candidate in outcomes):
        return ""
    best = max(named, key=lambda column: rank_outcome(column.name))
    return f"The name of column {shown(best.name)} says it, but {why_no_outcome(best)}."


def ask_afterwards(facts: tuple[ColumnFacts, ...], *, besides: set[str]) -> tuple[tuple[str, str], ...]:
    """Return columns that may be known only of those who left, each with the question."""
    out = []
    for column in facts:
        reason = says_afterwards(column.name) if column.name not in besides else None
        if reason:
            known = f"Is {shown(column.name)} known of customers who are still with you?"
            question = f"{reason}. {known} If not, leave it out."
            out.append((column.name, question))
    return tuple(out)
