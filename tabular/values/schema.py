"""What a table must look like: its columns, their types, and the rules for learning from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date

KINDS = ("id", "category", "number", "label", "date")


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
        ``id`` (text, byte for byte), ``category``, ``number``, ``label`` (yes or no) or ``date``.
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

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {self.kind!r}")
        object.__setattr__(self, "categories", tuple(self.categories))

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
    """

    name: str
    columns: tuple[Column, ...]
    one_row_per_id: bool = True
    needs_mapping: bool = False
    training: TrainingRules = field(default_factory=TrainingRules)

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

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)

    def to_dict(self) -> dict:
        """Return the schema ready for JSON."""
        out = asdict(self)
        for column in out["columns"]:
            column["latest"] = column["latest"].isoformat() if column["latest"] else None
        return out

    @classmethod
    def from_dict(cls, found: dict) -> TableSchema:
        """Build a schema again from `to_dict`."""
        columns = []
        for column in found["columns"]:
            rule, latest = column.get("blank_means"), column.get("latest")
            columns.append(
                Column(
                    **{
                        **column,
                        "blank_means": BlankRule(**rule) if rule else None,
                        "latest": date.fromisoformat(latest) if latest else None,
                    }
                )
            )
        return cls(**{**found, "columns": tuple(columns), "training": TrainingRules(**found["training"])})
