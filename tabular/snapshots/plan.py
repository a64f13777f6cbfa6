"""How the tables of one customer base are read, decided once.

Doors: `freeze` turns what was inferred and what a person chose into a `SnapshotPlan`; the plan gives the
`TableSchema` by which the first file and all later ones are checked and read, and the template to download.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date

from tabular.errors import TableError, shown
from tabular.snapshots.column_types import LEARNED
from tabular.snapshots.inference import Inferred, InferredColumn
from tabular.snapshots.outcomes import named_in_vain, why_no_outcome
from tabular.source.sentences import no_such_column, open_dates, open_numbers
from tabular.values.amounts import PERCENT_SIGN
from tabular.values.customer_words import NO, YES, yes_or_no
from tabular.values.schema import Column, TableSchema

ROW_NUMBER = "row number"
STAYED = "stayed"
PURPOSES = ("predict", "train")
# How a date may be written, where nobody can tell from the file.
DATE_ORDERS = ("DMY", "MDY")
EXAMPLE_ROWS = 2


@dataclass(frozen=True)
class Choices:
    """What a person decided; `suggest` gives what would be proposed.

    Parameters
    ----------
    outcome, left_value
        The column that says who left, and the value that says so.
    id_column
        None to call customers after their rows.
    kinds
        Columns that are to be of another type than the inferred one.
    left_out
        Columns that no model reads.
    date_orders, decimals
        Answers for columns whose writing the file does not tell.
    """

    outcome: str | None
    left_value: str | None
    id_column: str | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    date_orders: dict[str, str] = field(default_factory=dict)
    decimals: dict[str, str] = field(default_factory=dict)


def suggest(inferred: Inferred) -> Choices:
    """Return the choices that were inferred; no outcome where none has a name that says so."""
    best = next((candidate for candidate in inferred.outcomes if candidate.score), None)
    return Choices(
        outcome=best.column if best else None,
        left_value=best.left_value if best else None,
        id_column=inferred.id_column,
        left_out=tuple(column.name for column in inferred.columns if column.role == "left out"),
    )


@dataclass(frozen=True)
class PlannedColumn:
    """One column as it is read from now on.

    Parameters
    ----------
    name, label
        As in the header, and for sentences.
    role
        ``id``, ``outcome``, ``feature`` or ``left out``.
    kind
        As `column_types.ColumnType` has it.
    decimal, thousands, lakhs, percent, date_order
        How numbers and dates are written.
    values
        The spellings of no and yes of a yes/no column; of an outcome first the one of those who stayed.
    examples
        Cells for the template.
    """

    name: str
    label: str
    role: str
    kind: str
    decimal: str = "."
    thousands: str | None = None
    lakhs: bool = False
    percent: bool | None = None
    date_order: str | None = None
    values: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class SnapshotPlan:
    """How tables of one customer base are read.

    Parameters
    ----------
    left_value
        The value of the outcome that means "left".
    stayed_values
        All others; a later value that is neither is a mistake of its row.
    reference
        The day, in ISO form, from which the dates of the first table were counted back, found by its check.
        Those of a later file, be it a single customer, are never counted from an earlier day.
    """

    columns: tuple[PlannedColumn, ...]
    left_value: str
    stayed_values: tuple[str, ...]
    reference: str | None = None

    @property
    def outcome(self) -> PlannedColumn:
        """The column that says who left."""
        return next(column for column in self.columns if column.role == "outcome")

    @property
    def id_column(self) -> str:
        """Name of the column of ids; of no column in the file where customers are called after their rows."""
        return next((column.name for column in self.columns if column.role == "id"), self._row_number)

    @property
    def has_ids(self) -> bool:
        """Whether the file has a column of ids."""
        return any(column.role == "id" for column in self.columns)

    @property
    def _row_number(self) -> str:
        taken = {column.name.casefold() for column in self.columns}
        return ROW_NUMBER if ROW_NUMBER not in taken else f"{ROW_NUMBER} of the file"

    @property
    def features(self) -> tuple[PlannedColumn, ...]:
        """What a model may learn from."""
        return tuple(column for column in self.columns if column.role == "feature")

    @property
    def kinds(self) -> dict[str, str]:
        """For each feature ``number`` or ``category``: what it is to a model. A date is a number of days."""
        numbers = ("number", "date")
        return {c.name: "number" if c.kind in numbers else "category" for c in self.features}

    @property
    def label_values(self) -> tuple[str, str]:
        """How the outcome is spelled once it is read: first of those who stayed, then of those who left."""
        return self.outcome.values

    def table_schema(
        self,
        *,
        name: str,
        purpose: str,
        values: Mapping[str, Sequence[str]] | None = None,
        usual: Mapping[str, tuple[float, float] | None] | None = None,
    ) -> TableSchema:
        """Return how the files are checked and read.

        Parameters
        ----------
        purpose
            ``train`` needs the outcome. ``predict`` does not; where a file has one that can be read, it tells
            afterwards how right the prediction was.
        values
            For each column of categories that a model reads, the values it knows; others are counted. Without
            it, nothing was learned yet: every feature is read and every value is as good as any other.
        usual
            Lowest and highest value of the numbers that a model reads, where it remembers them.
        """
        if purpose not in PURPOSES:
            raise ValueError(f"purpose must be one of {PURPOSES}, got {purpose!r}")
        known, ranges = values or {}, usual or {}
        read = [c for c in self.features if values is None or c.name in known or c.name in ranges]
        columns = [self.id_schema()]
        columns += [read_feature(c, known.get(c.name, ()), ranges.get(c.name)) for c in read]
        columns.append(self.label_schema(required=purpose == "train"))
        reference = date.fromisoformat(self.reference) if self.reference else None
        return TableSchema(
            name,
            tuple(columns),
            missing_words=True,
            finds_twins=True,
            one_spelling=True,
            reference=reference,
        )

    def id_schema(self) -> Column:
        """Return how the customers are named."""
        return Column(self.id_column, "id", required=self.has_ids, generated=not self.has_ids)

    def label_schema(self, *, required: bool) -> Column:
        """Return how the outcome is read."""
        stayed, left = self.label_values
        pairs = {spelling(value): stayed for value in self.stayed_values}
        pairs[spelling(self.left_value)] = left
        if len(self.stayed_values) == 1:
            pairs = _all_spellings(self.stayed_values[0], self.left_value, stayed, left) | pairs
        return Column(
            self.outcome.name,
            "label",
            required=required,
            categories=(stayed, left),
            spellings=tuple(pairs.items()),
        )

    def as_stored(self) -> SnapshotPlan:
        """Return how the house itself writes the customers of several files into one table.

        Every customer has an id, also those called after their rows; numbers are plain; a date is the
        number of days before the reference day of the file in which it stood.
        """
        ids = [column for column in self.columns if column.role == "id"]
        ids = ids or [PlannedColumn(self.id_column, self.id_column, "id", "id")]
        columns = (*ids, *map(_plain, self.features), _plain(self.outcome))
        stayed, left = self.label_values
        return SnapshotPlan(columns, left, (stayed,))

    def to_dict(self) -> dict:
        """Return the plan ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict) -> SnapshotPlan:
        """Build a plan again from `to_dict`, also after a round trip through JSON."""
        columns = tuple(map(_planned_column, found["columns"]))
        return cls(**{**found, "columns": columns, "stayed_values": tuple(found["stayed_values"])})


def _planned_column(found: dict) -> PlannedColumn:
    kept = {f.name: found[f.name] for f in fields(PlannedColumn) if f.name in found}
    if found["kind"] == "number":
        # A plan of before nobody asked for percent signs tells by its cells whether the file had them.
        kept.setdefault("percent", any(PERCENT_SIGN in text for text in found["examples"]))
    return PlannedColumn(**kept | {name: tuple(kept[name]) for name in ("values", "examples")})


def _plain(column: PlannedColumn) -> PlannedColumn:
    kind = "number" if column.kind == "date" else column.kind
    return replace(column, kind=kind, decimal=".", thousands=None, lakhs=False, percent=None, date_order=None)


def read_feature(
    column: PlannedColumn, values: Sequence[str] = (), usual: tuple[float, float] | None = None
) -> Column:
    """Return how a feature is read: blanks are legal, and unknown values are counted where some are known."""
    low, high = usual or (None, None)
    if column.kind == "date":
        return Column(
            column.name,
            "age",
            blank_allowed=True,
            date_order=column.date_order,
            usual_minimum=low,
            usual_maximum=high,
        )
    if column.kind == "number":
        return Column(
            column.name,
            "number",
            blank_allowed=True,
            decimal=column.decimal,
            thousands=column.thousands,
            lakhs=column.lakhs,
            percent=column.percent,
            usual_minimum=low,
            usual_maximum=high,
        )
    pairs = _all_spellings(*column.values, *column.values) if column.kind == "yes/no" else {}
    return Column(
        column.name, "category", blank_allowed=True, categories=tuple(values), spellings=tuple(pairs.items())
    )


def spelling(text: str) -> str:
    """Return the form in which spellings are compared."""
    return text.strip().casefold().removesuffix(".0")


def _all_spellings(no: str, yes: str, means_no: str, means_yes: str) -> dict[str, str]:
    """Return what every word for yes and no means, where `no` and `yes` are such words."""
    says = yes_or_no(no), yes_or_no(yes)
    if None in says or says[0] == says[1]:
        return {spelling(no): means_no, spelling(yes): means_yes}
    positive, negative = (means_yes, means_no) if says[1] else (means_no, means_yes)
    return dict.fromkeys(sorted(YES), positive) | dict.fromkeys(sorted(NO), negative)


def freeze(inferred: Inferred, choices: Choices) -> SnapshotPlan:
    """Check what was chosen and decide once how the table is read.

    Raises
    ------
    TableError
        ``needs_mapping`` where something is still to be said, ``wrong_mapping`` where it cannot be,
        ``ambiguous_dates`` and ``ambiguous_numbers``.
    """
    _check_names(inferred, choices)
    values = _outcome_values(inferred, choices)
    planned = tuple(_planned(column, choices) for column in inferred.columns)
    stayed = tuple(value for value in values if value != choices.left_value)
    shown_as = (stayed[0] if len(stayed) == 1 else STAYED, choices.left_value)
    planned = tuple(replace(c, values=shown_as) if c.role == "outcome" else c for c in planned)
    plan = SnapshotPlan(planned, choices.left_value, stayed)
    if not plan.features:
        raise TableError(
            "wrong_mapping", "Every column is left out, so there is nothing to learn from. Keep some of them."
        )
    return plan


def _check_names(inferred: Inferred, choices: Choices) -> None:
    known = {column.name for column in inferred.columns}
    named = {*choices.kinds, *choices.left_out, *choices.date_orders, *choices.decimals}
    named |= {name for name in (choices.outcome, choices.id_column) if name}
    if unknown := sorted(named - known):
        header = [column.name for column in inferred.columns]
        raise no_such_column(unknown[0], header, missing=unknown)
    if choices.outcome is None:
        said = named_in_vain(inferred.columns, inferred.outcomes)
        raise TableError("needs_mapping", f"Say which column tells who left. {said}".strip())
    for name, what in ((choices.outcome, "tell who left"), (choices.id_column, "name the customers")):
        if name and inferred.column(name).nameless:
            raise _wrong(
                name, f"the header does not tell it from another column, so it cannot {what}. Name it"
            )
    if choices.outcome == choices.id_column:
        raise _wrong(
            choices.outcome, "it cannot both name the customers and tell who left. Choose another one"
        )


def _wrong(name: str, reason: str) -> TableError:
    return TableError("wrong_mapping", f"Column {shown(name)}: {reason}.", column=name, columns=[name])


def _outcome_values(inferred: Inferred, choices: Choices) -> tuple[str, ...]:
    name = choices.outcome
    values = next((dict(c.values) for c in inferred.outcomes if c.column == name), None)
    if values is None:
        raise _wrong(name, why_no_outcome(inferred.column(name)))
    if choices.left_value is None:
        listed = ", ".join(map(shown, list(values)[:5]))
        raise TableError(
            "needs_mapping",
            f"Column {shown(name)}: say which of its values means that somebody left ({listed}).",
            column=name,
        )
    if choices.left_value not in values:
        raise _wrong(name, f"no row says {shown(choices.left_value)}. Choose one of its values")
    return tuple(values)


def _planned(column: InferredColumn, choices: Choices) -> PlannedColumn:
    role = _role(column, choices)
    kind = choices.kinds.get(column.name, column.kind)
    if role == "feature":
        _check_kind(column, kind)
    written = column.written
    order = decimal = None
    if role == "feature" and kind == "date":
        order = _date_order(column, choices.date_orders.get(column.name))
    if role == "feature" and kind == "number":
        decimal = _decimal(column, choices.decimals.get(column.name))
    changed = decimal is not None and decimal != written["decimal"]
    return PlannedColumn(
        name=column.name,
        label=column.label,
        role=role,
        kind=kind,
        decimal=decimal or written["decimal"],
        # What stands between thousands is the other sign, where a person turned the signs round.
        thousands=written["decimal"] if changed else written["thousands"],
        lakhs=written["lakhs"] and not changed,
        percent=written.get("percent"),
        date_order=order,
        values=column.sides if kind == "yes/no" and column.sides else (),
        examples=tuple(text for text, _ in column.examples[:EXAMPLE_ROWS]),
    )


def _role(column: InferredColumn, choices: Choices) -> str:
    if column.name == choices.id_column:
        return "id"
    if column.name == choices.outcome:
        return "outcome"
    return "left out" if column.nameless or column.name in choices.left_out else "feature"


def _check_kind(column: InferredColumn, kind: str) -> None:
    if kind not in column.possible:
        raise _wrong(column.name, f"it cannot be read as {kind}. Choose one of {', '.join(column.possible)}")
    if kind not in LEARNED:
        raise _wrong(column.name, f"a model cannot learn from it as {kind}. Leave it out, or change its type")


def _date_order(column: InferredColumn, answer: str | None) -> str:
    if not column.written["date_order_ambiguous"]:
        return column.written["date_order"]
    if answer not in DATE_ORDERS:
        raise open_dates(column.name, [text for text, _ in column.examples])
    return answer


def _decimal(column: InferredColumn, answer: str | None) -> str:
    if not column.written["decimal_ambiguous"]:
        return column.written["decimal"]
    if answer not in (".", ","):
        raise open_numbers(column.name, [text for text, _ in column.examples])
    return answer


def template_rows(plan: SnapshotPlan, *, purpose: str) -> list[list[str]]:
    """Return the template of a customer base: its header and two rows of examples.

    Parameters
    ----------
    purpose
        ``train`` has the outcome as well.
    """
    roles = ("id", "feature", "outcome") if purpose == "train" else ("id", "feature")
    columns = [column for column in plan.columns if column.role in roles]
    rows = [[_example(column, row) for column in columns] for row in range(EXAMPLE_ROWS)]
    return [[column.name for column in columns], *rows]


def _example(column: PlannedColumn, row: int) -> str:
    """Return a cell of the template; no customer of the file stands in it with the own id."""
    if column.role == "id":
        return f"C{row + 1:04d}"
    return column.examples[row % len(column.examples)] if column.examples else ""
