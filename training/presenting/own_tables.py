"""What the pages say of a table of the company's own, column by column."""

from dataclasses import dataclass, field

from core.figures import percent
from tabular.snapshots.inference import Inferred, InferredColumn
from tabular.snapshots.outcomes import named_in_vain
from tabular.snapshots.plan import Choices

MOST_SHOWN = 4
MOST_PREVIEW_ROWS = 10
# In which part of the list a column stands, and is found by the filter.
QUESTION, USED, LEFT_OUT = "question", "used", "left-out"


@dataclass(frozen=True)
class SeenColumn:
    """One column as it is shown before anything is learned.

    Parameters
    ----------
    place
        By which its fields are called: names may hold anything.
    state
        A question is open (`QUESTION`), or it is `USED` or `LEFT_OUT`.
    question
        What only a person knows, or empty.
    bars
        The most frequent values of a column of groups, with their share of all rows.
    examples
        Some values of any other column.
    said_above
        What the column was chosen for, where a model does not learn from it for that reason.
    """

    column: InferredColumn
    place: int
    state: str
    question: str
    bars: list[dict] = field(default_factory=list)
    examples: str = ""
    said_above: str = ""

    @property
    def asks_order(self) -> bool:
        return bool(self.column.written["date_order_ambiguous"])

    @property
    def asks_decimal(self) -> bool:
        return bool(self.column.written["decimal_ambiguous"])

    @property
    def span(self) -> str:
        """From where to where numbers and dates go."""
        low, high = self.column.minimum, self.column.maximum
        if low is None or high is None:
            return ""
        return f"{_plain(low)} to {_plain(high)}"


def seen_columns(inferred: Inferred, choices: Choices) -> list[SeenColumn]:
    """Return the columns that may be learned from, those with a question first."""
    asked = dict(inferred.ask_about)
    columns = [
        _seen(place, column, asked.get(column.name, ""), choices)
        for place, column in enumerate(inferred.columns)
    ]
    return sorted(columns, key=lambda seen: (seen.state != QUESTION, seen.place))


def _seen(place: int, column: InferredColumn, asked: str, choices: Choices) -> SeenColumn:
    ambiguous = column.written["date_order_ambiguous"] or column.written["decimal_ambiguous"]
    said_above = _said_above(column.name, choices)
    state = LEFT_OUT if column.name in choices.left_out or said_above else USED
    as_groups = column.kind in ("category", "yes/no")
    return SeenColumn(
        column=column,
        place=place,
        state=QUESTION if asked or ambiguous else state,
        question=asked,
        bars=_bars(column) if as_groups else [],
        examples="" if as_groups else ", ".join(text for text, _ in column.examples[:MOST_SHOWN]),
        said_above=said_above,
    )


def _said_above(name: str, choices: Choices) -> str:
    if name == choices.outcome:
        return "It says who left: what a model is to find out, not what it learns from."
    return "It names the customers." if name == choices.id_column else ""


def _bars(column: InferredColumn) -> list[dict]:
    return [
        {"label": text, "share": number / max(1, column.rows)}
        for text, number in column.examples[:MOST_SHOWN]
    ]


def _plain(bound: float | str) -> str:
    return f"{bound:,.6g}" if isinstance(bound, int | float) else str(bound)[:10]


def who_left_choices(inferred: Inferred) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return for each column that may say who left its values, the likeliest column first.

    The value of a choice is the place of the column and that of its value: both may hold any text.
    """
    places = {column.name: place for place, column in enumerate(inferred.columns)}
    return [
        (
            candidate.column,
            [
                (f"{places[candidate.column]}:{number}", _says(candidate.column, value, rows, inferred.rows))
                for number, (value, rows) in enumerate(candidate.values)
            ],
        )
        for candidate in inferred.outcomes
    ]


def _says(column: str, value: str, rows: int, of: int) -> str:
    return f"{column} says {value} ({percent(rows / max(1, of), 0)} of the rows)"


def why_this_outcome(inferred: Inferred, choices: Choices) -> str:
    """Return why a column is proposed as the one that says who left, or why the one of that name is not."""
    chosen = (found.reason for found in inferred.outcomes if found.column == choices.outcome)
    return next(chosen, "") or named_in_vain(inferred.columns, inferred.outcomes)
