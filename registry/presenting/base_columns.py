"""The columns of a customer base: what each is, how blanks are read, and the template of its files."""

import csv
import io
from dataclasses import dataclass, replace

from ml.matrix.schemas import Category, Number
from registry.models import Population
from tabular.snapshots.plan import PlannedColumn, SnapshotPlan, template_rows
from tabular.source.danger import harmless
from tabular.values.moments import SPOKEN

MOST_VALUES = 8
ROLES = {
    "id": "Names the customer",
    "outcome": "Says who left",
    "feature": "A model reads it",
    "unread": "Says too little to be read",
    "left out": "Left out",
}


@dataclass(frozen=True)
class BaseColumn:
    """One column as people read of it."""

    name: str
    label: str
    unit: str
    role: str
    kind: str
    values: tuple[str, ...]
    more_values: int
    blanks: str

    @property
    def role_in_words(self) -> str:
        return ROLES[self.role]

    @property
    def is_renamed(self) -> bool:
        """Whether people call it otherwise than the file; blanks make no other name."""
        return self.label != " ".join(self.name.split())


def columns_of(base: Population) -> list[BaseColumn]:
    """Return the columns of a base of tables, in the order of its files."""
    if base.is_log:
        return []
    schema = base.features
    read = {column.name: column for column in (*schema.categorical, *schema.numeric)}
    return [_column(base, planned, read.get(planned.name)) for planned in _planned(base)]


def _planned(base: Population) -> list[PlannedColumn]:
    """Return the columns as the plan has them; where there is none, as the schema says."""
    if base.reading:
        return list(SnapshotPlan.from_dict(base.reading).columns)
    schema = base.features
    roles = {schema.id_column: "id", schema.label.name: "outcome"}
    kinds = {column.name: "number" for column in schema.numeric} | {schema.id_column: "id"}
    return [
        PlannedColumn(name, name, roles.get(name, "feature"), kinds.get(name, "category"))
        for name in base.columns_of_file(with_outcome=True)
    ]


def _column(base: Population, planned: PlannedColumn, read: Category | Number | None) -> BaseColumn:
    unread = planned.role == "feature" and read is None
    if planned.role == "outcome":
        values = base.features.label.values
    else:
        values = read.values if isinstance(read, Category) else ()
    told = base.words.get(planned.name, {})
    return BaseColumn(
        name=planned.name,
        label=told.get("label") or planned.label,
        unit=told.get("unit", ""),
        role="unread" if unread else planned.role,
        kind=_kind(planned),
        values=tuple(base.value_of(planned.name, value) for value in values[:MOST_VALUES]),
        more_values=max(0, len(values) - MOST_VALUES),
        blanks=_blanks(base, planned, read),
    )


def _kind(planned: PlannedColumn) -> str:
    if planned.kind == "date" and planned.date_order:
        return f"date, written {SPOKEN[planned.date_order]}"
    return planned.kind + (", decimal comma" if planned.decimal == "," else "")


def _blanks(base: Population, planned: PlannedColumn, read: Category | Number | None) -> str:
    """Return what becomes of a blank cell."""
    rules = [rule for rule in base.features.blanks if rule.column == planned.name]
    if rules:
        return f"read as {rules[0].value:g} where {rules[0].when_column} is {rules[0].when_value:g}"
    if not base.reading or planned.role in ("id", "outcome"):
        return "refused"
    if read is None:
        return ""
    tells = read.blank if isinstance(read, Category) else read.indicator
    return "a fact of its own" if tells else "allowed"


# --- The template ----------------------------------------------------------------------------------------


# So that a spreadsheet reads letters beyond English ones right.
BOM = "\ufeff"


def template_csv(base: Population, *, purpose: str) -> bytes:
    """Return what `template_rows_of` gives as a file to fill in; a spreadsheet runs no cell of it."""
    text = io.StringIO()
    rows = template_rows_of(base, purpose=purpose)
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return f"{BOM}{text.getvalue()}".encode()


def template_rows_of(base: Population, *, purpose: str) -> list[list[str]]:
    """Return header and example rows of a file of this base; what no model reads, no file needs.

    Parameters
    ----------
    purpose
        ``train`` has the outcome as well; ``predict`` does not need it.
    """
    if base.reading:
        return template_rows(_what_is_read(base), purpose=purpose)
    names = base.columns_of_file(with_outcome=purpose == "train")
    schema = base.features
    values = {column.name: column.values for column in (*schema.categorical, schema.label)}
    numbers = {column.name: column.minimum for column in schema.numeric}
    rows = [[_example(name, row, values, numbers) for name in names] for row in range(2)]
    return [list(names), *rows]


def _what_is_read(base: Population) -> SnapshotPlan:
    plan, read = SnapshotPlan.from_dict(base.reading), base.features.features
    columns = (c for c in plan.columns if c.role != "feature" or c.name in read)
    return replace(plan, columns=tuple(columns))


def _example(name: str, row: int, values: dict, numbers: dict) -> str:
    if name in values:
        return values[name][row % len(values[name])]
    return f"{numbers[name] + row:g}" if name in numbers else f"C{row + 1:04d}"
