"""What a table must look like: its columns, their types, and the rules for learning from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import date

KINDS = ("id", "category", "number", "label", "date", "age")


@dataclass(frozen=True)
class BlankRule:
    """A blank cell means `value`, but only where `when_column` holds the number `when_value`."""

    value: float
    when_column: str
    when_value: float


@dataclass(frozen=True)
class Column:
    """One column of a schema.

    Parameters
    ----------
    name
        Compared with the header without regard to case and surrounding blanks.
    kind
        ``id`` (text, byte for byte), ``category``, ``number``, ``label`` (yes or no), ``date``, or ``age``: a
        date that is read as the days between it and the reference day of the file.
    required
        Whether a file without it is refused.
    minimum, maximum
        What is possible at all: a number outside is refused.
    usual_minimum, usual_maximum
        What was seen before: a number outside is counted and reported, never refused.
    integer
        Only whole numbers.
    categories
        Known values. Others are counted and reported. For a label: how (no, yes) is spelled for the reader of
        the batches.
    blank_means
        When a blank number has a meaning; any other blank number is a mistake.
    latest
        For dates: a later one lies in the future and is a mistake.
    blank_allowed
        A blank number or date is none (null), a blank category is the text of no characters, and both are
        counted as blanks.
    generated
        For ids: the file has none, and each row is called after the row it stands in.
    decimal, thousands, lakhs, percent
        How numbers are written, as in `tabular.values.amounts.NumberFormat`; without `decimal`, only plain
        numbers with a decimal point are read.
    date_order
        For ages: how the dates are written, one of `tabular.values.moments.ORDERS`.
    spellings
        Pairs of what a cell may say (trimmed, case-folded) and the value of `categories` that it means.
    """

    name: str
    kind: str
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    integer: bool = False
    categories: tuple[str, ...] = ()
    blank_means: BlankRule | None = None
    usual_minimum: float | None = None
    usual_maximum: float | None = None
    latest: date | None = None
    blank_allowed: bool = False
    generated: bool = False
    decimal: str | None = None
    thousands: str | None = None
    lakhs: bool = False
    percent: bool | None = None
    date_order: str | None = None
    spellings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {self.kind!r}")
        if self.generated and (self.kind != "id" or self.required):
            raise ValueError("only an id may be generated, and then no file needs to have it")
        if self.kind == "age" and self.date_order is None:
            raise ValueError(f"{self.name} is an age and needs to know how its dates are written")
        object.__setattr__(self, "categories", tuple(self.categories))
        object.__setattr__(self, "spellings", tuple(map(tuple, self.spellings)))

    @property
    def label_values(self) -> tuple[str, str]:
        """How (no, yes) is spelled in the batches."""
        return self.categories if len(self.categories) == 2 else ("No", "Yes")


@dataclass(frozen=True)
class TrainingRules:
    """What a file must have, beyond good rows, before a model may learn from it.

    `minimum_customers` and `minimum_days` only concern logs, where one customer has many rows.
    """

    minimum_rows: int = 30
    minimum_per_class: int = 5
    minimum_customers: int = 10
    minimum_days: int = 60


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table.

    Parameters
    ----------
    name
        For messages and records.
    columns
        At most one of kind ``id``, ``label`` and ``date`` each.
    one_row_per_id
        True for snapshots (one row per customer); False for logs (one row per event).
    needs_mapping
        Whether a missing column can be answered by a mapping: the error is then ``needs_mapping``.
    training
        Rules that only hold for ``purpose="train"``.
    missing_words
        Whether words such as NA and NULL (`tabular.values.missing`) are read as blank.
    finds_twins
        Whether rows that are equal but for id and label are counted.
    one_spelling
        Whether words that no schema lists are one where they differ only in case or surrounding blanks.
    reference
        The day from which the dates of all columns of ages are counted back where the file has no later one.
    """

    name: str
    columns: tuple[Column, ...]
    one_row_per_id: bool = True
    needs_mapping: bool = False
    training: TrainingRules = field(default_factory=TrainingRules)
    missing_words: bool = False
    finds_twins: bool = False
    one_spelling: bool = False
    reference: date | None = None

    def __post_init__(self):
        object.__setattr__(self, "columns", tuple(self.columns))
        names = [column.name.casefold() for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("two columns of a schema have the same name")
        for kind in ("id", "label", "date"):
            if sum(column.kind == kind for column in self.columns) > 1:
                raise ValueError(f"a schema has at most one {kind} column")

    def the(self, kind: str) -> Column | None:
        """Return the only column of a kind, if there is one."""
        return next((column for column in self.columns if column.kind == kind), None)

    @property
    def ages(self) -> tuple[str, ...]:
        """Names of the dates that are read as days before the reference day."""
        return tuple(column.name for column in self.columns if column.kind == "age")

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)

    def to_dict(self) -> dict:
        """Return the schema ready for JSON."""
        out = asdict(self)
        for column in out["columns"]:
            column["latest"] = _in_iso(column["latest"])
        return out | {"reference": _in_iso(self.reference)}

    @classmethod
    def from_dict(cls, found: dict) -> TableSchema:
        """Build a schema again from `to_dict`."""
        return cls(
            **{
                **found,
                "columns": tuple(map(_column, found["columns"])),
                "training": TrainingRules(**found["training"]),
                "reference": _from_iso(found.get("reference")),
            }
        )


def _column(found: dict) -> Column:
    rule = found.get("blank_means")
    meaning = BlankRule(**rule) if rule else None
    kept = {f.name: found[f.name] for f in fields(Column) if f.name in found}
    return Column(**{**kept, "latest": _from_iso(found.get("latest")), "blank_means": meaning})


def _in_iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _from_iso(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
